"""The report on a GPU ends with all that was measured, whatever fails on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cnnsim.kernels.lanes.chain import Refused
from tests.benchmarks.cuda import __main__ as report
from tests.benchmarks.cuda.cases import Case, measured
from tests.benchmarks.cuda.row import FAILED, WRONG, Row, failures


def test_a_case_that_fails_is_told_and_the_others_go_on() -> None:
    def breaks() -> Iterator[Row]:
        yield Row("p", "half", "1 s")
        raise MemoryError("\nno memory\nfor this")

    def slow() -> Iterator[Row]:
        time.sleep(0.2)
        yield Row("p", "slow", "0", "1", WRONG)

    def refused() -> Iterator[Row]:
        raise Refused("not on this card")
        yield

    cases = [
        Case("none", refused), Case("one", breaks), Case("two", slow), Case("three", breaks),
        Case("four", breaks, needs=1.0),
    ]  # fmt: skip
    rows = list(measured("p", 0.1, cases))
    assert [(row.what, row.verdict) for row in rows] == [
        ("none", ""), ("half", ""), ("one", FAILED), ("slow", WRONG), ("three", FAILED),
        ("four", ""),
    ]  # fmt: skip
    assert (rows[0].found, rows[0].note) == ("not run", "not on this card")
    assert rows[2].note == "MemoryError: no memory"
    assert rows[5].note == "too little was left of 0 s"
    assert failures(rows).splitlines()[0] == "Of 6 measurements failed, or are wrong, 3:"
    assert failures(rows).splitlines()[3] == "  p, three: not run, too little was left of 0 s"
    assert failures(rows[:1]) == "Nothing failed."


@pytest.mark.parametrize(
    ("script", "found", "note"),
    [
        ('echo \'{"part": "p", "what": "w", "found": "1"}\'', "1", ""),
        ("echo oh no; exit 3", "did not end well", "oh no"),
        # What it started holds on to what it writes to.
        ("sleep 60 & sleep 60", "did not end well", "after 1 s"),
    ],
)
def test_a_part_ends_in_time(
    script: str, found: str, note: str, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    program = tmp_path_factory.mktemp("bin") / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(report.sys, "executable", str(program))
    rows = report.run("ceilings", 1.0)
    assert [(row.found, row.note) for row in rows] == [(found, note)]
