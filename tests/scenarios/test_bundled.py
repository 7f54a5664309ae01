"""The bundled scenarios say nothing false: every check of every tour, and oracles of their own."""

from __future__ import annotations

import tomllib
from functools import cache
from math import prod

import numpy as np
import pytest
from checks import check_file, visit_tour
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cnnsim.errors import FileError
from cnnsim.network.walk import walk
from cnnsim.scenario.bundled import bundled_folder, bundled_names
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper

NAMES = bundled_names()
LESSONS = [name for name in NAMES if read_scenario(name).model.type == "lesson"]

TOY_X = np.array([[1, 6, 2], [5, 3, 1], [7, 0, 4]], float)
TOY_K = np.array([[1, 2], [-1, 0]], float)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float)


@cache
def opened(name: str) -> Stepper:
    return Stepper(read_scenario(name))


def tensor(name: str, which: str) -> np.ndarray:
    """A finished tensor of one sample; a single map as a plane."""
    values = np.asarray(opened(name).values[which], float)
    return values[0, 0] if values.shape[:2] == (1, 1) else values[0]


def slide(x: np.ndarray, k: np.ndarray, pads=(0, 0, 0, 0), stride: int = 1) -> np.ndarray:
    """Cross-correlation of two planes; pads are top, left, bottom, right."""
    top, left, bottom, right = pads
    windows = sliding_window_view(np.pad(x, ((top, bottom), (left, right))), k.shape)
    return np.einsum("yxij,ij->yx", windows, k)[::stride, ::stride]


def turned(k: np.ndarray) -> np.ndarray:
    return k[::-1, ::-1]


# --- every file ---------------------------------------------------------------------------------


def test_the_named_scenarios_are_there():
    expected = {"toy_2x2", "sobel", "conv_layer", "modes", "pooling"}
    expected |= {"lenet5", "simplecnn", "alexnet", "alexnet_2012"}
    assert expected <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_no_mistakes(name):
    assert check_file(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_stop_of_the_tour_is_as_it_says(name):
    visits = list(visit_tour(opened(name)))
    failed = [(v.reading.address, c) for v in visits for c in v.checks if not c.ok]
    assert visits
    assert failed == []


@pytest.mark.parametrize("name", NAMES)
def test_every_stop_has_a_short_note_and_a_check(name):
    for stop in read_scenario(name).tour:
        assert 0 < len(stop.say) <= 400, stop.at
        assert stop.expect, stop.at


@pytest.mark.parametrize("name", NAMES)
def test_the_home_screen_has_all_it_needs(name):
    model = read_scenario(name).model
    assert model.about.strip()
    assert model.goal
    assert model.needs
    assert model.minutes > 0


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_a_handful_of_stops(name):
    assert 5 <= len(read_scenario(name).tour) <= 12


def test_no_two_scenarios_have_the_same_place_or_title():
    models = [read_scenario(name).model for name in NAMES]
    assert len({model.order for model in models}) == len(models)
    assert len({model.title for model in models}) == len(models)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scenario_needs_comes_before_it(name):
    model = read_scenario(name).model
    for word in model.needs.split(", "):
        if word in NAMES:
            assert read_scenario(word).model.order < model.order


@pytest.mark.parametrize(
    ("picture", "size", "most"),
    [("lenet5.png", (28, 28), 2_000), ("alexnet.png", (227, 227), 40_000)],
)
def test_pictures_are_there_and_small(picture, size, most):
    path = bundled_folder() / picture
    assert path.stat().st_size <= most
    with Image.open(path) as image:
        image.load()
        assert image.size == size


def test_every_picture_is_used():
    documents = [tomllib.loads((bundled_folder() / f"{n}.toml").read_text("utf-8")) for n in NAMES]
    used = {document["input"].get("image") for document in documents}
    assert {path.name for path in bundled_folder().glob("*.png")} <= used


# --- lessons against NumPy ----------------------------------------------------------------------


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


# --- networks: costs from first principles ------------------------------------------------------


def costs(side: int, channels: int, plan) -> list[tuple[str, int, int]]:
    """(name, parameters, multiply-adds) of convolutions (filters, size, stride, pad, groups),
    pools (size, stride) and dense layers (units), from their definitions."""
    rows = []
    features = 0
    for name, *given in plan:
        if name.startswith("pool"):
            size, stride = given
            side = (side - size) // stride + 1
        elif name.startswith("conv"):
            filters, size, stride, pad, groups = given
            side = (side + 2 * pad - size) // stride + 1
            products = channels // groups * size * size
            rows.append((name, filters * (products + 1), filters * side * side * products))
            channels = filters
        else:
            features = features or channels * side * side
            rows.append((name, given[0] * (features + 1), given[0] * features))
            features = given[0]
    return rows


def alexnet_plan(groups: int, *units: int):
    convolutions = [
        ("conv1", 96, 11, 4, 0, 1),
        ("pool1", 3, 2),
        ("conv2", 256, 5, 1, 2, groups),
        ("pool2", 3, 2),
        ("conv3", 384, 3, 1, 1, 1),
        ("conv4", 384, 3, 1, 1, groups),
        ("conv5", 256, 3, 1, 1, groups),
        ("pool5", 3, 2),
    ]
    return [*convolutions, *((f"fc{number}", count) for number, count in enumerate(units, 1))]


PLANS = {
    "lenet5": (
        28, 1, 61_706, 416_520,
        [("conv1", 6, 5, 1, 2, 1), ("pool1", 2, 2), ("conv2", 16, 5, 1, 0, 1), ("pool2", 2, 2),
         ("fc1", 120), ("fc2", 84), ("fc3", 10)],
    ),
    "simplecnn": (
        32, 3, 1_147_466, 11_375_616,
        [("conv1", 32, 3, 1, 1, 1), ("pool1", 2, 2), ("conv2", 64, 3, 1, 1, 1), ("pool2", 2, 2),
         ("conv3", 128, 3, 1, 1, 1), ("pool3", 2, 2), ("fc1", 512), ("fc2", 10)],
    ),
    "alexnet": (227, 3, 42_319_432, 1_115_202_080, alexnet_plan(1, 4096, 200)),
    "alexnet_2012": (227, 3, 60_965_224, 724_406_816, alexnet_plan(2, 4096, 4096, 1000)),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_parameters_and_multiply_adds(name):
    side, channels, params, macs, plan = PLANS[name]
    network = read_scenario(name).network
    assert network.input_shape == (channels, side, side)
    expected = costs(side, channels, plan)
    walked = walk(network)
    assert [(row.name, row.params, row.macs) for row in walked.rows if row.macs] == expected
    assert walked.total("params") == sum(row[1] for row in expected) == params
    assert walked.total("macs") == sum(row[2] for row in expected) == macs


def test_simplecnn_rows_of_the_article_do_not_add_up_to_its_total():
    rows = [896, 18_496, 73_856, 1_049_088, 5_130]
    side, channels, params, _, plan = PLANS["simplecnn"]
    assert [row[1] for row in costs(side, channels, plan)] == rows
    assert sum(rows) == params == 1_081_930 + 65_536
    assert round(100 * 1_049_088 / params) == 91
    assert round(100 * 1_048_576 / 11_375_616) == 9


def test_lenet5_share_of_its_dense_layer():
    assert round(100 * 48_120 / 61_706) == 78
    assert not opened("lenet5").values["input"][0, 0, :3, :3].any(), "the corner is black"


def test_alexnet_2012_without_groups():
    assert sum(row[1] for row in costs(227, 3, alexnet_plan(1, 4096, 4096, 1000))) == 62_378_344


def taken_apart(mac: int, plan, channels: int, side: int) -> tuple[str, list[int]]:
    """The layer, and [o, y, x, c, i, j], of a multiply-add: long division and nothing else."""
    for name, *given in plan:
        if name.startswith("pool"):
            side = (side - given[0]) // given[1] + 1
            continue
        filters, size, stride, pad, groups = given
        side = (side + 2 * pad - size) // stride + 1
        extents = (filters, side, side, channels // groups, size, size)
        channels = filters
        if mac < prod(extents):
            digits = []
            for extent in reversed(extents):
                mac, digit = divmod(mac, extent)
                digits.insert(0, digit)
            return name, digits
        mac -= prod(extents)
    raise AssertionError("beyond the last convolution")


@pytest.mark.parametrize(
    ("mac", "address", "row", "column"),
    [
        (0, "conv1.forward[0,0,0,0] tap[0,0,0]", 0, 0),
        (105_415_199, "conv1.forward[0,95,54,54] tap[2,10,10]", 226, 226),
        (105_415_200, "conv2.forward[0,0,0,0] tap[0,0,0]", -2, -2),
        (500_000_000, "conv2.forward[0,225,14,7] tap[32,0,0]", 12, 5),
        (553_312_800, "conv3.forward[0,0,0,0] tap[0,0,0]", -1, -1),
        (702_833_184, "conv4.forward[0,0,0,0] tap[0,0,0]", -1, -1),
        (927_113_760, "conv5.forward[0,0,0,0] tap[0,0,0]", -1, -1),
        (999_999_999, "conv5.forward[0,124,10,3] tap[295,0,0]", 9, 2),
    ],
)
def test_alexnet_any_multiply_add(mac, address, row, column):
    plan = alexnet_plan(1)
    layer, (o, y, x, c, i, j) = taken_apart(mac, plan, 3, 227)
    assert address == f"{layer}.forward[0,{o},{y},{x}] tap[{c},{i},{j}]"
    _, _, _, stride, pad, _ = next(entry for entry in plan if entry[0] == layer)
    assert (y * stride + i - pad, x * stride + j - pad) == (row, column)
    stepper = opened("alexnet")
    reading = stepper.read(stepper.find(f"mac {mac}"))
    assert (reading.mac, reading.address) == (mac, address)
    assert reading.reads[0].index == (0, c, row, column)
    assert reading.reads[1].index == (o, c, i, j)
    assert reading.outside is (row < 0)


def test_alexnet_where_the_dense_layers_begin():
    stepper = opened("alexnet")
    for layer, mac in (("fc1", 1_076_634_144), ("fc2", 1_114_382_880)):
        assert stepper.trace.mac(stepper.find(f"{layer}.forward[0,0] tap[0]")) == mac


def test_alexnet_what_its_notes_say_of_shares():
    walked = walk(read_scenario("alexnet").network)
    rows = {row.name: row for row in walked.rows}
    assert walked.total("padding_macs") == 91_226_112
    assert round(100 * 91_226_112 / 1_115_202_080) == 8
    assert round(100 * rows["fc1"].params / walked.total("params")) == 89
    assert round(100 * rows["fc1"].macs / walked.total("macs")) == 3
    assert walked.total("macs") + walked.total("backward_macs") == 3_345_606_240
    assert rows["conv5"].receptive_field.size == (163, 163)


def test_alexnet_windows_that_overlap():
    stepper = opened("alexnet")
    before = stepper.read(stepper.find("pool1.forward[0,0,0,0] tap[0,2]"))
    here = stepper.read(stepper.find("pool1.forward[0,0,0,1] tap[0,0]"))
    assert before.reads[0].index == here.reads[0].index == (0, 0, 0, 2)


def test_alexnet_takes_227_and_not_224():
    def features(side: int) -> int:
        for name, *given in alexnet_plan(1):
            size, stride = (given[0], given[1]) if name[0] == "p" else (given[1], given[2])
            side = (side + 2 * (given[3] if name[0] == "c" else 0) - size) // stride + 1
        return 256 * side * side

    assert [side for side in range(200, 300) if features(side) == 9_216] == list(range(227, 259))
    assert features(224) == 6_400
    with pytest.raises(FileError, match=r"9216.*6400"):
        read_scenario("alexnet", input_size=(3, 224, 224))


def test_alexnet_2012_groups_read_their_half():
    stepper = opened("alexnet_2012")
    for address, channel in (
        ("conv2.forward[0,127,13,13] tap[47,2,2]", 47),
        ("conv2.forward[0,128,14,7] tap[0,0,0]", 48),
    ):
        assert stepper.read(stepper.find(address)).reads[0].index[1] == channel
    rows = {row.name: row for row in walk(stepper.network).rows}
    assert 2 * rows["conv2"].macs == 447_897_600
