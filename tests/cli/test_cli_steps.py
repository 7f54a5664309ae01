"""replay --steps: every step, with the fields of a reading."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from running import TOY, Run, write

from cnnsim.cli.output import to_json
from cnnsim.cli.rows import step_blocks
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import LARGER


@pytest.fixture
def stepper(kinds: Path) -> Stepper:
    return Stepper(read_scenario(str(kinds)))


def test_rows_are_readings(stepper: Stepper) -> None:
    step = 0
    for sweep, rows in step_blocks(stepper, 0, len(stepper.trace) - 1):
        for row in rows:
            reading = stepper.read(step)
            # As text, for -0.0 == 0.0 and nan != nan.
            assert to_json(row) == to_json(reading.as_dict("kinds"))
            assert row["layer"] == sweep.layer
            step += 1
    assert step == len(stepper.trace)
    assert {"padding", "hole", None} == {
        stepper.read(step).why for step in range(len(stepper.trace))
    }


@pytest.mark.parametrize("block", [1, 7, 100])
def test_ranges_of_any_bounds(
    stepper: Stepper, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("cnnsim.cli.rows.BLOCK", block)
    ends = stepper.trace.ends
    for first, last in ((0, 0), (5, 23), (ends[0] - 2, ends[0] + 3), (ends[3] - 40, ends[5])):
        rows = [row for _, rows in step_blocks(stepper, first, last) for row in rows]
        assert [row["step"] for row in rows] == list(range(first, last + 1))
        readings = [stepper.read(step).as_dict("kinds") for step in range(first, last + 1)]
        assert [to_json(row) for row in rows] == [to_json(reading) for reading in readings]


def test_json(run: Run, toy: Path) -> None:
    stepper = Stepper(read_scenario(str(toy)))
    wanted = [stepper.read(step).as_dict("toy") for step in range(16)]
    assert run("replay", toy, "--steps", "--json").objects == wanted


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (["--from", "mac 4", "--to", "step 6"], range(4, 7)),
        (["--from", "conv1[0,0,0,1] tap[0,0,0]", "--to", "conv1[0,0,0,1]"], range(4, 8)),
        (["--from", "50%"], range(8, 16)),
        (["--to", "conv1"], range(16)),  # a layer's end is its last step
        (["--from", "last"], range(15, 16)),
    ],
)
def test_bounds(run: Run, toy: Path, options: list[str], steps: range) -> None:
    result = run("replay", toy, "--steps", "--json", *options)
    assert [row["step"] for row in result.objects] == list(steps)


def test_csv(run: Run, kinds: Path, stepper: Stepper) -> None:
    address = ["--from", "largest.winner", "--to", "mean.forward"]
    result = run("replay", kinds, "--steps", "--csv", *address)
    rows = list(csv.DictReader(io.StringIO(result.out)))
    first = stepper.find("largest.winner")
    assert [int(row["step"]) for row in rows] == list(range(first, first + len(rows)))

    def text(value: Any) -> str:
        return "" if value is None else to_json(value).strip('"')

    for row in rows:
        fields = stepper.read(int(row["step"])).as_dict("kinds")
        for name in (*("left", "right", "product", "term", "before", "after"), "outside", "why"):
            assert row[name] == text(fields[name])
        assert row["total"] == text(fields.get("total"))
        assert row["address"] == fields["address"]
        assert row["cell"] == to_json(fields["cell"]).replace(" ", "")
        assert row["reads"].split() == [
            f"{r['tensor']}{to_json(r['index']).replace(' ', '')}={text(r['value'])}"
            for r in fields["reads"]
            if r["index"] is not None
        ]


def test_for_people(run: Run, toy: Path) -> None:
    result = run("replay", toy, "--steps", "--set", "layers.conv1.padding=[1,0,0,0]", "--to", "3")
    assert result.out.splitlines() == [
        "step  mac  address                            term         result",
        "   0    0  conv1.forward[0,0,0,0] tap[0,0,0]  0·1 = 0      0 + 0 → 0      padding",
        "   1    1  conv1.forward[0,0,0,0] tap[0,0,1]  0·2 = 0      0 + 0 → 0      padding",
        "   2    2  conv1.forward[0,0,0,0] tap[0,1,0]  1·(-1) = -1  0 + (-1) → -1",
        "   3    3  conv1.forward[0,0,0,0] tap[0,1,1]  6·0 = 0      -1 + 0 → -1",
    ]


def test_folds_finishes_and_holes_for_people(run: Run) -> None:
    lines = run("replay", "pooling", "--steps").out.splitlines()
    assert any("max(1, 3) → 3" in line for line in lines)
    assert any("no product" in line and line.endswith("hole") for line in lines)
    assert any("9 + 5 → 14   14 / " in line and line.endswith(" = 3.5") for line in lines)


def test_the_wrong_way_round(run: Run, toy: Path) -> None:
    result = run("replay", toy, "--steps", "--from", "5", "--to", "3")
    assert result.code == 2
    assert "--from is step 5 and --to is step 3" in result.err


def test_more_than_a_million_needs_all(run: Run, tmp_path: Path) -> None:
    text = TOY.split("[input]")[0] + (
        '[input]\nzeros = [1, 400, 700]\n[[layers]]\ntype = "conv2d"\nname = "conv1"\n'
        "kernel = [[1, 2], [-1, 0]]\n"
    )
    large = write(tmp_path / "large.toml", text)
    result = run("replay", large, "--steps")
    assert result.code == 2
    assert not result.out
    assert "1,115,604 steps of large; more than 1,000,000 are not printed" in result.err
    assert "--from and --to, or add --all" in result.err
    assert len(run("replay", large, "--steps", "--from", "last", "--json").objects) == 1
    # With --all they begin to come at once; nobody waits for the last one here.
    from cnnsim.cli.steps import MOST

    assert MOST == 1_000_000


def test_an_override_that_the_tour_does_not_survive(run: Run, toy: Path) -> None:
    change = ["--set", "layers.conv1.padding=1"]
    assert run("replay", toy, *change).code == 2
    assert run("replay", toy, "--steps", *change).code == 0


def test_the_largest_network_at_once(run: Run) -> None:
    rows = run(
        "replay", "alexnet_2012", "--steps", "--to", "mac 9", "--set", "layers.conv1.filters=96",
        "--json",
    ).objects  # fmt: skip
    assert [row["mac"] for row in rows] == list(range(10))


def test_steps_are_found_by_what_happens_in_them(run: Run) -> None:
    result = run("replay", "pooling", "--find", "winner changes", "--json")
    assert result.code == 0
    rows = list(map(json.loads, result.out.splitlines()))
    opened = Stepper(read_scenario("pooling"))
    everything = [opened.read(step) for step in range(len(opened.trace))]
    wanted = [
        reading.step
        for reading in everything
        if reading.sweep == "forward"
        and opened.sweep(reading.step).fold is LARGER
        and reading.before is not None
        and -math.inf < reading.before < reading.after
    ]
    assert [row["step"] for row in rows] == wanted
    assert rows[0] == {**everything[wanted[0]].as_dict("pooling")}


def test_columns_hold_through_all_sweeps(run: Run) -> None:
    head, *lines = run("replay", "backprop_toy", "--steps").out.splitlines()
    term = head.index("term")
    for line in lines:
        assert line[term - 2 : term] == "  "
        assert line[term] != " "


def test_a_search_can_be_bounded_and_can_find_nothing(run: Run) -> None:
    result = run("replay", "toy_2x2", "--find", "cell", "--from", "step 4", "--to", "step 11")
    assert [line.split()[0] for line in result.out.splitlines()] == ["step", "7", "11"]
    none = run("replay", "toy_2x2", "--find", "nan")
    assert (none.code, none.out, none.err) == (0, "", "no nan in these steps\n")
    # The first sum is 1 on its way to 8, and no cell ends with 1.
    none = run("replay", "toy_2x2", "--find", "= 1")
    assert (none.code, none.out, none.err) == (0, "", "no finished value = 1 in these steps\n")
    wrong = run("replay", "toy_2x2", "--find", "foo")
    assert wrong.code == 2
    assert "relu closes" in wrong.err
