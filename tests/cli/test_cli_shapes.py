"""shapes: the numbers of FACTS for real networks, and errors that say what would fit."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from running import TOY, Run, write


def conv(name: str, filters: int, size: int, more: str = "") -> str:
    """A convolution's table."""
    return f'[[layers]]\ntype="conv2d"\nname="{name}"\nfilters={filters}\nsize={size}\n{more}\n'


def pool(name: str, size: int, stride: int) -> str:
    """A max pool's table."""
    head = f'[[layers]]\ntype="max_pool2d"\nname="{name}"\n'
    return f"{head}size={size}\nstride={stride}\n"


def plain(kind: str, name: str, more: str = "") -> str:
    """Any other table."""
    return f'[[layers]]\ntype="{kind}"\nname="{name}"\n{more}\n'


ALEXNET = "".join(
    (
        'title = "AlexNet"\n[input]\nzeros = [3, 227, 227]\n',
        conv("conv1", 96, 11, "stride = 4"),
        plain("relu", "relu1"),
        pool("pool1", 3, 2),
        conv("conv2", 256, 5, "padding = 2"),
        pool("pool2", 3, 2),
        conv("conv3", 384, 3, "padding = 1"),
        conv("conv4", 384, 3, "padding = 1"),
        conv("conv5", 256, 3, "padding = 1"),
        pool("pool5", 3, 2),
        plain("flatten", "flat"),
        plain("dense", "fc1", "units = 4096\ninputs = 9216"),
        plain("dropout", "dropout"),
        plain("dense", "fc2", "units = 200"),
    )
)

#: FACTS: output, params, MACs, receptive field / stride / pad.
TABLE = {
    "conv1": ([96, 55, 55], 34_944, 105_415_200, (11, 4, 0)),
    "pool1": ([96, 27, 27], 0, 0, (19, 8, 0)),
    "conv2": ([256, 27, 27], 614_656, 447_897_600, (51, 8, 16)),
    "pool2": ([256, 13, 13], 0, 0, (67, 16, 16)),
    "conv3": ([384, 13, 13], 885_120, 149_520_384, (99, 16, 32)),
    "conv4": ([384, 13, 13], 1_327_488, 224_280_576, (131, 16, 48)),
    "conv5": ([256, 13, 13], 884_992, 149_520_384, (163, 16, 64)),
    "pool5": ([256, 6, 6], 0, 0, (195, 32, 64)),
    "fc1": ([4096], 37_752_832, 37_748_736, None),
    "fc2": ([200], 819_400, 819_200, None),
}


@pytest.fixture
def alexnet(tmp_path: Path) -> Path:
    return write(tmp_path / "alex.toml", ALEXNET)


def check_alexnet(objects: list[dict[str, object]]) -> None:
    layers = {row["name"]: row for row in objects[:-1]}
    for name, (output, params, macs, field) in TABLE.items():
        row = layers[name]
        assert (row["kind"], row["output"], row["params"], row["macs"]) == (
            *("layer", output, params),
            macs,
        )
        assert row["backward_macs"] == 2 * macs
        wanted = None
        if field:
            size, stride, pad = field
            wanted = {"size": [size] * 2, "stride": [stride] * 2, "pad": [pad] * 2}
        assert row["receptive_field"] == wanted
    assert objects[-1] == {
        "kind": "total",
        "params": 42_319_432,
        "macs": 1_115_202_080,
        "padding_macs": 91_226_112,
        "backward_macs": 2_230_404_160,
        "activation_bytes": 4 * 786_056,
    }


def test_alexnet(run: Run, alexnet: Path) -> None:
    check_alexnet(run("shapes", alexnet, "--json").objects)


def test_alexnet_as_it_comes(run: Run) -> None:
    check_alexnet(run("shapes", "alexnet", "--json").objects)


def test_simplecnn_as_it_comes(run: Run) -> None:
    rows = run("shapes", "simplecnn", "--json").objects
    by_name = {row.get("name"): row for row in rows}
    params = [by_name[name]["params"] for name in ("conv1", "conv2", "conv3", "fc1", "fc2")]
    assert params == [896, 18_496, 73_856, 1_049_088, 5_130]
    macs = [by_name[name]["macs"] for name in ("conv1", "conv2", "conv3", "fc1", "fc2")]
    assert macs == [884_736, 4_718_592, 4_718_592, 1_048_576, 5_120]
    assert (rows[-1]["params"], rows[-1]["macs"]) == (1_147_466, 11_375_616)


def test_a_shape_that_does_not_fit(run: Run, alexnet: Path) -> None:
    for source in (alexnet, "alexnet"):
        result = run("shapes", source, "--input", "3,224,224")
        assert result.code == 2
        assert "fc1 expects 9216 features and gets 6400 (256x5x5)" in result.err
        assert "sides 227 to 258 fit" in result.err
        # The rows up to there, and no total of them.
        assert "pool5" in result.out
        assert "total" not in result.out
    rows = run("shapes", alexnet, "--input", "3x224x224", "--json").objects
    assert [row["name"] for row in rows[-2:]] == ["pool5", "flat"]


def test_where_nothing_fits_there_is_no_table(run: Run, alexnet: Path) -> None:
    result = run("shapes", alexnet, "--input", "3,10,10")
    assert (result.code, result.out) == (2, "")
    assert "does not fit into an input of 10x10" in result.err


@pytest.mark.parametrize("side", [227, 258])
def test_the_sides_that_fit_do(run: Run, side: int) -> None:
    assert run("shapes", "alexnet", "--input", f"3,{side},{side}", "--json").code == 0


@pytest.mark.parametrize("side", [226, 259])
def test_the_sides_next_to_them_do_not(run: Run, side: int) -> None:
    assert run("shapes", "alexnet", "--input", f"3,{side},{side}", "--json").code == 2


def test_for_people(run: Run, alexnet: Path) -> None:
    lines = run("shapes", alexnet).out.splitlines()
    assert lines[0].startswith("alex   input 3x227x227")
    assert lines[2].split("  ")[0] == "layer"
    assert "MACs (without bias)" in lines[2]
    conv2 = next(line for line in lines if line.startswith("conv2"))
    assert conv2.split() == [
        *("conv2", "conv2d", "5×5", "p2", "256x27x27", "614,656", "447,897,600", "40.2%"),
        *("38,928,384", "895,795,200", "0.746", "51/8/16"),
    ]
    assert lines[-1].split() == [
        *("total", "42,319,432", "1,115,202,080", "91,226,112", "2,230,404,160", "3.144"),
    ]


def test_csv(run: Run, alexnet: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("shapes", alexnet, "--csv").out)))
    conv1 = rows[0]
    assert conv1["output"] == "96x55x55"
    assert (conv1["macs"], conv1["field_size_h"], conv1["field_stride_w"]) == (
        *("105415200", "11"),
        "4",
    )
    assert (rows[-1]["kind"], rows[-1]["params"], rows[-1]["field_size_h"]) == (
        *("total", "42319432"),
        "",
    )


def test_what_if(run: Run, toy: Path) -> None:
    # The tour of the toy knows a 2x2 output only; the walk does not ask it.
    row, _ = run("shapes", toy, "--input", "1,28,20", "--json").objects
    assert row["output"] == [1, 27, 19]
    row, _ = run("shapes", toy, "--set", "layers.conv1.padding=1", "--json").objects
    assert row["output"] == [1, 4, 4]


def test_other_mistakes_are_those_of_the_file(run: Run, tmp_path: Path) -> None:
    result = run("shapes", write(tmp_path / "bad.toml", TOY.replace("kernel", "kernle")))
    assert result.code == 2
    assert "unknown key, did you mean 'kernel'?" in result.err


def test_one_number_for_a_net_that_reads_maps(run: Run, tmp_path: Path) -> None:
    maps = write(tmp_path / "maps.toml", ALEXNET)
    result = run("shapes", maps, "--input", "227")
    assert result.code == 2
    assert "conv1: conv2d expects maps [channels, height, width] and gets 227" in result.err
    assert "hint: --input takes C,H,W here, such as 3,227,227" in result.err
    assert run("shapes", maps, "--input", "3,227,227").code == 0
    # What is proposed fits, where the number itself does not.
    for number in ("5", "4000000"):
        result = run("shapes", maps, "--input", number)
        assert "hint: --input takes C,H,W here, such as 3,227,227" in result.err
    rows = 'title = "Rows"\n[input]\nzeros = [8]\n' + plain("dense", "fc", "units=2\ninputs=8")
    flat = write(tmp_path / "flat.toml", rows)
    assert run("shapes", flat, "--input", "8").code == 0
    result = run("shapes", flat, "--input", "9")
    assert (result.code, "C,H,W" in result.err) == (2, False)
