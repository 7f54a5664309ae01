"""Receptive fields against an experiment: which pixels, made NaN, make a cell NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import alexnet, network, values_of
from strategies import examples, pairs

from cnnsim.network.receptive import ReceptiveField, receptive_fields

SIDE = 13


@st.composite
def stacks(draw: st.DrawFn) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["conv2d", "max_pool2d", "avg_pool2d", "relu"]))
        entry: dict[str, Any] = {"type": kind, "name": f"l{number}"}
        if kind == "conv2d":
            entry |= {
                "kernel": np.ones(draw(pairs(1, 3))),
                "stride": draw(pairs(1, 2)),
                "padding": draw(st.lists(st.integers(0, 2), min_size=4, max_size=4)),
                "dilation": draw(pairs(1, 2)),
            }
        elif kind != "relu":
            entry |= {"size": draw(pairs(1, 3)), "stride": draw(pairs(1, 2)), "padding": 0}
        entries.append(entry)
    return entries


def seen_by(net: Any, name: str, cell: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Whether each pixel of the input reaches `cell`, found by trying each."""
    seen = np.zeros((SIDE, SIDE), bool)
    for place in np.ndindex(SIDE, SIDE):
        x = np.zeros((1, 1, SIDE, SIDE))
        x[0, 0, place[0], place[1]] = np.nan
        seen[place] = np.isnan(values_of(net, x)[f"{name}.y"][0, 0, cell[0], cell[1]])
    return seen


def check(net: Any, data: st.DataObject) -> None:
    name = net.layers[-1].name
    field = receptive_fields(net)[name]
    assert field is not None
    _, height, width = net.places[name].output
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    seen = seen_by(net, name, (y, x))
    (top, bottom), (left, right) = field.rows(y), field.columns(x)
    inside = np.zeros_like(seen)
    inside[max(top, 0) : max(bottom + 1, 0), max(left, 0) : max(right + 1, 0)] = True
    assert not (seen & ~inside).any(), "a pixel outside of the field counts"
    if top >= 0 and left >= 0 and bottom < SIDE and right < SIDE:
        # Dilation leaves gaps, but the corners of the field always count.
        for corner in ((top, left), (top, right), (bottom, left), (bottom, right)):
            assert seen[corner], f"{corner} is a corner of the field and does not count"


@examples(25)
@given(stacks(), st.data())
def test_chains(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    net = network(*entries, shape=(1, SIDE, SIDE))
    assume(not net.errors)
    check(net, data)


@examples(10)
@given(st.integers(1, 3), st.integers(0, 2), st.data())
def test_branches(half: int, shift: int, data: st.DataObject) -> None:
    """A residual connection sees the larger of its ways."""
    size = 2 * half + 1
    padding = [half - min(shift, half), half, half + min(shift, half), half]
    net = network(
        {"type": "conv2d", "kernel": np.ones((size, size)), "padding": padding},
        {"type": "add", "from": ["conv2d", "input"]},
        shape=(1, SIDE, SIDE),
    )
    check(net, data)


def test_dense_and_what_follows_see_everything() -> None:
    net = network(
        {"type": "relu"},
        {"type": "flatten"},
        {"type": "dense", "units": 8},
        {"type": "reshape", "shape": [2, 2, 2]},
        {"type": "conv2d", "filters": 1, "size": 1},
        shape=(1, 4, 4),
    )
    fields = receptive_fields(net)
    assert fields["relu"] == ReceptiveField()
    assert [fields[name] for name in ("flatten", "dense", "reshape", "conv2d")] == [None] * 4


def test_corner_cells_of_alexnet() -> None:
    """The last cell of pool5 sees up to 64 pixels of padding, as its first one does."""
    field = receptive_fields(alexnet())["pool5"]
    assert field is not None
    assert field.rows(0) == (-64, 130)
    assert field.rows(5) == (96, 290)
