"""Addresses: written, read back, and every way to get them wrong."""

from __future__ import annotations

import random

import pytest
from checks import attempt
from hypothesis import given
from hypothesis import strategies as st
from networks import ALEXNET_LAYERS, EVERY_KIND, alexnet, every_pass, network

from cnnsim.errors import AddressError, unprintable
from cnnsim.steps.address import format_address, parse_address
from cnnsim.steps.trace import Trace

ALEX = Trace(alexnet().sweeps)


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize("name", EVERY_KIND)
def test_reading_what_was_written(name: str, iterations: int) -> None:
    trace = Trace(every_pass(name)[0].sweeps, iterations)
    for step in range(0, len(trace), 1 + len(trace) // 500):
        assert parse_address(trace, format_address(trace, trace.position(step))) == step
    last = len(trace) - 1
    assert parse_address(trace, format_address(trace, trace.position(last))) == last


def test_reading_what_was_written_in_a_large_network() -> None:
    chosen = random.Random(2)
    for _ in range(500):
        step = chosen.randrange(len(ALEX))
        assert parse_address(ALEX, format_address(ALEX, ALEX.position(step))) == step


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("mac 500000000", "conv2.forward[0,225,14,7] tap[32,0,0]"),
        ("mac 999_999_999", "conv5.forward[0,124,10,3] tap[295,0,0]"),
        ("MAC 999,999,999", "conv5.forward[0,124,10,3] tap[295,0,0]"),
        ("mac 1076634144", "fc1.forward[0,0] tap[0]"),
        ("conv2", "conv2.forward[0,0,0,0] tap[0,0,0]"),
        ("conv2.forward", "conv2.forward[0,0,0,0] tap[0,0,0]"),
        ("conv2.forward[0,225,14,7]", "conv2.forward[0,225,14,7] tap[95,4,4]"),
        ("conv2[0,225,14,7]", "conv2.forward[0,225,14,7] tap[95,4,4]"),
        ("conv2.y[0,225,14,7]", "conv2.forward[0,225,14,7] tap[95,4,4]"),
        ("conv2.y", "conv2.forward[0,255,26,26] tap[95,4,4]"),
        (" conv2.forward [ 0 , 225,14, 7 ]  tap [ 32,0,0 ] ", None),
        ("conv2[0,225,14,7]tap[32,0,0]", None),
        ("0:conv2[0,225,14,7] tap[32,0,0]", None),
        ("0%", "conv1.forward[0,0,0,0] tap[0,0,0]"),
        ("100%", "fc2.forward[0,199] tap[4095]"),
        ("first", "conv1.forward[0,0,0,0] tap[0,0,0]"),
        ("Last", "fc2.forward[0,199] tap[4095]"),
        ("pool1.winner", "pool1.winner[0,0,0,0] tap[0,0]"),
        ("relu1[0,5,1,2]", "relu1.forward[0,5,1,2]"),
        ("step 12", "conv1.forward[0,0,0,0] tap[0,1,1]"),
        ("12", "conv1.forward[0,0,0,0] tap[0,1,1]"),
    ],
)
def test_spellings(text: str, canonical: str | None) -> None:
    step = parse_address(ALEX, text)
    expected = canonical or "conv2.forward[0,225,14,7] tap[32,0,0]"
    assert format_address(ALEX, ALEX.position(step)) == expected


@pytest.mark.parametrize("layer", [entry["name"] for entry in ALEXNET_LAYERS])
def test_a_layer_means_its_first_step_or_its_last(layer: str) -> None:
    first, last = parse_address(ALEX, layer), parse_address(ALEX, layer, end=True)
    numbers = ALEX.sweeps_of_layer(layer)
    assert first == ALEX.first_step(numbers[0])
    assert last == ALEX.ends[numbers[-1]] - 1
    forward_end = parse_address(ALEX, f"{layer}.forward", end=True)
    assert forward_end == ALEX.ends[numbers[0]] - 1


def test_percent_is_exact_in_huge_traces() -> None:
    """Nine times AlexNet a trillion: floating point would round beyond the end."""
    trace = Trace(alexnet().sweeps, 7_000_000_000)
    assert len(trace) > 2**62
    assert parse_address(trace, "100%") == len(trace) - 1
    assert parse_address(trace, "0%") == 0
    assert parse_address(trace, "50%") == round((len(trace) - 1) / 2) or (
        abs(parse_address(trace, "50%") * 2 - len(trace)) <= 2
    )


def test_iterations() -> None:
    net = network({"type": "conv2d", "filters": 1, "size": 2}, shape=(1, 3, 3))
    trace = Trace(net.sweeps, 3)
    assert parse_address(trace, "2:conv2d.forward[0,0,1,1] tap[0,0,1]") == 32 + 13
    assert parse_address(trace, "1:mac 3") == parse_address(trace, "1: step 3") == 19
    assert format_address(trace, trace.position(45)) == "2:conv2d.forward[0,0,1,1] tap[0,0,1]"
    # In an iteration of its own, where it says none; steps are counted through all of them.
    here = {"conv2d": 16, "mac 3": 19, "conv2d.y[0,0,0,0]": 19, "2:mac 3": 35, "step 3": 3, "0%": 0}
    for text, step in here.items():
        assert parse_address(trace, text, iteration=1) == step
    for text in ("3:conv2d", "3:mac 0", "99999:step 0"):
        with pytest.raises(AddressError) as caught:
            parse_address(trace, text)
        assert "0 to 2" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["no address", "conv1.forward["]),
        ("conv2.forward[0,225,14,7", ["no address"]),
        ("no spaces here", ["no address"]),
        ("cnov2", ["no layer 'cnov2'", "did you mean 'conv2'", "layers: conv1"]),
        ("CONV2", ["did you mean 'conv2'"]),
        ("conv2.foward", ["no sweep 'foward'", "did you mean 'forward'", "forward"]),
        ("conv2.winner", ["sweeps of conv2: forward"]),
        ("conv2[0,256,0,0]", ["o = 256", "0 to 255"]),
        ("conv2[0,-1,0,0]", ["o = -1", "0 to 255"]),
        ("conv2[1,0,0,0]", ["n = 1", "0 to 0"]),
        ("conv2[0,0,0]", ["[n,o,y,x]", "4 numbers, not 3"]),
        ("conv2[]", ["4 numbers, not 0"]),
        ("conv2[0,0,0,0] tap[96,0,0]", ["c = 96", "0 to 95"]),
        ("conv2[0,0,0,0] tap[0,5,0]", ["i = 5", "0 to 4"]),
        ("conv2[0,0,0,0] tap[0,0]", ["[c,i,j]", "3 numbers, not 2"]),
        ("conv2 tap[0,0,0]", ["a tap needs its cell"]),
        ("conv2[0,x,0,0]", ["'x' is no whole number"]),
        ("conv2[0,1.5,0,0]", ["'1.5'"]),
        ("relu1[0,0,0,0] tap[0]", ["0 numbers, not 1"]),
        ("fc1[0,0] tap[9216]", ["i = 9216", "0 to 9215"]),
        ("mac 1115202080", ["1,115,202,080", "0 to 1,115,202,079"]),
        ("mac -1", ["-1"]),
        ("mac x", ["'x'"]),
        ("step x", ["'x'"]),
        ("101%", ["beyond the end", "0% to 100%"]),
        ("100.0000000001%", ["beyond the end"]),
        ("-1%", ["no address"]),
        ("9" * 19, ["does not exist", "steps run from 0"]),
        ("9" * 5000, ["far beyond the end"]),
        ("step " + "9" * 5000, ["far beyond the end"]),
        ("mac " + "9" * 5000, ["far beyond the end"]),
        ("9" * 5000 + ":conv1", ["no address"]),
        ("9" * 5000 + ":mac 0", ["no address"]),
        ("9" * 5000 + "%", ["no address"]),
        ("conv1[" + "9" * 5000 + ",0,0,0]", ["far beyond the end"]),
        ("٣", ["no whole number"]),
        ("conv1\x1b[31m", ["no address", "\\u001b"]),
        ("mac \x1b", ["\\u001b"]),
        ("conv1[\x9b,0,0,0]", ["\\u009b"]),
    ],
)
def test_errors_say_what_would_be_right(text: str, told: list[str]) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(ALEX, text)
    assert unprintable(str(caught.value)) is None
    assert len(str(caught.value)) < 500
    for part in told:
        assert part in str(caught.value)


_PIECES = st.sampled_from(
    ["conv1", "conv2", "pool1", "fc2", ".", "forward", "winner", "[", "]", " ", "tap", ",", "0",
     "12", ":", "%", "mac", "step", "-", "last", "\x1b", "9" * 30, "²"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=30), st.lists(_PIECES, max_size=12).map("".join)))
def test_any_text_is_a_step_or_a_clear_error(text: str) -> None:
    for end in (False, True):
        step = attempt(lambda end=end: parse_address(ALEX, text, end=end))
        assert isinstance(step, AddressError) or 0 <= step < len(ALEX)


def test_a_scenario_without_steps() -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(Trace([]), "conv1")
    assert "no steps" in str(caught.value)
