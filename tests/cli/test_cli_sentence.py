"""A step in one line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cnnsim.cli.sentence import sentence, short
from cnnsim.scenario.reader import parse_scenario, read_scenario
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


#: An output of 0, one of 1, both wanted 0, and one between.
SATURATED = """
title = "saturated"
[input]
values = [0.0, 1.0, 0.123456]
[[layers]]
type = "relu"
name = "same"
[loss]
type = "binary_cross_entropy"
target = [0, 0, 1]
"""


def test_what_a_logarithm_and_a_slope_stop_at_is_said() -> None:
    """As PyTorch has them: 100 for a logarithm of 0, 10¹² for a slope by 0."""
    stepper = Stepper(parse_scenario("saturated", SATURATED))
    terms = [said(stepper, f"loss.forward[] tap[0,{place}]").split("   ")[0] for place in range(3)]
    assert terms == [
        "0·min(−log(0), 100) + (1 − 0)·min(−log(1 − 0), 100) = 0",
        "0·min(−log(1), 100) + (1 − 0)·min(−log(1 − 1), 100) = 100",
        "1·min(−log(0.123456), 100) + (1 − 1)·min(−log(1 − 0.123456), 100) = 2.09187",
    ]
    slopes = [said(stepper, f"loss.input_grad[0,{place}]") for place in range(3)]
    assert slopes == [
        "(0 − 0) / max(0·(1 − 0), 1e-12) / 3 = 0",
        "(1 − 0) / max(1·(1 − 1), 1e-12) / 3 = 3.33333e+11",
        "(0.123456 − 1) / max(0.123456·(1 − 0.123456), 1e-12) / 3 = -2.70002",
    ]
    assert all(len(line) <= 80 for line in (*terms, *slopes))
