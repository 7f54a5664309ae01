"""The table of a step's fields."""

from __future__ import annotations

from cnnsim.steps.fields import FIELDS, step_fields


def test_the_table_names_every_field_that_is_printed() -> None:
    reads = [{"tensor": "input", "index": [0], "value": 2.0}]
    fields = step_fields(
        "toy", 0, None, "a.forward[0]", "a", "forward", [0], [], reads, False,
        2.0, None, 1.0, 2.0, False, None,
    )  # fmt: skip
    assert {*fields} == {"kind", *FIELDS}
