"""Where one was: written in one piece, read without trust."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.tui.marks import Mark, Marks, scenario_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "marks.json"


def test_a_mark_comes_back_in_the_next_session(path: Path) -> None:
    marks = Marks(path)
    marks.put("toy_2x2", 10, "conv1.forward[0,0,1,0] tap[0,1,0]", 16)
    marks.save()
    assert Marks(path).get("toy_2x2") == Mark(10, "conv1.forward[0,0,1,0] tap[0,1,0]", 10, 16)


def test_the_latest_comes_first(path: Path) -> None:
    marks = Marks(path)
    for name in ("a", "b", "c", "a"):
        marks.put(name, 0, "", 1)
    marks.save()
    assert [name for name, _ in Marks(path).recent()] == ["a", "c", "b"]


def test_going_back_keeps_how_far_one_came(path: Path) -> None:
    marks = Marks(path)
    marks.put("a", 15, "", 16)
    marks.put("a", 3, "", 16)
    mark = marks.get("a")
    assert mark is not None
    assert (mark.step, mark.farthest, mark.is_done) == (3, 15, True)


def test_the_end_of_a_tour_is_the_end(path: Path) -> None:
    marks = Marks(path)
    marks.put("a", 12, "there", 16, is_end=True)
    mark = marks.get("a")
    assert mark is not None
    assert (mark.step, mark.address, mark.is_done) == (12, "there", True)


def test_a_scenario_of_another_length_begins_anew(path: Path) -> None:
    marks = Marks(path)
    marks.put("a", 15, "", 16)
    marks.put("a", 3, "", 20)
    mark = marks.get("a")
    assert mark is not None
    assert (mark.farthest, mark.is_done) == (3, False)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "3", "null", '"a"', "\x00", "[" * 100_000, '{"a": 1}', '{"a": null}',
        '{"a": []}', '{"a": [1, 2, 3, 4]}', '{"a": ["1", "x", 2, 3]}', '{"a": [1, "x", 2.5, 3]}',
        '{"a": [1, "x", 2]}', '{"a": {"step": 1}}', '{"a": [-1, "x", 0, 0]}',
        '{"a": [true, "x", 0, 5]}', '{"a": [1, "x\\u001b[31m", 2, 3]}',
    ],
    ids=range(19),
)  # fmt: skip
def test_a_broken_file_is_as_good_as_none(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    assert Marks(path).recent() == []


def test_bytes_that_are_no_text_are_as_good_as_none(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe{}")
    assert Marks(path).recent() == []


def test_good_marks_beside_bad_ones_are_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"bad": [1, 2, 3, 4], "good": [1, "x", 2, 3]}))
    assert [name for name, _ in Marks(path).recent()] == ["good"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


#: As they are written, with numbers and words that are out of place.
_fields = st.tuples(
    st.integers(-2, 4), st.text(max_size=3), st.integers(-2, 4), st.integers(-2, 4)
).map(list)
_good = st.tuples(st.integers(0, 3), st.just("x"), st.integers(0, 3), st.integers(4, 9)).map(list)
_almost = st.dictionaries(st.text(max_size=5), st.one_of(_good, _fields, json_values), max_size=4)


def test_any_json_can_be_read(tmp_path: Path) -> None:
    path, read = tmp_path / "any.json", []

    @example({"good": [3, "x", 3, 4], "bad": [4, "x", 3, 4]})
    @given(st.one_of(json_values, _almost))
    def check(value: object) -> None:
        path.write_text(json.dumps(value))
        for _, mark in Marks(path).recent():
            assert 0 <= mark.step < mark.steps
            assert 0 <= mark.farthest < mark.steps
            assert mark.address.isprintable()
            read.append(mark)

    check()
    assert read


def test_a_folder_that_cannot_be_written_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    marks = Marks(tmp_path / "file" / "marks.json")
    marks.put("a", 0, "", 1)
    marks.save()
    assert (tmp_path / "file").read_text() == "no folder"


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    assert not Marks(path).recent()


def test_a_folder_in_the_place_of_the_file_is_no_problem(path: Path) -> None:
    path.mkdir(parents=True)
    marks = Marks(path)
    marks.put("a", 0, "", 1)
    marks.save()
    assert [each.name for each in path.parent.iterdir()] == ["marks.json"]


def test_nothing_but_the_file_is_left_behind(path: Path) -> None:
    marks = Marks(path)
    marks.put("a", 0, "", 1)
    marks.save()
    assert [each.name for each in path.parent.iterdir()] == ["marks.json"]


def test_old_marks_give_way(path: Path) -> None:
    marks = Marks(path)
    for number in range(300):
        marks.put(f"scenario {number}", 0, "", 1)
    marks.save()
    kept = [name for name, _ in Marks(path).recent()]
    assert len(kept) == 200
    assert kept[0] == "scenario 299"


def test_a_bundled_scenario_is_remembered_by_its_name() -> None:
    assert scenario_key(read_scenario("toy_2x2")) == "toy_2x2"


def test_a_file_is_remembered_by_its_full_path(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'title = "t"\n[input]\nvalues = [[1]]\n[[layers]]\ntype = "relu"\nname = "r"\n'
    Path("toy_2x2.toml").write_text(text)
    assert scenario_key(read_scenario("toy_2x2.toml")) == str(tmp_path / "toy_2x2.toml")


def test_a_text_without_a_file_is_remembered_by_its_name() -> None:
    text = 'title = "t"\n[input]\nvalues = [[1]]\n[[layers]]\ntype = "relu"\nname = "r"\n'
    assert scenario_key(parse_scenario("mine", text)) == "mine"
