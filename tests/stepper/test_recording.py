"""Recorded tours: what is written replays, with the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnsim.errors import CnnsimError, UsageError
from cnnsim.scenario.bundled import bundled_names
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.edits import Edits
from cnnsim.stepper.recording import Recording, recorded_text, save_recording
from cnnsim.stepper.replay import visit
from cnnsim.stepper.stepper import Stepper

SMALL = ("toy_2x2", "sobel", "conv_layer", "pooling", "backprop_toy", "train_by_hand")


def replayed(path: Path) -> Stepper:
    """The file read and replayed; every stop is as expected."""
    opened = Stepper(read_scenario(str(path)))
    assert opened.scenario.tour
    for number, stop in enumerate(opened.scenario.tour):
        assert visit(opened, number, stop).ok, stop.at
    return opened


@pytest.mark.parametrize("name", SMALL)
def test_what_was_seen_replays(name: str, tmp_path: Path) -> None:
    """Steps from all over, notes with everything that TOML must escape."""
    opened = Stepper(read_scenario(name))
    recording = Recording()
    total = len(opened.trace)
    for share in range(7):
        recording.see((total - 1) * share // 6)
    recording.note(total - 1, "the end: \\ \"quoted\"\nand a second line \t ''' ✓")
    path = tmp_path / "mine.toml"
    count = save_recording(opened, Edits(opened), recording, path)
    again = replayed(path)
    assert count == len(again.scenario.tour) == len(recording)
    assert [again.find(stop.at) for stop in again.scenario.tour] == [
        stop.step for stop in recording.stops
    ]
    assert again.scenario.tour[-1].say == recording.stops[-1].say
    assert again.scenario.title == opened.scenario.title


def test_comments_stay() -> None:
    """The file is the person's: only the tour is another."""
    opened = Stepper(read_scenario("train_by_hand"))
    recording = Recording()
    recording.see(3)
    text = recorded_text(opened, Edits(opened), recording, Path("mine.toml"))
    assert "# the number of the right class" in text
    assert text.count("[[tour]]") == 1


def test_edited_numbers_are_in_the_file(tmp_path: Path) -> None:
    """Given numbers and drawn ones; what was changed back is no change."""
    opened = Stepper(read_scenario("conv_layer"))
    edits = Edits(opened)
    edits.do("input", (0, 1, 0, 0), 9.25)
    name = next(iter(opened.network.parameters))
    edits.do(name, (0,) * len(opened.shapes[name]), -0.1)
    before = edits.do("input", (0, 0, 0, 0), 4).old
    edits.do("input", (0, 0, 0, 0), before)
    recording = Recording()
    recording.see(0)
    recording.see(len(opened.trace) - 1)
    path = tmp_path / "edited.toml"
    save_recording(opened, edits, recording, path)
    again = replayed(path)
    assert dict(again.scenario.model.edits) == {
        "input[0,1,0,0]": 9.25,
        f"{name}[{','.join('0' * len(opened.shapes[name]))}]": -0.1,
    }
    last = opened.trace.sweeps[-1].writes
    assert (again.values[last] == opened.values[last]).all()


def test_a_picture_is_found_from_another_folder(tmp_path: Path) -> None:
    """The path is rewritten as seen from the new file."""
    pictures = [
        name for name in bundled_names() if read_scenario(name).model.input.image is not None
    ]
    assert pictures
    opened = Stepper(read_scenario(pictures[0]))
    recording = Recording()
    recording.see(0)
    (tmp_path / "deep").mkdir()
    text = recorded_text(opened, Edits(opened), recording, tmp_path / "deep" / "mine.toml")
    (tmp_path / "deep" / "mine.toml").write_text(text)
    again = Stepper(read_scenario(str(tmp_path / "deep" / "mine.toml")))
    assert (again.values["input"] == opened.values["input"]).all()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that is there, a folder that is not."""
    opened = Stepper(read_scenario("toy_2x2"))
    recording = Recording()
    recording.see(0)
    taken = tmp_path / "taken.toml"
    taken.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        save_recording(opened, Edits(opened), recording, taken)
    assert taken.read_text() == "mine"
    with pytest.raises(CnnsimError, match="cannot be written"):
        save_recording(opened, Edits(opened), recording, tmp_path / "none" / "x.toml")


def test_a_step_is_recorded_once_in_a_row() -> None:
    """Looking again at the same step is no second stop; coming back is."""
    recording = Recording()
    for step in (1, 1, 2, 1):
        recording.see(step)
    recording.note(1, "back")
    assert [(stop.step, stop.say) for stop in recording.stops] == [(1, ""), (2, ""), (1, "back")]
    assert recording.note_at(1) == "back"
    assert recording.note_at(2) == ""
