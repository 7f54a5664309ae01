"""The networks' costs and addresses from first principles."""

from __future__ import annotations

from math import prod

import pytest
from bundles import opened

from cnnsim.errors import FileError
from cnnsim.network.walk import walk
from cnnsim.scenario.reader import read_scenario


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
    "mnist_cnn": (
        28, 1, 421_642, 4_241_152,
        [("conv1", 32, 3, 1, 1, 1), ("pool1", 2, 2), ("conv2", 64, 3, 1, 1, 1), ("pool2", 2, 2),
         ("fc1", 128), ("fc2", 10)],
    ),
    "digits_cnn": (
        8, 1, 38_282, 337_536,
        [("conv1", 16, 3, 1, 1, 1), ("conv2", 32, 3, 1, 1, 1), ("pool1", 2, 2), ("fc1", 64),
         ("fc2", 10)],
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


def test_mnist_cnn_beside_lenet():
    _, _, params, macs, _ = PLANS["mnist_cnn"]
    _, _, lenet_params, lenet_macs, _ = PLANS["lenet5"]
    lenet = walk(read_scenario("mnist_lenet").network)
    assert (lenet.total("params"), lenet.total("macs")) == (lenet_params, lenet_macs)
    assert (round(params / lenet_params), round(macs / lenet_macs)) == (7, 10)
    assert round(100 * 64 * 196 * 288 / macs) == 85, "conv2's multiply-adds"
    assert round(100 * 3136 * 128 / macs) == 9, "fc1's"
    assert round(100 * 401_536 / params) == 95


def test_digits_cnn_beside_the_article():
    _, _, _, macs, _ = PLANS["digits_cnn"]
    assert round(macs / walk(read_scenario("digits_article").network).total("macs")) == 204
    walked = {row.name: row for row in walk(read_scenario("digits_cnn").network).rows}
    assert round(100 * walked["conv2"].macs / macs) == 87
    assert [walked[name].receptive_field.size for name in ("conv1", "conv2")] == [(3, 3), (5, 5)]


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
