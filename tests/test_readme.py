"""What the README shows works as it stands there."""

from __future__ import annotations

import inspect
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from running import strict, write

from cnnsim.cli import main
from cnnsim.cli.app import COMMANDS
from cnnsim.kernels import measure
from cnnsim.network.layer import Layer, kinds
from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.gradcheck import check_gradients, with_gradient
from cnnsim.stepper.replay import visit
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.actions import ACTIONS

README = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_scenario_file_replays() -> None:
    stepper = Stepper(parse_scenario("readme", blocks("toml")[0]))
    assert stepper.scenario.tour
    assert all(visit(stepper, n, stop).ok for n, stop in enumerate(stepper.scenario.tour))


def test_the_kind_of_layer_is_all_there_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layer, "family", dict(kinds()))
    module = types.ModuleType("readme_clip")
    monkeypatch.setitem(sys.modules, "readme_clip", module)
    exec(compile(blocks("python")[0], "README.md", "exec"), module.__dict__)
    text = """
title = "clip"
[input]
values = [[-1.5, 2], [7, 5.5]]
[[layers]]
type = "clip"
name = "clip1"
"""
    scenario = parse_scenario("readme", text)
    assert Stepper(scenario).values["clip1.y"].tolist() == [[[[0, 2], [6, 5.5]]]]
    checks = list(check_gradients(with_gradient(scenario)[0]))
    assert checks
    assert all(check.ok for check in checks)


def test_every_command_has_its_row_in_the_table() -> None:
    table = README[README.index("## Commands") : README.index("### JSON")]
    rows = set(re.findall(r"^\| `([a-z]+)[` ]", table, re.MULTILINE))
    assert rows - {"cnnsim"} == set(COMMANDS)


def screens_of(key: str) -> set[str]:
    """The screens on which a key of the tables does something."""
    name = {"?": "question_mark", "esc": "escape"}.get(key, key.lower() if key[1:] else key)
    return {
        screen for action in ACTIONS for screen in action.screens if name in action.keys.split(",")
    }


def test_the_keys_work_on_the_screens_that_the_table_names() -> None:
    names = {
        "home": "home",
        "stepper": "forward",
        "shape walk": "walk",
        "training": "train",
        "pad": "draw",
    }
    table = README[README.index("| **everywhere**") : README.index("| home | | shape walk")]
    everywhere, several = table.split("| **on several screens** | |")
    keys = [key for row in everywhere.splitlines() for key in re.findall("`(.+?)`", row)]
    assert {"?", "esc", "tab", "s", "T"} <= set(keys)
    for key in keys:
        assert screens_of(key) == set(names.values()), key
    rows = re.findall(r"^\| `(.)` \| (.+?): ", several, re.MULTILINE)
    assert [key for key, _ in rows] == ["t", "d", "m"]
    for key, told in rows:
        assert screens_of(key) == {names[name] for name in told.split(", ")}, key


def printed(capsys: pytest.CaptureFixture[str], *words: str | Path) -> list[dict[str, Any]]:
    """The objects that a command prints."""
    capsys.readouterr()
    main([*map(str, words), "--json"])
    return [strict(line) for line in capsys.readouterr().out.splitlines()]


def test_every_json_object_is_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kinds and fields of whatever the commands print, and no kinds that none of them prints."""
    monkeypatch.setattr(measure, "_SECONDS", 0.0)
    Image.new("L", (8, 8)).save(tmp_path / "black.png")
    bad = write(tmp_path / "bad.toml", "title = 3")
    run, diverged = tmp_path / "digits_cnn-0", tmp_path / "diverged"
    train = ["train", "digits_cnn", "--device", "cpu", "--epochs", "1", "--out"]
    commands: list[list[str | Path]] = [
        ["list"], ["replay", "toy_2x2"], ["replay", "toy_2x2", "--steps"],
        ["gradcheck", "backprop_toy", "--entries", "5"], ["values", "toy_2x2"],
        ["shapes", "toy_2x2"], ["validate", bad], ["paths"], ["bench", "--threads", "1"],
        [*train, tmp_path, "--seeds", "0..1"], [*train, diverged, "--set", "training.rate=1e30"],
        ["evaluate", run], ["predict", run, tmp_path / "black.png"],
        ["replay", run, "--steps", "--from", "0:fc2.bias_grad", "--to", "0:fc2.bias_grad"],
    ]  # fmt: skip
    assert {words[0] for words in commands} == {
        name
        for name, entry in COMMANDS.items()
        if "json" in inspect.signature(entry.command).parameters
    }
    table = README[README.index("### JSON") : README.index("`reads` are")]
    rows = re.findall(r"^\| (`.*?) \| (`.*?) \| (.*) \|$", table, re.MULTILINE)
    fields = {
        kind: {"kind", *re.findall(r"\w+", names)}
        for kinds, _, names in rows
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    seen = set()
    for words in commands:
        objects = printed(capsys, *words)
        assert objects, words
        for found in objects:
            seen.add(found["kind"])
            assert found.keys() <= fields[found["kind"]], (words, found)
    assert seen == fields.keys()
