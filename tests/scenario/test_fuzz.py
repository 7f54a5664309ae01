"""Files nobody would write: a clear error or a scenario that works, never anything else."""

from __future__ import annotations

import datetime
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from checks import attempt, check_file, visit_tour
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from cnnsim.errors import CnnsimError, unprintable
from cnnsim.network.layer import kinds
from cnnsim.network.loss import losses
from cnnsim.network.optimizer import optimizers
from cnnsim.network.walk import walk
from cnnsim.scenario.complaints import keys_of
from cnnsim.scenario.model import Input, ScenarioModel, Stop
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.tour import EXPECTED
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.moves import UNITS

#: Larger scenarios are looked at but not computed.
MOST_BYTES = 2_000_000
MOST_STEPS = 300_000


def survives(text: str) -> Scenario | None:
    """Read `text`, and use the scenario if it is one. Only a printable CnnsimError may come out."""
    scenario = attempt(lambda: parse_scenario("fuzz", text))
    if isinstance(scenario, CnnsimError):
        return None
    network = scenario.network
    walked = walk(network)
    assert walked.error is None
    assert len(walked.rows) == len(network.layers)
    if len(scenario.trace) > MOST_STEPS or scenario.iteration.bytes_needed > MOST_BYTES:
        return scenario
    tracemalloc.start()
    try:
        use(scenario)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The tensors, and some more of the same kind on the way; the shipped digits take 1 MB.
    assert peak < 6 * scenario.iteration.bytes_needed + 20_000_000
    return scenario


def use(scenario: Scenario) -> None:
    """Open it, read steps all over it, move, and follow its tour."""
    stepper = attempt(lambda: Stepper(scenario))
    if isinstance(stepper, CnnsimError):
        assert scenario.model.weights or scenario.model.input.image
        return
    last = len(stepper.trace) - 1
    for step in {0, last, *(last * share // 7 for share in range(1, 7))}:
        reading = stepper.read(step)
        assert stepper.find(reading.address) == step
        reading.as_dict(scenario.name)
        for unit in UNITS:
            assert 0 <= stepper.move(step, unit, True, True) <= last
    stepper.values.compute_all()
    for visited in visit_tour(stepper):
        visited.as_dict(scenario.name)


def toml(value: Any) -> str:
    """`value` as inline TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = (c if c.isalnum() or c in " .,[]-" else f"\\U{ord(c):08x}" for c in value)
        return '"' + "".join(plain) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return repr(value)


numbers = st.one_of(
    st.integers(0, 5),
    st.sampled_from([-1, 0, 7, 16, 100, 10**6, 10**9, 2**31, 2**63 - 1, 2**64, -(2**63) - 1]),
    st.floats(),
)
texts = st.one_of(
    st.sampled_from(
        ["valid", "same", "full", "none", "tied", "untied", "convolution", "he", "input", "a", "b",
         "c", "training", "lesson", "first", "last", "50%", "a.forward", "b[0,0]", "mac 1",
         "a[0,0,0,0] tap[0,0,0]", "step 3", "a.y", "\x1b[31m", "\u202e", "\x00", "/dev/null", "/"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)  # fmt: skip
scalars = st.one_of(numbers, texts, st.booleans(), st.dates(), st.times())
wild = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
small = st.integers(1, 3)
blocks = st.one_of(
    st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=3),
    st.lists(small, min_size=1, max_size=4),
    numbers,
)
#: For each key now and then what it should be, so that some files are good.
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["a", "b", "c", "d", "e"]),
    "from": st.sampled_from(["input", "a", "b", ["a", "b"], ["input", "a", "c"]]),
    "kernel": blocks,
    "values": blocks,
    "weights": st.sampled_from([[[1, 2, 3]], [[0.5], [-1]], "none.safetensors"]),
    "filters": small,
    "units": small,
    "groups": small,
    "size": st.one_of(small, st.lists(small, min_size=2, max_size=2)),
    "stride": small,
    "dilation": small,
    "padding": st.sampled_from([0, 1, [1, 0], [0, 1, 2, 0], "valid", "same", "full"]),
    "bias": st.sampled_from(["none", "tied", "untied", 1, [1, 2]]),
    "mode": st.sampled_from(["cross_correlation", "convolution", "evaluation", "training"]),
    "shape": st.lists(small, min_size=1, max_size=3),
    "ramp": st.sampled_from([[3], [1, 6, 6], [2, 5, 4], [2, 1, 5, 5]]),
    "zeros": st.lists(st.integers(3, 6), min_size=3, max_size=3),
    "random": st.lists(st.integers(3, 6), min_size=3, max_size=4),
    **dict.fromkeys(("title", "about", "goal", "needs", "say"), st.sampled_from(["t", "é\n"])),
    **dict.fromkeys(("seed", "minutes", "order", "digit", "inputs"), small),
    **dict.fromkeys(("ceil_mode", "count_include_pad"), st.booleans()),
    **dict.fromkeys(("epsilon", "slope", "weight_decay", "momentum"), st.floats(0.001, 0.9)),
    **dict.fromkeys(("mean", "variance", "scale", "shift"), st.one_of(small, st.just([1, 2]))),
    "target": st.one_of(small, blocks, st.lists(st.sampled_from([0, 1]), min_size=1, max_size=3)),
    "rate": st.floats(0.001, 0.9),
    "iterations": small,
    "type": st.sampled_from(["lesson", "network"]),
    "init": st.sampled_from(["torch", "he", {"normal": 0.1}]),
    "at": st.sampled_from(["first", "last", "50%", "step 3", "a", "a.forward"]),
    "expect": st.one_of(
        st.dictionaries(st.sampled_from(["after", "before", "term", "tolerance"]), small),
        st.fixed_dictionaries({"cell": st.just([0, 0, 0, 0]), "why": st.just("none")}),
        st.dictionaries(
            st.sampled_from([*EXPECTED, "tensors", "tolerance"]),
            st.one_of(numbers, wild, st.dictionaries(st.sampled_from(["a.y", "input"]), blocks)),
            max_size=3,
        ),
    ),
}


def seldom(often: int) -> st.SearchStrategy[bool]:
    """True once in a while. Hypothesis likes the ends of a range, so it is a number inside."""
    return st.integers(0, often).map(lambda number: number == often // 2)


def entries(keys: list[str], always: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """A table of some of `keys` with likely or wild values, and rarely a key that is unknown."""
    likely = {key: LIKELY.get(key, scalars) for key in keys}
    mixed = {
        key: seldom(15).flatmap(lambda rare, good=good: wild if rare else good)
        for key, good in likely.items()
    }
    fixed = {key: mixed[key] for key in always}
    optional = {key: value for key, value in mixed.items() if key not in always}
    table = st.fixed_dictionaries(fixed, optional=optional)
    odd = st.dictionaries(texts, wild, max_size=1)
    both = st.builds(lambda table, odd: {**table, **odd}, table, odd)
    return seldom(10).flatmap(lambda rare: both if rare else table)


@st.composite
def tables(draw: st.DrawFn, model: Any, always: tuple[str, ...]) -> dict[str, Any]:
    """A table with what it needs and few of its optional keys."""
    names = [key for key in keys_of(model) if key not in ("type", *always)]
    chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else []
    return draw(entries([*always, *chosen], always))


NEEDS = {
    "conv2d": ("filters", "size"),
    "dense": ("units",),
    "max_pool2d": ("size",),
    "avg_pool2d": ("size",),
    "reshape": ("shape",),
}


@st.composite
def passes(draw: st.DrawFn) -> list[str]:
    """Now and then a loss or an output gradient, and training."""
    lines = []
    first = draw(st.sampled_from(["", "", "", "loss", "output_grad"]))
    if first == "loss":
        kind = draw(st.sampled_from([*losses()]))
        table = draw(tables(losses()[kind], ("target",)))
        lines += ["[loss]", f'type = "{kind}"']
        lines += [f"{toml(key)} = {toml(value)}" for key, value in table.items()]
    elif first:
        lines += ["[output_grad]", f"ones = {toml(draw(st.one_of(st.just(True), wild)))}"]
    if draw(seldom(3 if first else 15)):
        kind = draw(st.sampled_from([*optimizers()]))
        table = draw(tables(optimizers()[kind], ()))
        table.pop("optimizer", None)
        lines += ["[training]", f'optimizer = "{kind}"']
        lines += [f"{toml(key)} = {toml(value)}" for key, value in table.items()]
    return lines


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A scenario of plausible tables."""
    lines = [f"{key} = {toml(value)}" for key, value in draw(tables(ScenarioModel, ("title",)))
             .items() if key not in ("input", "tour")]  # fmt: skip
    source = draw(st.sampled_from(["ramp", "random", "zeros", "values", "digit"]))
    plain = entries([source], (source,))
    given_input = draw(tables(Input, ()) if draw(seldom(8)) else plain)
    lines.append(f"input = {toml(given_input)}")
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([*kinds()]))
        always = ("name", *NEEDS.get(kind, ()))
        layer = draw(tables(kinds()[kind], always))
        if not draw(seldom(10)):
            layer["name"] = "abcde"[number]
        if kind == "add" and not draw(seldom(4)):
            layer["from"] = ["input", "abcde"[number - 1] if number else "input"]
        lines += ["[[layers]]", f'type = "{kind}"']
        lines += [f"{toml(key)} = {toml(value)}" for key, value in layer.items()]
    lines += draw(passes())
    for stop in draw(st.lists(tables(Stop, ("at",)), max_size=2)):
        lines += ["[[tour]]", *(f"{toml(key)} = {toml(value)}" for key, value in stop.items())]
    return "\n".join(lines)


@examples(200)
@given(documents())
def test_plausible_tables_with_wild_values(text: str) -> None:
    survives(text)


GOOD = """\
title = "t"
seed = 3
mode = "training"
[input]
ramp = [2, 2, 6, 6]
[[layers]]
type = "conv2d"
name = "a"
filters = 4
size = [3, 2]
stride = 1
padding = "same"
groups = 2
[[layers]]
type = "batch_norm2d"
name = "b"
[[layers]]
type = "max_pool2d"
name = "c"
size = 3
stride = 2
padding = 1
ceil_mode = true
[[layers]]
type = "flatten"
name = "d"
[[layers]]
type = "dense"
name = "e"
units = 3
[[layers]]
type = "softmax"
name = "f"
[[tour]]
at = "a.forward[0,0,0,0] tap[0,1,1]"
say = "**Here**"
expect = { before = 1.5, tensors."a.y" = [[1, 2], [3, 4]], outside = false }
"""
GOOD = GOOD.replace(', tensors."a.y" = [[1, 2], [3, 4]]', "")
PIECES = [
    *GOOD.splitlines(keepends=True), "[", "]", "[[", "{", "}", '"', "'", '"""', "=", ".", ",", "\n",
    "#", "0", "-", "9" * 30, "9" * 5000, "0x" + "f" * 5000, "nan", "inf", "1e999", "true",
    "1979-05-27", "\\u001b", "\x1b", "\u202e", "\x00", "é", "[" * 300, "a." * 300,
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The good file with pieces taken out, doubled, moved or put in."""
    text = GOOD
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            lines = text.splitlines(keepends=True) or [""]
            first, second = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            change = draw(st.sampled_from(["drop", "double", "swap", "value"]))
            if change == "drop":
                del lines[first]
            elif change == "double":
                lines.insert(second, lines[first])
            elif change == "swap":
                lines[first], lines[second] = lines[second], lines[first]
            else:
                key, equals, _ = lines[first].partition("=")
                lines[first] = f"{key}{equals} {toml(draw(wild))}\n" if equals else lines[first]
            text = "".join(lines)
        else:
            first = draw(st.integers(0, len(text)))
            last = min(len(text), first + draw(st.integers(0, 6)))
            text = text[:first] + draw(st.sampled_from(["", *PIECES])) + text[last:]
    return text


def test_the_good_file_is_good() -> None:
    assert survives(GOOD) is not None


@examples(200)
@given(mutations())
def test_mutations_of_a_good_file(text: str) -> None:
    survives(text)


@examples(60)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda t: t.encode())))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    file.write_bytes(data)
    complaints = check_file(str(file))
    assert complaints
    assert all(unprintable(complaint) is None for complaint in complaints)
    with pytest.raises(CnnsimError):
        read_scenario(str(file))


def test_the_strategies_find_good_files_too() -> None:
    """A fuzzer that is always refused at the door tests only the door."""
    taken = {"documents": 0, "mutations": 0}

    @examples(100)
    @given(documents(), mutations())
    def look(document: str, mutation: str) -> None:
        for name, text in (("documents", document), ("mutations", mutation)):
            taken[name] += not isinstance(attempt(partial(parse_scenario, "t", text)), CnnsimError)

    look()
    assert all(count >= 5 for count in taken.values()), taken
