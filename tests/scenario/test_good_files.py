"""Files that are fine, in every way of writing them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from checks import check_file

from cnnsim.errors import FileError, UsageError, unprintable
from cnnsim.scenario import text
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.template import TEMPLATE

PLAIN = """\
title = "t"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
[[layers]]
type = "relu"
name = "relu1"
"""


def same(found: Scenario, expected: Scenario) -> bool:
    first, second = found.leaves(), expected.leaves()
    return (
        found.network.sweeps == expected.network.sweeps
        and [*first] == [*second]
        and all((first[name] == second[name]).all() for name in first)
    )


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("\n", "\r\n"),
        'title = "t"\ninput = { values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]] }\nlayers = [\n'
        '{ type = "conv2d", name = "conv1", kernel = [[1, 2], [-1, 0]] },\n'
        '{ type = "relu", name = "relu1" }]',
        PLAIN.replace("[input]\nvalues", "input.values"),
        PLAIN.replace("type", '"type"').replace("name", "'name'"),
        PLAIN.replace('name = "relu1"', 'name = "relu1"\nfrom = "conv1"'),
        PLAIN.replace("[[1, 2], [-1, 0]]", "[[[[1.0, 2e0], [-0x0, 0]]]]").replace("-0x0", "-1"),
        "# comment\n" + PLAIN + "\n\n   # the end",
    ],
)
def test_spellings(text: str) -> None:
    assert same(parse_scenario("x", text), parse_scenario("x", PLAIN))


@pytest.mark.parametrize("encode", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_from_a_file(tmp_path: Path, encode: str, newline: str) -> None:
    file = tmp_path / "größe ✓.toml"
    file.write_bytes(PLAIN.replace("\n", newline).replace('"t"', '"größer ✓"').encode(encode))
    scenario = read_scenario(str(file))
    assert (scenario.title, scenario.name) == ("größer ✓", "größe ✓")
    assert check_file(str(file)) == []


def test_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PLAIN.encode())))
    assert read_scenario("-").name == "stdin"


def test_the_template_is_a_scenario() -> None:
    scenario = parse_scenario("new", TEMPLATE.format(file="new.toml"))
    assert scenario.tour
    assert len(scenario.network.layers) == 2


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'title = "\xff"', ["not UTF-8", ":1:"]),
        (b'title = "t"\n# \xe9t\xe9', ["not UTF-8", ":2:", "byte 14"]),
        (PLAIN.encode("utf-16"), ["not UTF-8"]),
        (PLAIN.encode("utf-16-le"), ["not valid TOML"]),
        (bytes(range(256)), ["not UTF-8"]),
        (b"", ["title: is missing", "input: is missing"]),
        (b"\x89PNG\r\n\x1a\n", ["is a picture and no scenario"]),
        (b"\x00" * 100, ["not valid TOML"]),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes, told: list[str]) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(data)
    complaints = "\n".join(check_file(str(file)))
    assert unprintable(complaints) is None
    assert str(file) in complaints
    for part in told:
        assert part in complaints


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_scenario(str(tmp_path / "none.toml"))
    assert "no scenario or file" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        read_scenario(str(tmp_path))
    assert "is a folder" in str(caught.value)
    for name in ("a\0b", "\x1b[31m", "x" * 5000, "", "."):
        with pytest.raises(UsageError) as caught:
            read_scenario(name)
        assert unprintable(str(caught.value)) is None


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_BYTES", 1 << 20)
    file = tmp_path / "large.toml"
    file.write_bytes(b"#" * ((1 << 20) + 1))
    assert "larger than 1 MiB" in check_file(str(file))[0]
    file.write_bytes(b"#" * (1 << 20))
    assert any("title: is missing" in complaint for complaint in check_file(str(file)))


def test_control_characters_in_file_names(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[31mb.toml"
    file.write_text("seed = 1")
    complaints = "\n".join(check_file(str(file)))
    assert unprintable(complaints) is None
    assert "\\u001b[31mb.toml" in complaints


@pytest.mark.parametrize(
    ("source", "shape", "first"),
    [
        ("values = [1, 2, 3]", (1, 3), 1),
        ("values = 7", (1, 1), 7),
        ("values = [[1, 2, 3]]", (1, 1, 1, 3), 1),
        ("values = [[[1, 2, 3]]]", (1, 1, 1, 3), 1),
        ("values = [[[[1, 2]]], [[[3, 4]]]]", (2, 1, 1, 2), 1),
        ("values = [nan, inf, -inf]", (1, 3), np.nan),
        ("ramp = [4]", (1, 4), 1),
        ("ramp = [2, 3, 4]", (1, 2, 3, 4), 1),
        ("ramp = [5, 2, 3, 4]", (5, 2, 3, 4), 1),
        ("zeros = [2, 3, 4]", (1, 2, 3, 4), 0),
        ("ones = [2, 3, 4]", (1, 2, 3, 4), 1),
        ("random = [2, 3, 4]", (1, 2, 3, 4), None),
        ("digit = 7", (1, 1, 8, 8), 0),
    ],
)
def test_inputs(source: str, shape: tuple[int, ...], first: float | None) -> None:
    text = f'title = "t"\n[input]\n{source}\n[[layers]]\ntype = "relu"\nname = "r"'
    x = parse_scenario("x", text).leaves()["input"]
    assert (x.shape, x.dtype) == (shape, np.float64)
    if first is not None:
        np.testing.assert_equal(x.flat[0], first)
    if "ramp" in source:
        assert x.ravel().tolist() == [*range(1, x.size + 1)]
    if "random" in source:
        assert 0 <= x.min() < x.max() < 1
        again = parse_scenario("x", text, settings=["seed=1"]).leaves()["input"]
        assert (again != x).any()


def test_digits_are_pictures_of_their_class() -> None:
    """The pictures of a class are different, and closer to each other than to another class."""

    def picture(digit: int, number: int) -> np.ndarray:
        text = f'title = "t"\n[input]\ndigit = {digit}\nnumber = {number}\n'
        text += '[[layers]]\ntype = "relu"\nname = "r"'
        return parse_scenario("x", text).leaves()["input"]

    zeros = [picture(0, number) for number in range(20)]
    ones = [picture(1, number) for number in range(20)]
    assert all(each.min() >= 0 and each.max() <= 1 for each in zeros + ones)
    assert (zeros[0] != zeros[1]).any()
    mean = np.mean(zeros, 0), np.mean(ones, 0)
    assert all(np.square(z - mean[0]).sum() < np.square(z - mean[1]).sum() for z in zeros)
    assert (picture(0, 0) * 16 % 1 == 0).all()


def test_an_input_of_another_size() -> None:
    text = PLAIN + '[[tour]]\nat = "first"\n'
    assert parse_scenario("x", text, input_size=(1, 9, 9)).network.input_shape == (1, 9, 9)
    with pytest.raises(FileError) as caught:
        parse_scenario("x", text, input_size=(1, 1, 1))
    assert "conv1" in str(caught.value)
    kept = parse_scenario("x", text, input_size=(1, 1, 1), check_shapes=False)
    assert [error.layer for error in kept.network.errors] == ["conv1"]
