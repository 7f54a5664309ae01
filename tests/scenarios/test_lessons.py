"""The lessons against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from bundles import opened, tensor
from numpy.lib.stride_tricks import sliding_window_view

from cnnsim.network.walk import walk
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper

TOY_X = np.array([[1, 6, 2], [5, 3, 1], [7, 0, 4]], float)
TOY_K = np.array([[1, 2], [-1, 0]], float)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float)


def slide(x: np.ndarray, k: np.ndarray, pads=(0, 0, 0, 0), stride: int = 1) -> np.ndarray:
    """Cross-correlation of two planes; pads are top, left, bottom, right."""
    top, left, bottom, right = pads
    windows = sliding_window_view(np.pad(x, ((top, bottom), (left, right))), k.shape)
    return np.einsum("yxij,ij->yx", windows, k)[::stride, ::stride]


def turned(k: np.ndarray) -> np.ndarray:
    return k[::-1, ::-1]


def test_toy_against_numpy():
    assert tensor("toy_2x2", "input").tolist() == TOY_X.tolist()
    assert tensor("toy_2x2", "conv1.y").tolist() == slide(TOY_X, TOY_K).tolist() == [[8, 7], [4, 5]]
    assert len(opened("toy_2x2").trace) == 16


def test_sobel_gives_plus_8_and_minus_8():
    ramp = np.arange(1.0, 26).reshape(5, 5)
    assert tensor("sobel", "input").tolist() == ramp.tolist()
    assert (slide(ramp, SOBEL) == 8).all()
    assert (slide(ramp, turned(SOBEL)) == -8).all()
    assert (tensor("sobel", "correlate.y") == 8).all()
    assert (tensor("sobel", "convolve.y") == -8).all()
    assert tensor("sobel", "correlate.w").tolist() == tensor("sobel", "convolve.w").tolist()
    assert SOBEL.sum() == 0, "a flat patch gives 0"


def test_conv_layer_against_numpy():
    x, w = tensor("conv_layer", "input"), np.asarray(opened("conv_layer").values["tied.w"])
    parts = np.array([[slide(x[j], w[i, j]) for j in range(3)] for i in range(2)])
    assert parts[0, :, 0, 0].tolist() == [2, -1, 1], "what the slices of the first sum gave"
    tied, untied = (np.asarray(opened("conv_layer").values[f"{n}.b"]) for n in ("tied", "untied"))
    assert tensor("conv_layer", "tied.y").tolist() == (tied[:, None, None] + parts.sum(1)).tolist()
    assert tensor("conv_layer", "untied.y").tolist() == (untied + parts.sum(1)).tolist()
    assert (w == opened("conv_layer").values["untied.w"]).all()
    rows = {row.name: row for row in walk(read_scenario("conv_layer").network).rows}
    assert (rows["tied"].params, rows["untied"].params) == (26, 32)
    assert rows["tied"].macs == rows["untied"].macs == 96


def test_conv_layer_untied_belongs_to_a_place():
    """Tied, equal windows give equal numbers; untied they do not."""
    stepper = Stepper(read_scenario("conv_layer"))
    for index in np.ndindex(1, 3, 3, 3):
        stepper.edit("input", index, 1.0)
    assert all(len(np.unique(plane)) == 1 for plane in stepper.values["tied.y"][0])
    assert all(len(np.unique(plane)) > 1 for plane in stepper.values["untied.y"][0])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("valid", slide(TOY_X, TOY_K)),
        ("full", slide(TOY_X, TOY_K, (1, 1, 1, 1))),
        ("full_turned", slide(TOY_X, turned(TOY_K), (1, 1, 1, 1))),
        ("same", slide(TOY_X, TOY_K, (0, 0, 1, 1))),
        ("same_turned", slide(TOY_X, turned(TOY_K), (1, 1, 0, 0))),
        ("stride2", slide(TOY_X, TOY_K, stride=2)),
        ("stride2_pad1", slide(TOY_X, TOY_K, (1, 1, 1, 1), 2)),
        ("dilated", slide(TOY_X, np.array([[1, 0, 2], [0, 0, 0], [-1, 0, 0]], float))),
    ],
)
def test_modes_against_numpy(layer, expected):
    assert tensor("modes", f"{layer}.y").tolist() == expected.tolist()


def test_modes_say_what_the_oracles_say():
    assert tensor("modes", "full.y").tolist() == [
        [0, -1, -6, -2],
        [2, 8, 7, 1],
        [10, 4, 5, -3],
        [14, 7, 8, 4],
    ]
    assert tensor("modes", "full_turned.y").tolist() == [
        [1, 8, 14, 4],
        [4, 7, 5, 2],
        [2, 11, 3, 8],
        [-7, 0, -4, 0],
    ]
    full = tensor("modes", "full.y")
    assert full[1:3, 1:3].tolist() == tensor("modes", "valid.y").tolist()
    assert full[::2, ::2].tolist() == tensor("modes", "stride2_pad1.y").tolist()


def test_modes_groups_read_their_own_maps_only():
    maps = np.stack([TOY_X, 2 * TOY_X])
    assert tensor("modes", "two_maps.y").tolist() == maps.tolist()
    expected = [slide(maps[0], TOY_K), slide(maps[1], np.array([[0, 0], [0, 1.0]]))]
    assert tensor("modes", "grouped.y").tolist() == np.array(expected).tolist()


def test_signal_processing_agrees():
    signal = pytest.importorskip("scipy.signal")
    for mode in ("valid", "full", "same"):
        correlated = signal.correlate2d(TOY_X, TOY_K, mode)
        assert tensor("modes", f"{mode}.y").tolist() == correlated.tolist()
    for mode in ("full", "same"):
        convolved = signal.convolve2d(TOY_X, TOY_K, mode)
        assert tensor("modes", f"{mode}_turned.y").tolist() == convolved.tolist()
    ramp = np.arange(1.0, 26).reshape(5, 5)
    for layer, operation in (("correlate", signal.correlate2d), ("convolve", signal.convolve2d)):
        assert tensor("sobel", f"{layer}.y").tolist() == operation(ramp, SOBEL, "valid").tolist()
    x, w = tensor("conv_layer", "input"), np.asarray(opened("conv_layer").values["tied.w"])
    whole = [signal.correlate(x, kernel, "valid")[0] for kernel in w]
    biased = np.array(whole) + np.array([1, -2])[:, None, None]
    assert np.allclose(tensor("conv_layer", "tied.y"), biased, rtol=0, atol=1e-12)


def windows_of(size: int, stride: int, pad: int, ceil: bool = False):
    """(output shape, cell -> the pixels inside its window with their places) of the pooling map."""
    x = tensor("pooling", "input")
    room = x.shape[0] + 2 * pad - size
    count = (-(-room // stride) if ceil else room // stride) + 1

    def pixels(y: int, column: int) -> list[tuple[float, int]]:
        return [
            (x[r, c], r * x.shape[1] + c)
            for r in range(y * stride - pad, y * stride - pad + size)
            for c in range(column * stride - pad, column * stride - pad + size)
            if 0 <= r < x.shape[0] and 0 <= c < x.shape[1]
        ]

    return [[pixels(y, column) for column in range(count)] for y in range(count)]


@pytest.mark.parametrize(
    ("layer", "size", "stride", "ceil"),
    [("max2", 2, 2, False), ("overlap", 3, 2, False), ("ceil", 2, 2, True)],
)
def test_max_pools_against_plain_python(layer, size, stride, ceil):
    windows = windows_of(size, stride, 0, ceil)
    largest = [[max(value for value, _ in cell) for cell in row] for row in windows]
    winner = [[max(cell, key=lambda pixel: pixel[0])[1] for cell in row] for row in windows]
    assert tensor("pooling", f"{layer}.y").tolist() == largest
    assert tensor("pooling", f"{layer}.winner").tolist() == winner


@pytest.mark.parametrize(
    ("layer", "pad", "count_all"),
    [("mean2", 0, True), ("mean_all", 1, True), ("mean_inside", 1, False)],
)
def test_average_pools_against_plain_python(layer, pad, count_all):
    expected = [
        [sum(value for value, _ in cell) / (4 if count_all else len(cell)) for cell in row]
        for row in windows_of(2, 2, pad)
    ]
    assert tensor("pooling", f"{layer}.y").tolist() == expected


def test_pooling_one_pixel_wins_three_windows():
    winners = tensor("pooling", "overlap.winner")
    assert (winners == 2 * 5 + 2).sum() == 3
