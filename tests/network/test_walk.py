"""The shape walk against the published tables of known networks."""

from __future__ import annotations

from typing import Any

import pytest
from networks import ALEXNET_LAYERS, alexnet, network

from cnnsim.network import walk as walk_module
from cnnsim.network.graph import connect
from cnnsim.network.walk import sides_that_fit, walk

#: name, output, parameters, multiply-adds, receptive field (size, stride, padding).
ALEXNET = [
    ("conv1", (96, 55, 55), 34_944, 105_415_200, (11, 4, 0)),
    ("pool1", (96, 27, 27), 0, 0, (19, 8, 0)),
    ("conv2", (256, 27, 27), 614_656, 447_897_600, (51, 8, 16)),
    ("pool2", (256, 13, 13), 0, 0, (67, 16, 16)),
    ("conv3", (384, 13, 13), 885_120, 149_520_384, (99, 16, 32)),
    ("conv4", (384, 13, 13), 1_327_488, 224_280_576, (131, 16, 48)),
    ("conv5", (256, 13, 13), 884_992, 149_520_384, (163, 16, 64)),
    ("pool5", (256, 6, 6), 0, 0, (195, 32, 64)),
    ("fc1", (4096,), 37_752_832, 37_748_736, None),
    ("fc2", (200,), 819_400, 819_200, None),
]


@pytest.mark.parametrize("row", ALEXNET, ids=lambda row: row[0])
def test_alexnet_row_by_row(row: Any) -> None:
    name, output, params, macs, field = row
    (found,) = (each for each in walk(alexnet()).rows if each.name == name)
    assert (found.output, found.params, found.macs) == (output, params, macs)
    assert found.backward_macs == 2 * macs
    seen = found.receptive_field
    if field is None:
        assert seen is None
    else:
        assert seen is not None
        assert (seen.size, seen.stride, seen.pad) == tuple((side, side) for side in field)


def test_alexnet_totals() -> None:
    walked = walk(alexnet())
    total = walked.total_dict()
    assert total["params"] == 42_319_432
    assert total["macs"] == 1_115_202_080
    assert total["macs"] + total["backward_macs"] == 3_345_606_240
    assert total["padding_macs"] == 91_226_112
    kept = ("conv", "pool", "fc", "flat")
    floats = sum(row.activation_bytes for row in walked.rows if row.name.startswith(kept)) // 4
    assert floats == 786_056
    assert walked.error is None


def test_alexnet_needs_227() -> None:
    walked = walk(alexnet(224))
    assert walked.error is not None
    assert walked.rows[-1].output == (6400,)
    told = str(walked.error)
    for part in ("fc1", "9216", "6400", "256x5x5", "3x224x224", "227 to 258"):
        assert part in told


@pytest.mark.parametrize(("side", "fits"), [(226, 0), (227, 1), (242, 1), (258, 1), (259, 0)])
def test_sides_that_fit_alexnet(side: int, fits: int) -> None:
    net = alexnet(side)
    assert bool(net.errors) != bool(fits)
    assert sides_that_fit(net.layers, net.input_shape) == "227 to 258"


def test_sides_that_fit_by_trying() -> None:
    """A dense layer made for 2x2 maps behind a stride of 3: exactly the sides that work."""
    entries = (
        {"type": "conv2d", "filters": 1, "size": 2, "stride": 3},
        {"type": "flatten"},
        {"type": "dense", "units": 1, "inputs": 4},
    )
    working = [side for side in range(1, 40) if not network(*entries, shape=(1, side, side)).errors]
    assert working == [5, 6, 7]
    assert sides_that_fit(network(*entries, shape=(1, 30, 30)).layers, (1, 30, 30)) == "5 to 7"
    valid = network({"type": "conv2d", "filters": 1, "size": 9}, shape=(1, 3, 3))
    assert sides_that_fit(valid.layers, valid.input_shape) == "9 and up"
    never = network({"type": "conv2d", "kernel": [[[[1]], [[1]]]]}, shape=(1, 3, 3))
    assert sides_that_fit(never.layers, never.input_shape) == ""


def test_very_deep_networks_are_told_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only sides near the input's are tried where every try is expensive."""
    tried: list[int] = []

    def counted(layers: Any, shape: Any) -> Any:
        tried.append(len(layers))
        return connect(layers, shape)

    monkeypatch.setattr(walk_module, "connect", counted)
    layers = [{"type": "relu", "name": f"r{number}"} for number in range(5000)]
    dense = {"type": "dense", "name": "d", "units": 1, "inputs": 144}
    net = network(*layers, {"type": "flatten"}, dense, shape=(1, 10, 10))
    assert sides_that_fit(net.layers, net.input_shape) == "12"
    assert walk(net).error.hint == "the input is 1x10x10; side 12 fits"
    assert 0 < sum(tried) < 1_000_000


SIMPLE = (
    {"type": "conv2d", "name": "conv1", "filters": 32, "size": 3, "padding": 1},
    {"type": "relu", "name": "relu1"},
    {"type": "max_pool2d", "name": "pool1", "size": 2},
    {"type": "conv2d", "name": "conv2", "filters": 64, "size": 3, "padding": 1},
    {"type": "relu", "name": "relu2"},
    {"type": "max_pool2d", "name": "pool2", "size": 2},
    {"type": "conv2d", "name": "conv3", "filters": 128, "size": 3, "padding": 1},
    {"type": "relu", "name": "relu3"},
    {"type": "max_pool2d", "name": "pool3", "size": 2},
    {"type": "flatten", "name": "flat"},
    {"type": "dense", "name": "fc1", "units": 512},
    {"type": "relu", "name": "relu4"},
    {"type": "dropout", "name": "drop"},
    {"type": "dense", "name": "fc2", "units": 10},
)


def test_simple_cnn() -> None:
    walked = walk(network(*SIMPLE, shape=(3, 32, 32)))
    rows = {row.name: row for row in walked.rows}
    names = ("conv1", "conv2", "conv3", "fc1", "fc2")
    assert [rows[name].params for name in names] == [896, 18_496, 73_856, 1_049_088, 5_130]
    assert [rows[name].macs for name in names] == [884_736, 4_718_592, 4_718_592, 1_048_576, 5_120]
    assert walked.total("params") == 1_147_466
    assert walked.total("macs") == 11_375_616
    assert rows["flat"].output == (2048,)


def test_digits_cnn() -> None:
    layers = (
        {"type": "conv2d", "filters": 4, "size": 3, "bias": "none"},
        {"type": "relu"},
        {"type": "max_pool2d", "size": 2},
        {"type": "flatten"},
        {"type": "dense", "units": 10},
    )
    rows = {row.name: row for row in walk(network(*layers, shape=(1, 8, 8))).rows}
    assert rows["flatten"].output == (36,)
    assert (rows["conv2d"].params, rows["dense"].params) == (36, 370)


def _alexnet_2012(groups: int) -> list[dict[str, Any]]:
    changed = []
    for entry in ALEXNET_LAYERS:
        entry = dict(entry)
        if entry["name"] in ("conv2", "conv4", "conv5"):
            entry["groups"] = groups
        if entry["name"] == "fc2":
            entry["units"] = 4096
        changed.append(entry)
    return [*changed, {"type": "dense", "name": "fc3", "units": 1000}]


def test_alexnet_of_2012() -> None:
    walked = walk(network(*_alexnet_2012(2), shape=(3, 227, 227)))
    assert walked.total("params") == 60_965_224
    assert walked.total("macs") == 724_406_816
    assert walk(network(*_alexnet_2012(1), shape=(3, 227, 227))).total("params") == 62_378_344


def test_batches_cost_what_one_sample_costs() -> None:
    one, many = (network(*SIMPLE, shape=(3, 32, 32), batch=batch) for batch in (1, 5))
    assert walk(one).total_dict() == walk(many).total_dict()


def test_stored_statistics_are_no_parameters() -> None:
    (row,) = walk(network({"type": "batch_norm2d"}, shape=(7, 3, 3))).rows
    assert row.params == 14


def test_untied_bias_has_one_number_for_each_cell() -> None:
    entry = {"type": "conv2d", "filters": 2, "size": 3, "bias": "untied"}
    (row,) = walk(network(entry, shape=(1, 6, 5))).rows
    assert row.params == 2 * 9 + 2 * 4 * 3
    assert row.as_dict()["receptive_field"] == {"size": [3, 3], "stride": [1, 1], "pad": [0, 0]}


def test_layers_behind_an_error_wait() -> None:
    net = network(
        {"type": "dense", "units": 3},
        {"type": "relu"},
        {"type": "conv2d", "name": "good", "filters": 1, "size": 1, "from": "input"},
        shape=(1, 4, 4),
    )
    assert [error.layer for error in net.errors] == ["dense"]
    assert [row.name for row in walk(net).rows] == ["good"]
