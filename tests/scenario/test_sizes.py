"""Files that ask for too much are refused before anything is allocated."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from checks import attempt

from cnnsim.errors import CnnsimError, FileError
from cnnsim.network.layer import kinds
from cnnsim.scenario.limits import MOST_MEMORY
from cnnsim.scenario.reader import parse_scenario
from cnnsim.scenario.scenario import Scenario

kinds()

#: Looking at each pair of layers would take several minutes.
MOST_SECONDS = 30


def refused(text: str) -> str:
    """The complaint about `text`, which must cost next to nothing to find."""
    tracemalloc.start()
    try:
        with pytest.raises(FileError) as caught:
            parse_scenario("huge", 'title = "t"\n' + text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000
    return str(caught.value)


CONV = '[[layers]]\ntype = "conv2d"\nname = "c"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # 10^6 x 10^6 x 3 float64 of input, and 1 map of output
        (
            "[input]\nrandom = [3, 1000000, 1000000]\n" + CONV + "filters = 1\nsize = 1",
            "32.0 TB of memory for an input of 1x3x1000000x1000000",
        ),
        ("[input]\nzeros = [1, 4, 4]\n" + CONV + "filters = 1000000000\nsize = 3", "16,777,216"),
        (
            "[input]\nzeros = [1000000, 1, 16, 16]\n" + CONV + "filters = 8\nsize = 1",
            "1000000x1x16x16",
        ),
        (
            "[input]\nones = [16777216]\n" + '[[layers]]\ntype = "dense"\nname = "d"\nunits = 100',
            "GB",
        ),
        (
            "[input]\nramp = [1, 16777216, 16777216]\n" + CONV + 'kernel = [[1]]\npadding = "full"',
            "PB",
        ),
        (
            "[input]\nzeros = [1, 4, 4]\n" + CONV + "filters = 1\nsize = 1\npadding = 16777216",
            "PB",
        ),
        (
            "[input]\nzeros = [1, 4, 4]\n" + CONV + 'filters = 1\nsize = 30000\npadding = "full"',
            "GB",
        ),
        (
            'mode = "training"\n[input]\nzeros = [3, 20000, 20000]\n'
            '[[layers]]\ntype = "dropout"\nname = "d"',
            "GB",
        ),
        (
            'mode = "training"\n[input]\nzeros = [3, 20000, 20000]\n'
            '[[layers]]\ntype = "batch_norm2d"\nname = "d"',
            "GB",
        ),
        (
            # 2.4 GB of tensors; the one cell has 200 million taps, which must be worked out too
            "[input]\nzeros = [1, 14142, 14142]\n"
            '[[layers]]\ntype = "flatten"\nname = "f"\nfrom = "input"\n'
            '[[layers]]\ntype = "dense"\nname = "d"\nunits = 1\nbias = "none"',
            "GB",
        ),
    ],
)
def test_too_large(text: str, told: str) -> None:
    assert told in refused(text)


def test_large_but_allowed() -> None:
    """10^7 maps of 2x2 in float64, 9 weights and a bias each in float32: 720 MB."""
    text = 'title = "t"\n[input]\nzeros = [1, 4, 4]\n' + CONV + "filters = 10000000\nsize = 3"
    needed = parse_scenario("x", text).network.bytes_needed
    assert needed == pytest.approx(720e6, rel=1e-3)
    assert needed < MOST_MEMORY


def test_the_number_of_bytes_is_right() -> None:
    """2 x 3 x 10^4 x 10^4 float64 of input and as much of output."""
    text = '[input]\nzeros = [2, 3, 10000, 10000]\n[[layers]]\ntype = "relu"\nname = "r"'
    assert "9.6 GB" in refused(text)


def test_bytes_needed_is_what_is_held() -> None:
    """Against the tensors of a small network with everything computed."""
    text = """\
title = "t"
mode = "training"
[input]
random = [2, 3, 9, 9]
[[layers]]
type = "conv2d"
name = "c"
filters = 5
size = 3
[[layers]]
type = "max_pool2d"
name = "p"
size = 2
[[layers]]
type = "batch_norm2d"
name = "b"
[[layers]]
type = "dropout"
name = "d"
"""
    from cnnsim.stepper.stepper import Stepper

    stepper = Stepper(parse_scenario("x", text))
    stepper.values.compute_all()
    held = sum(stepper.values[name].nbytes for name in stepper.values)
    most_taps = max(sweep.tap_count for sweep in stepper.network.sweeps)
    assert stepper.network.bytes_needed == held + 128 * most_taps


@pytest.mark.parametrize(
    "sources",
    ["", "bad = 1\n", 'from = "nowhere{number}"\n', 'from = "r{number}"\n'],
    ids=["good", "unknown keys", "unknown sources", "cycles"],
)
def test_ten_thousand_layers(sources: str) -> None:
    text = 'title = "t"\n[input]\nones = [3]\n' + "".join(
        f'[[layers]]\ntype = "relu"\nname = "r{number}"\n' + sources.format(number=number)
        for number in range(10_000)
    )
    started = time.process_time()
    read = attempt(lambda: parse_scenario("x", text))
    if sources:
        assert isinstance(read, FileError)
        assert len(read.problems) == 10_000
        assert read.problems[-1].line == 3 + 4 * 10_000
    else:
        assert isinstance(read, Scenario)
        assert len(read.network.layers) == 10_000
    assert time.process_time() - started < MOST_SECONDS


def test_ten_thousand_layers_before_one_that_does_not_fit() -> None:
    text = 'title = "t"\n[input]\nones = [1, 8, 8]\n' + "".join(
        f'[[layers]]\ntype = "relu"\nname = "r{number}"\n' for number in range(10_000)
    )
    started = time.process_time()
    with pytest.raises(CnnsimError):
        parse_scenario("x", text + '[[layers]]\ntype = "dense"\nname = "d"\nunits = 1\n')
    assert time.process_time() - started < MOST_SECONDS


def test_a_long_list_of_numbers() -> None:
    row = ", ".join(["0.5"] * 1000)
    text = 'title = "t"\n[input]\nvalues = [' + ",\n".join([f"[{row}]"] * 300) + "]\n"
    text += '[[layers]]\ntype = "relu"\nname = "r"\nbad = 1'
    with pytest.raises(FileError) as caught:
        parse_scenario("x", text)
    assert [problem.line for problem in caught.value.problems] == [306]
