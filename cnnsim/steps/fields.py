"""The fields of a step: what JSON and CSV print of it, and what a tour may expect."""

from __future__ import annotations

from typing import Any, Literal

Holds = Literal["name", "whole", "text", "index", "reads", "number", "flag"]

#: What each field holds, in the order of CSV's columns.
FIELDS: dict[str, Holds] = {
    "scenario": "name",
    "step": "whole",
    "mac": "whole",
    "address": "text",
    "layer": "text",
    "sweep": "text",
    "cell": "index",
    "tap": "index",
    "reads": "reads",
    "left": "number",
    "right": "number",
    "product": "number",
    "term": "number",
    "before": "number",
    "after": "number",
    "total": "number",
    "outside": "flag",
    "why": "text",
}


def step_fields(
    scenario: str,
    step: int,
    mac: int | None,
    address: str,
    layer: str,
    sweep: str,
    cell: list[int],
    tap: list[int],
    reads: list[dict[str, Any]],
    is_product: bool,
    term: float | None,
    before: float | None,
    after: float,
    total: float | None,
    outside: bool,
    why: str | None,
) -> dict[str, Any]:
    """The JSON object of a step. `total` stands only where a finish changes it.

    A read is ``{"tensor", "index", "value"}``; `left` and `right` are the first two values.
    """
    fields: dict[str, Any] = {
        "kind": "step",
        "scenario": scenario,
        "step": step,
        "mac": mac,
        "address": address,
        "layer": layer,
        "sweep": sweep,
        "cell": cell,
        "tap": tap,
        "reads": reads,
        "left": reads[0]["value"] if reads else None,
        "right": reads[1]["value"] if len(reads) > 1 else None,
        "product": term if is_product else None,
        "term": term,
        "before": before,
        "after": after,
        "outside": outside,
        "why": why,
    }
    if total is not None:
        fields["total"] = total
    return fields
