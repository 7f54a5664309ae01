from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from strategies import alexnet, network, scenario

from cnnsim.errors import CnnsimError, UsageError
from cnnsim.network.graph import connect
from cnnsim.network.layer import Layer
from cnnsim.network.walk import sides_that_fit
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.prose import Paragraph
from cnnsim.tui.walk.changed import changed_scenario, look_at_input
from cnnsim.tui.walk.knobs import neighbour, shown
from cnnsim.tui.walk.verdict import verdict
from cnnsim.tui.walk.whatif import LayerKey, WhatIf
from cnnsim.tui.walk.why import why_lines

SIDE: LayerKey = ("input", "side")


def said(paragraphs: list[Paragraph]) -> list[str]:
    return ["".join(text for text, _ in paragraph) for paragraph in paragraphs]


def reasons(what: WhatIf, name: str) -> dict[str, tuple[str, str]]:
    return {line.label: (line.formula, line.result) for line in why_lines(what.outcome, name)}


# -- changes ----------------------------------------------------------------------------------


def test_nothing_is_changed_at_first() -> None:
    what = WhatIf(alexnet())
    assert not what.is_changed
    assert what.outcome is what.original
    assert [knob.text for knob in what.knobs("conv1")] == [
        "227",
        "3",
        "96",
        "11",
        "4",
        "valid",
        "1",
    ]
    assert [knob.key for knob in what.knobs("fc1")] == ["side", "channels", "units"]
    assert [knob.key for knob in what.knobs("relu1")] == ["side", "channels"]


def test_a_change_leaves_the_network_alone() -> None:
    net = alexnet()
    what = WhatIf(net)
    what.set(SIDE, 300)
    what.step(("conv1", "stride"), 1)
    assert net.input_shape == (3, 227, 227)
    assert shown(what.value(("conv1", "stride"))) == "5"
    assert what.outcome.network.input_shape == (3, 300, 300)
    (stride,) = (knob for knob in what.knobs("conv1") if knob.key == "stride")
    assert (stride.text, stride.was) == ("5", "4")
    assert what.outcome.shape("conv1") == (96, 58, 58)


def test_undo_redo_reset() -> None:
    what = WhatIf(alexnet())
    for by in (1, 1, -5):
        what.step(SIDE, by)
    assert what.value(SIDE) == 224
    what.undo()
    assert what.value(SIDE) == 229
    what.redo()
    assert what.value(SIDE) == 224
    what.step(("conv2", "filters"), 10)
    what.reset()
    assert not what.is_changed
    assert what.outcome is what.original
    what.undo()
    assert what.value(SIDE) == 224
    assert what.value(("conv2", "filters")) == 266
    for _ in range(4):
        what.undo()
    assert not what.is_changed
    with pytest.raises(CnnsimError, match="nothing to undo"):
        what.undo()
    what.redo()
    what.set(SIDE, 100)
    with pytest.raises(CnnsimError, match="nothing to redo"):
        what.redo()


def test_back_to_the_first_value_is_no_change() -> None:
    what = WhatIf(alexnet())
    what.step(SIDE, 1)
    what.step(SIDE, -1)
    assert not what.is_changed
    assert what.knobs("conv1")[0].was is None


def test_typed_digits_are_one_edit() -> None:
    what = WhatIf(alexnet())
    what.step(SIDE, 1)
    for number in (2, 22, 224):
        what.type(SIDE, number)
    assert what.value(SIDE) == 224
    what.undo()
    assert what.value(SIDE) == 228
    what.undo()
    assert not what.is_changed


def test_typing_the_same_number_leaves_earlier_edits_alone() -> None:
    what = WhatIf(alexnet())
    what.step(("conv1", "stride"), 1)
    what.type(("conv1", "stride"), 5)
    what.type(("conv1", "stride"), 57)
    what.undo()
    assert shown(what.value(("conv1", "stride"))) == "5"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (SIDE, 0),
        (SIDE, 1 << 30),
        (("input", "channels"), -1),
        (("conv1", "stride"), 0),
        (("conv1", "filters"), 0),
        (("conv2", "padding"), (-1, -1, -1, -1)),
        (("conv1", "padding"), "sometimes"),
        (("fc1", "units"), 0),
    ],
)
def test_what_cannot_be_is_refused(place: LayerKey, value: Any) -> None:
    what = WhatIf(alexnet())
    what.step(SIDE, 1)
    with pytest.raises(UsageError):
        what.set(place, value)
    assert what.changes == {SIDE: 228}
    what.undo()
    assert not what.is_changed


def test_padding_goes_below_zero_by_name() -> None:
    what = WhatIf(alexnet())
    place = ("conv2", "padding")
    seen = []
    for by in (-1, -1, -1, -1, -1, 1, 1, 1):
        what.step(place, by)
        seen.append(shown(what.value(place)))
    assert seen == ["1", "0", "same", "full", "full", "same", "0", "1"]


def test_valid_is_zero() -> None:
    what = WhatIf(alexnet())
    what.step(("conv1", "padding"), 1)
    assert what.value(("conv1", "padding")) == (1, 1, 1, 1)
    what.undo()
    what.step(("conv1", "padding"), -1)
    assert what.value(("conv1", "padding")) == "same"
    what.type(("conv1", "padding"), 3)
    assert what.value(("conv1", "padding")) == (3, 3, 3, 3)


def test_uneven_numbers_move_together() -> None:
    net = network(
        {"type": "conv2d", "name": "c", "filters": 1, "size": [1, 3], "padding": [0, 1]},
        shape=(1, 6, 9),
    )
    what = WhatIf(net)
    assert [knob.text for knob in what.knobs("c")] == ["6", "9", "1", "1", "1×3", "1", "0,1,0,1",
                                                        "1"]  # fmt: skip
    what.step(("c", "size"), 1)
    assert what.value(("c", "size")) == (2, 4)
    what.type(("c", "size"), 5)
    assert what.value(("c", "size")) == (5, 5)
    what.set(("input", "width"), 7)
    assert what.outcome.shape("input") == (1, 6, 7)


def test_ten_steps_back_stop_at_the_lowest_number() -> None:
    layer = alexnet().by_name["conv2"]
    assert neighbour(layer, "padding", (2, 2, 2, 2), -10) == (0, 0, 0, 0)
    assert neighbour(layer, "padding", (0, 0, 0, 0), -10, (0, 0, 0, 0)) == "same"


def test_given_kernels_have_no_size_to_change() -> None:
    net = network({"type": "conv2d", "name": "c", "kernel": [[1.0, 2.0]]}, shape=(1, 4, 4))
    keys = [knob.key for knob in WhatIf(net).knobs("c")]
    assert keys == ["side", "channels", "stride", "padding", "dilation"]


def test_flat_inputs_have_features() -> None:
    net = network({"type": "dense", "name": "d", "units": 3}, shape=(5,))
    what = WhatIf(net)
    assert [knob.key for knob in what.knobs("d")] == ["features", "units"]
    what.set(("input", "features"), 9)
    assert what.outcome.walked.total("params") == 30
    assert "in" in reasons(what, "input")


class Silent(Layer):
    """A kind that nobody has seen before, and that says nothing about itself."""

    def output_shape(self, inputs: Any) -> Any:
        return inputs[0]

    def sweeps(self, place: Any) -> Any:
        return []


class Wobble(Silent):
    """Another one, with keys of several types."""

    adjustable: ClassVar[tuple[str, ...]] = ("depth", "style", "share", "absent")

    depth: Annotated[int, Field(ge=2)] = 2
    style: Literal["slow", "quick"] = "slow"
    share: float = 0.5


def test_unknown_kinds_are_walked_too() -> None:
    # Their types are no literals, so that no other test hears of them.
    layers = [Wobble(type="wobble", name="w"), Silent(type="silent", name="s")]
    what = WhatIf(connect(layers, (1, 4, 4)))
    assert [knob.key for knob in what.knobs("w")] == ["side", "channels", "depth", "style"]
    with pytest.raises(UsageError, match="w depth"):
        what.step(("w", "depth"), -1)
    what.step(("w", "style"), 1)
    assert what.value(("w", "style")) == "quick"
    assert reasons(what, "s")["out"] == ("the shape of its input", "1×4×4")
    assert reasons(what, "s")["field"] == ("1, as before", "1")


@given(st.data())
def test_any_edits_undo_to_nothing(data: st.DataObject) -> None:
    what = WhatIf(alexnet())
    knobs = [knob.place for name in ("conv1", "pool2", "fc2") for knob in what.knobs(name)]
    seen = [what.changes]
    for _ in range(data.draw(st.integers(1, 8))):
        before = what.changes
        try:
            what.step(
                data.draw(st.sampled_from(knobs)), data.draw(st.sampled_from((-10, -1, 1, 9)))
            )
        except CnnsimError:
            assert what.changes == before
        if what.changes != before:
            seen.append(what.changes)
    for expected in reversed(seen[:-1]):
        what.undo()
        assert what.changes == expected
    for expected in seen[1:]:
        what.redo()
        assert what.changes == expected


# -- what comes of it ---------------------------------------------------------------------------


def test_224_does_not_fit_and_the_reason_is_told() -> None:
    what = WhatIf(alexnet())
    what.set(SIDE, 224)
    network_now = what.outcome.network
    sides = sides_that_fit(network_now.layers, network_now.input_shape).removeprefix("sides ")
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
