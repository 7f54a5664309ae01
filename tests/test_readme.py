"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from cnnsim.cli.app import COMMANDS
from cnnsim.network.layer import Layer, kinds
from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.gradcheck import check_gradients, with_gradient
from cnnsim.stepper.replay import visit
from cnnsim.stepper.stepper import Stepper

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
