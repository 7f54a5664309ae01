"""``--set key=value``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from checks import attempt
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.errors import FileError, UsageError, unprintable
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.reader import parse_scenario

TEXT = """\
title = "t"
[input]
ramp = [1, 5, 5]
[[layers]]
type = "conv2d"
name = "conv1"
filters = 2
size = 3
[[layers]]
type = "relu"
name = "relu-2"
[[tour]]
at = "first"
"""


def changed(*settings: str) -> Any:
    return parse_scenario("x", TEXT, settings=settings)


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("seed=3", lambda s: s.model.seed == 3),
        (" seed = 3 ", lambda s: s.model.seed == 3),
        ('title="a=b"', lambda s: s.title == "a=b"),
        ("title=bare words", lambda s: s.title == "bare words"),
        ("title='3'", lambda s: s.title == "3"),
        ("title=", lambda s: s.title == ""),
        ("mode=training", lambda s: s.network.training),
        ("input.ramp=[2,1,5,5]", lambda s: s.network.batch == 2),
        ("input={zeros=[1,9,9]}", lambda s: s.network.input_shape == (1, 9, 9)),
        ("layers.conv1.padding=1", lambda s: s.network.places["conv1"].output == (2, 5, 5)),
        ("layers[0].padding=same", lambda s: s.network.places["conv1"].output == (2, 5, 5)),
        ("layers.conv1.stride=[1,2]", lambda s: s.network.places["conv1"].output == (2, 3, 2)),
        ("layers.relu-2.from=input", lambda s: s.network.places["relu-2"].output == (1, 5, 5)),
        ("tour[0].say=hello", lambda s: s.tour[0].say == "hello"),
        ("tour[0].expect.after=1", lambda s: s.tour[0].expect == {"after": 1}),
        ("tour=[]", lambda s: s.tour == ()),
    ],
)
def test_changes(setting: str, found: Any) -> None:
    assert found(changed(setting))


def test_several_in_order() -> None:
    assert changed("seed=1", "seed=2", "layers.conv1.filters=4").model.seed == 2


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("seed", "should be key=value"),
        ("=3", "should be key=value"),
        (" =3", "should be key=value"),
        (".=3", "'.' is no key"),
        ("...=3", "is no key"),
        ("a b=3", "'a b' is no key"),
        ("layers[x]=3", "is no key"),
        ("layers[-1].padding=3", "is no key"),
        ("layers[2].padding=3", "there are only 2 entries"),
        ("layers[99999999999].padding=3", "is no key"),
        ("layers[" + "9" * 5000 + "].padding=3", "is no key"),
        ("layers.cnov1.padding=1", "no layer 'cnov1', did you mean 'conv1'"),
        ("layers.conv1=3", "should be a table, not 3"),
        ("title.x=3", "inside of no table"),
        ("title.x.y=3", "inside of no table"),
        ("input[0]=3", "inside of no table"),
        ("tour.first.say=x", "no layer 'first'"),
        ("sed=3", "did you mean 'seed'"),
        ("seed=x", "a whole number, not 'x'"),
        ("seed=" + "9" * 5000, "a whole number of more than 64 bits"),
        ("tour.0.at=5", "entries are counted from 0 in brackets: tour[0]"),
        ("layers.1.padding=1", "entries are counted from 0 in brackets: layers[1]"),
        ("tour[3].at=5", "there is only one entry, [0]"),
        (".".join("a" * 20000) + "=1", "nested too deep"),
        ("a={" + ".".join("a" * 200) + "=1}", "nested too deep"),
        ("seed=0x" + "f" * 5000, "more than 64 bits"),
        ("seed=" + "[" * 5000, "should be a whole number"),
        ("title=\x1b[31m", "U+001B"),
        ('title="\\u001b[31m"', "U+001B"),
        ("layers.conv1.from=\x1b", "\\u001b"),
        ("\x1b=1", "\\u001b"),
        ("layers.conv1.padding=-1", "layers[0].padding: should be 0 or more"),
        ("data.source=[1]", "data.source=[1]: should be text in quotes, not a list"),
        ("data={source={x=1}}", "data.source: should be text in quotes, not a table"),
    ],
)
def test_mistakes(setting: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        changed(setting)
    assert told in str(caught.value)
    assert unprintable(str(caught.value)) is None


def test_mistakes_of_the_file_keep_their_lines() -> None:
    with pytest.raises(FileError) as caught:
        changed("layers.conv1.size=9")
    ((problem),) = caught.value.problems
    assert (problem.line, problem.field) == (4, "layers[0]")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["seed=x"], "--set seed=x: should be a whole number, not 'x'"),
        (["seed=x", "seed=y"], "--set seed=y: should be a whole number, not 'y'"),
        (["layers.conv1.padding=-1"], "--set layers.conv1.padding=-1: layers[0].padding: should"),
        (["input={ramp=[1,5,x]}"], "--set input={ramp=[1,5,x]}: should be a table"),
        (["seed=0x" + "f" * 20], "--set seed=0xffffffffffffffffffff: is a whole number of more"),
        (["input={image='none.png'}"], "--set input={image='none.png'}: input.image: "),
        (["filters=3"], "--set filters=3: unknown key, did you mean 'layers.conv1.filters'?"),
        (
            ["name=x"],
            "--set name=x: unknown key, did you mean 'layers.conv1.name' or 'layers.relu-2.name'?",
        ),
        (["ramp=[1,5,5]"], "unknown key, did you mean 'input.ramp'?"),
    ],
)
def test_what_was_typed_is_to_blame_and_not_the_file(settings: list[str], told: str) -> None:
    with pytest.raises(FileError) as caught:
        changed(*settings)
    assert told in caught.value.message
    assert not caught.value.message.startswith("x:")


def test_a_file_that_is_named_by_a_setting_is_to_blame_on_it(tmp_path: Path) -> None:
    setting = f"weights={tmp_path / 'none.safetensors'}"
    with pytest.raises(FileError) as caught:
        changed(setting).leaves()
    assert caught.value.message.startswith(f"--set {setting}: ")


_PIECES = st.sampled_from(
    ["layers", "conv1", "input", "tour", "seed", "title", "[0]", "[7]", ".", "=", "3", "{", "}",
     "[", "]", " ", '"', "\x1b", "\n", "name", "type", "expect", "²", "-", "nan"]
)  # fmt: skip


@given(st.lists(st.one_of(st.text(max_size=20), st.lists(_PIECES).map("".join)), max_size=3))
def test_any_setting_is_taken_or_refused_clearly(settings: list[str]) -> None:
    attempt(lambda: changed(*settings))


def test_only_what_was_named_changes() -> None:
    document = {"a": {"b": 1}, "layers": [{"name": "x", "p": 1}, {"name": "y", "p": 2}]}
    apply_overrides(document, ["layers.y.p=5", "a.c.d=[1]"])
    assert document == {
        "a": {"b": 1, "c": {"d": [1]}},
        "layers": [{"name": "x", "p": 1}, {"name": "y", "p": 5}],
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("digits", "digits"),
        ("pictures", "{here}/pictures"),
        ("~/mnist", "{home}/mnist"),
        ("/mnist", "/mnist"),
    ],
)
def test_pictures_are_looked_up_where_they_were_typed(
    typed: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    document: dict[str, Any] = {"data": {"source": "mnist"}}
    apply_overrides(document, [f"data.source={typed}"])
    whole = meant.format(here=os.path.abspath(tmp_path), home="/home/somebody")
    assert document["data"]["source"] == whole
