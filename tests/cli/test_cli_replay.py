"""replay: tours visited and checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import TOY, Run, write

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper


def test_for_people(run: Run, toy: Path) -> None:
    result = run("replay", toy)
    assert result.code == 0
    assert result.out.splitlines() == [
        "toy   Toy",
        "",
        "1/2   conv1.forward[0,0,0,0] tap[0,1,1]   step 3   mac 3",
        "    The last product is **3·0**.",
        "",
        "    3·0 = 0   8 + 0 → 8",
        "    ✓ after = 8",
        "    ✓ product = 0",
        "    ✓ conv1.y as expected",
        "",
        "2/2   conv1.forward[0,0,0,0] tap[0,1,0]   step 2   mac 2",
        "    5·(-1) = -5   13 + (-5) → 8",
        "    ✓ term = -5",
        "",
        "2 stops, 4 checks, all as expected",
    ]


def test_json(run: Run, toy: Path) -> None:
    result = run("replay", toy, "--json")
    first, second, summary = result.objects
    stepper = Stepper(read_scenario(str(toy)))
    assert first == {
        "kind": "stop",
        "scenario": "toy",
        "address": "conv1.forward[0,0,0,0] tap[0,1,1]",
        "say": "The last product is **3·0**.",
        "ask": None,
        "reading": stepper.read(3).as_dict("toy"),
        "checks": [
            {"what": "after", "expected": 8, "found": 8.0, "ok": True},
            {"what": "product", "expected": 0, "found": 0.0, "ok": True},
            {
                "what": "conv1.y",
                "expected": [[8, 7], [4, 5]],
                "found": [[8, 7], [4, 5]],
                "ok": True,
            },
        ],
        "ok": True,
    }
    assert second["reading"]["left"] == 5
    counts = {"scenarios": 1, "stops": 2, "checks": 4, "failed": 0}
    assert summary == {"kind": "summary", **counts}


def test_a_failing_check(run: Run, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.toml", TOY.replace("after = 8", "after = 9").replace("7]", "1]"))
    result = run("replay", bad)
    assert result.code == 1
    assert "✗ after: expected 9, found 8" in result.out
    assert "✗ conv1.y[0,0,0,1]: expected 1, found 7" in result.out
    assert result.out.endswith("2 stops, 4 checks, 2 failed\n")
    assert run("replay", bad, "--json").objects[-1]["failed"] == 2


def test_the_others_still_run(run: Run, toy: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.toml", TOY.replace("after = 8", "after = 9"))
    broken = write(tmp_path / "broken.toml", TOY.replace("kernel", "kernle"))
    result = run("replay", broken, "nothing", bad, toy)
    assert result.code == 2
    assert f"error: {broken}:" in result.err
    assert "unknown key, did you mean 'kernel'?" in result.err
    assert "no scenario or file 'nothing'" in result.err
    assert "toy   Toy" in result.out
    assert result.out.endswith("2 scenarios, 4 stops, 8 checks, 1 failed\n")


def test_no_tour(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "plain.toml", TOY.split("[[tour]]")[0])
    result = run("replay", file)
    assert result.code == 0
    assert result.out == "plain   Toy   (no tour)\n\n0 stops, 0 checks, nothing to check\n"


def test_set(run: Run, toy: Path) -> None:
    result = run("replay", toy, "--set", "layers.conv1.kernel=[[0,0],[0,0]]", "--set", "seed=3")
    assert result.code == 1
    assert "expected 8, found 0" in result.out


def test_infinities_are_words(run: Run, tmp_path: Path) -> None:
    text = TOY.replace("[1, 6, 2]", "[inf, nan, -inf]").split("[[tour]]")[0]
    text += '[[tour]]\nat = "step 1"\nexpect = { left = nan, before = inf }\n'
    result = run("replay", write(tmp_path / "wild.toml", text), "--json")
    stop, summary = result.objects
    assert (stop["reading"]["left"], stop["reading"]["before"]) == ("NaN", "Infinity")
    assert [check["found"] for check in stop["checks"]] == ["NaN", "Infinity"]
    assert summary["failed"] == 0


@pytest.mark.parametrize("options", [["--from", "1"], ["--to", "1"], ["--all"], ["--csv"]])
def test_options_of_steps_need_it(run: Run, toy: Path, options: list[str]) -> None:
    result = run("replay", toy, *options)
    assert result.code == 2
    assert f"{options[0]} goes with --steps" in result.err


def test_the_bundled_lessons_hold(run: Run) -> None:
    assert run("replay", "toy_2x2", "sobel", "conv_layer").code == 0
