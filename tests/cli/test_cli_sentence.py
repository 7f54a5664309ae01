"""A step in one line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cnnsim.cli.sentence import sentence, short
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((8.0, "8"), (-0.0, "0"), (1 / 3, "0.333333"), (1.5e-7, "1.5e-07"), (None, "")),
        *((math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "NaN"), (1e300, "1e+300")),
    ],
)
def test_short(value: float | None, text: str) -> None:
    assert short(value) == text


def said(stepper: Stepper, address: str) -> str:
    step = stepper.find(address)
    return sentence(stepper.sweep(step), stepper.read(step))


def test_products(toy: Path) -> None:
    stepper = Stepper(read_scenario(str(toy)))
    assert said(stepper, "mac 3") == "3·0 = 0   8 + 0 → 8"
    assert said(stepper, "mac 2") == "5·(-1) = -5   13 + (-5) → 8"
    padded = Stepper(read_scenario(str(toy), ["tour=[]", "layers.conv1.padding=1"]))
    assert said(padded, "mac 0") == "0·1 = 0   0 + 0 → 0   (padding)"


def test_other_terms(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(
        'title = "x"\n[input]\nvalues = [[1, -2], [3, -4]]\n'
        '[[layers]]\ntype = "max_pool2d"\nname = "max"\nsize = 2\npadding = 1\n'
        '[[layers]]\ntype = "relu"\nname = "relu"\nfrom = "input"\n'
        '[[layers]]\ntype = "leaky_relu"\nname = "leaky"\nfrom = "input"\n'
        '[[layers]]\ntype = "tanh"\nname = "tanh"\nfrom = "input"\n'
        '[[layers]]\ntype = "avg_pool2d"\nname = "mean"\nsize = 2\nfrom = "input"\n'
        '[[layers]]\ntype = "add"\nname = "add"\nfrom = ["input", "relu"]\n'
    )
    stepper = Stepper(read_scenario(str(file)))
    assert said(stepper, "max[0,0,0,0]") == "1   max(-∞, 1) → 1"
    assert said(stepper, "max[0,0,0,0] tap[0,0]") == "-∞   max(-∞, -∞) → -∞   (padding)"
    winner = said(stepper, "max.winner[0,0,0,0]")
    assert " if 1 == 1 else " in winner
    assert winner.endswith(" → 0   min(∞, 0) → 0")
    assert said(stepper, "max.winner[0,0,0,0] tap[0,0]") == "no product   ∞ → ∞   (hole)"
    assert said(stepper, "relu[0,0,0,1]") == "max(0, -2) = 0"
    assert said(stepper, "leaky[0,0,1,1]") == "(-4) if (-4) > 0 else 0.01·(-4) → -0.04"
    assert said(stepper, "tanh[0,0,0,1]") == "tanh(-2) = -0.964028"
    assert said(stepper, "mean[0,0,0,0]").startswith("-4   2 + (-4) → -2   -2 / ")
    assert said(stepper, "mean[0,0,0,0]").endswith(" = -0.5")
    assert said(stepper, "add[0,0,1,1]") == "(-4) + 0 = -4"
