from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import alexnet, network
from pydantic import Field
from reasons import reasons

from cnnsim.errors import CnnsimError, FileError, UsageError
from cnnsim.network.graph import connect
from cnnsim.network.layer import Layer
from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.walk.knobs import neighbour, shown
from cnnsim.tui.walk.whatif import LayerKey, WhatIf

SIDE: LayerKey = ("input", "side")


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


@pytest.mark.parametrize("place", ["conv1.filters", "conv1.stride", "pool1.size", "fc1.units"])
def test_what_cannot_be_is_refused_in_the_words_of_files(place: str) -> None:
    layer, key = place.split(".")
    with pytest.raises(FileError) as said:
        read_scenario("lenet5", [f"layers.{place}=0"])
    (problem,) = said.value.problems
    with pytest.raises(UsageError) as caught:
        WhatIf(read_scenario("lenet5").network).type((layer, key), 0)
    assert caught.value.message == f"{layer} {key}: {problem.what}"
    assert problem.what == "should be 1 or more, not 0"


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
