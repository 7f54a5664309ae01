from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import alexnet, network, scenario
from reasons import reasons

from cnnsim.errors import UsageError
from cnnsim.network.walk import sides_that_fit
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.prose import Paragraph
from cnnsim.tui.walk.changed import changed_scenario, look_at_input
from cnnsim.tui.walk.verdict import verdict
from cnnsim.tui.walk.whatif import LayerKey, WhatIf

SIDE: LayerKey = ("input", "side")


def said(paragraphs: list[Paragraph]) -> list[str]:
    return ["".join(text for text, _ in paragraph) for paragraph in paragraphs]


# -- what comes of it ---------------------------------------------------------------------------


def test_224_does_not_fit_and_the_reason_is_told() -> None:
    what = WhatIf(alexnet())
    what.set(SIDE, 224)
    network_now = what.outcome.network
    sides = sides_that_fit(network_now.layers, network_now.input_shape)
    assert said(verdict(what, sides)) == [
        "pool5 puts out 256×5×5 = 6,400 numbers",
        "✗ fc1 expects 9216 features and gets 6400, not 256×6×6",
        "square inputs that fit: 227 to 258",
        "MACs before fc1 962,858,112 was 1,076,634,144",
    ]


def test_a_change_that_fits_tells_its_costs() -> None:
    what = WhatIf(alexnet())
    what.set(("fc2", "units"), 1000)
    assert said(verdict(what, None)) == [
        "✓ all shapes fit; it puts out 1000 was 200",
        "MACs 1,118,478,880 was 1,115,202,080",
        "params 45,597,032 was 42,319,432",
        "square inputs that fit: …",
    ]


def test_no_change_tells_the_sides() -> None:
    assert said(verdict(WhatIf(alexnet()), "227 to 258")) == [
        "nothing is changed",
        "square inputs that fit: 227 to 258",
    ]


def test_why_conv2() -> None:
    why = reasons(WhatIf(alexnet()), "conv2")
    assert why["in"] == ("96×27×27, size 5, stride 1, padding 2", "")
    assert why["side"] == ("⌊(27 + 4 − 5) / 1⌋ + 1", "27")
    assert why["params"] == ("256 · (96·5·5 + 1)", "614,656")
    assert why["MACs"] == ("256·27·27 · 96·5·5", "447,897,600")
    assert why[""] == ("of them on padding zeros", "38,928,384")
    assert why["field"] == ("19 + (5 − 1)·8", "51")
    assert why["jump"] == ("8·1, begins at −16", "8")


@pytest.mark.parametrize(
    ("name", "field", "jump"),
    [
        ("conv1", ("1 + (11 − 1)·1", "11"), ("1·4, begins at 0", "4")),
        ("pool1", ("11 + (3 − 1)·4", "19"), ("4·2, begins at 0", "8")),
        ("relu2", ("51, as before", "51"), ("8·1, begins at −16", "8")),
        ("conv5", ("131 + (3 − 1)·16", "163"), ("16·1, begins at −64", "16")),
        ("pool5", ("163 + (3 − 1)·16", "195"), ("16·2, begins at −64", "32")),
    ],
)
def test_why_fields_grow(name: str, field: tuple[str, str], jump: tuple[str, str]) -> None:
    why = reasons(WhatIf(alexnet()), name)
    assert (why["field"], why["jump"]) == (field, jump)


def test_why_beyond_fields() -> None:
    what = WhatIf(alexnet())
    assert reasons(what, "flat")["field"] == ("its cells see the whole input", "all")
    assert reasons(what, "fc2")["field"] == ("what it reads sees everything", "all")
    assert reasons(what, "input")["numbers"] == ("3 · 227 · 227", "154,587")
    what.set(SIDE, 224)
    assert reasons(what, "fc1")["✗"][0].startswith("expects 9216 features")
    assert reasons(what, "fc2")["✗"][0] == "nothing arrives: fc1 above it does not fit"


def test_why_branches_with_uneven_kernels() -> None:
    conv = {"type": "conv2d", "filters": 2}
    net = network(
        {**conv, "name": "tall", "size": [5, 1], "padding": [2, 0]},
        {**conv, "name": "wide", "size": [1, 3], "padding": [0, 1], "from": "input"},
        {"type": "add", "name": "sum", "from": ["tall", "wide"]},
        {"type": "max_pool2d", "name": "pool", "size": 2},
        shape=(1, 8, 8),
    )
    why = reasons(WhatIf(net), "sum")
    assert why["in"][0] == "2×8×8 and 2×8×8"
    assert why["field"] == ("all that its inputs see", "5×3")
    pool = reasons(WhatIf(net), "pool")
    assert pool["field down"] == ("5 + (2 − 1)·1", "6")
    assert pool["field across"] == ("3 + (2 − 1)·1", "4")


# -- stepping inside the changed network --------------------------------------------------------

SMALL = """
title = "small"
[input]
ramp = [1, 5, 5]
[[layers]]
type = "conv2d"
name = "c"
kernel = [[1, 2], [-1, 0]]
[[tour]]
at = "c.forward[0,0,3,3]"
"""


def test_the_changed_scenario_has_the_changed_network() -> None:
    given = scenario(SMALL)
    what = WhatIf(given.network)
    what.set(SIDE, 3)
    what.set(("c", "padding"), "full")
    changed = changed_scenario(given, what)
    assert (changed.name, changed.path, changed.tour) == (f"{given.name}*", None, ())
    stepper = Stepper(changed)
    assert stepper.values["input"].tolist() == [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]
    assert stepper.values["c.y"].shape == (1, 1, 4, 4)
    # The picture of the walk shows what will be read.
    looked = look_at_input(given, what, Stepper(given).values["input"][0])
    np.testing.assert_array_equal(looked, stepper.values["input"][0])


def test_a_resized_picture_is_read_from_anywhere(monkeypatch: Any, tmp_path: Any) -> None:
    given = read_scenario("simplecnn")
    what = WhatIf(given.network)
    what.set(("conv1", "filters"), 16)
    changed = changed_scenario(given, what)
    monkeypatch.chdir(tmp_path)
    assert changed.leaves()["input"].shape == (1, 3, 32, 32)
    what.reset()
    what.set(SIDE, 39)
    assert changed_scenario(given, what).leaves()["input"].shape == (1, 3, 39, 39)
    what.set(("input", "channels"), 1)
    assert changed_scenario(given, what).leaves()["input"].shape == (1, 1, 39, 39)
    what.set(("input", "channels"), 5)
    assert changed_scenario(given, what).model.input.random == (5, 39, 39)


def test_what_does_not_fit_is_not_opened() -> None:
    given = scenario(SMALL)
    what = WhatIf(given.network)
    what.set(SIDE, 1)
    with pytest.raises(UsageError, match="does not fit"):
        changed_scenario(given, what)
    what.set(SIDE, 1 << 17)
    with pytest.raises(UsageError, match="GB of memory"):
        changed_scenario(given, what)
