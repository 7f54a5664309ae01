"""Editing, taking away and the palette, in a real terminal."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from terminal import Terminal

# -- editing --------------------------------------------------------------------------------------


def edit(terminal: Terminal, text: str) -> None:
    terminal.send("e")
    terminal.wait_for("change a number")
    terminal.type(text)
    terminal.send("enter")
    terminal.wait_gone("change a number")


def test_an_edited_pixel_changes_everything_that_follows(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    edit(toy, "−4")
    toy.wait_for("1 edited", "0 → −4", "(−4)·1")
    toy.send("end")
    toy.wait_for("y[0,0,0] = 3", "y[0,0,1] = 7", "y[0,1,0] = 4")


def test_undo_and_redo_bring_the_exact_numbers_back(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    edit(toy, "0.1")
    edit(toy, "1e-3")
    toy.wait_for("2 edited", "0 → 0.001")
    toy.send("u")
    toy.wait_for("1 edited", "0 → 0.1")
    toy.send("u")
    toy.wait_gone("edited")
    toy.wait_for("0 → 1", "1·1")
    toy.send("U")
    toy.wait_for("1 edited", "0 → 0.1")
    toy.send("ctrl+r")
    toy.wait_for("2 edited", "0 → 0.001")
    toy.send("u", "u", "end")
    toy.wait_for("y[0,0,0] = 8", "y[0,0,1] = 7", "y[0,1,0] = 4")


def test_a_question_of_the_tour_is_about_the_numbers_that_are_there(opened) -> None:
    toy = opened("toy_2x2")
    toy.send("g")
    toy.wait_for("go to")
    toy.type("step 4")
    toy.send("enter")
    toy.wait_for("6·1")
    edit(toy, "10")
    toy.wait_for("10·1")
    toy.send("n")
    toy.wait_for("with your numbers", "y[0,0,0,1] come to, after all 4 of its terms?")
    assert "The window 6, 2" not in toy.text()
    toy.type("11")
    toy.send("enter")
    # The note is too narrow for all of it on a line.
    toy.wait_for("✓ right: 10·1 + 2·2 + 3·(−1) + 1·0", "= 11", "guessed 1 of 1")
    toy.send("u", "N")
    toy.wait_for("6·1")
    toy.send("n")
    toy.wait_for("The window 6, 2", "a question of the tour")
    assert "with your numbers" not in toy.text()
    toy.type("7")
    toy.send("enter")
    toy.wait_for("guessed 2 of 2")


def test_the_kernel_is_edited_with_tab(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("e")
    toy.wait_for("change a number", "input[0,0,0,0]", "conv1.w[0,0,0,0]")
    toy.send("tab")
    toy.settle()
    toy.type("10")
    toy.send("enter")
    toy.wait_for("0 → 10")
    toy.send("end")
    toy.wait_for("y[0,0,0] = 17", "y[0,0,1] = 61", "y[0,1,0] = 49")


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1e999", "--1"])
def test_what_is_no_number_is_not_taken(shared, text: str) -> None:
    toy = shared("toy_2x2")
    toy.send("e")
    toy.wait_for("change a number")
    toy.type(text)
    toy.send("enter")
    toy.wait_for("✗ type a number")
    toy.send("escape")
    toy.wait_gone("change a number")
    assert "edited" not in toy.text()


def test_with_nothing_to_undo_or_redo_that_is_said(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("u")
    toy.wait_for("nothing to undo")
    toy.send("U")
    toy.wait_for("nothing to redo", "0 → 1")
    # It is no error, and one sentence at a time.
    assert "nothing to undo" not in toy.text()
    assert "error" not in toy.text()


# -- taking away ----------------------------------------------------------------------------------


def test_s_saves_the_screen_as_svg_and_text(opened, tmp_path) -> None:
    toy = opened("toy_2x2", cwd=tmp_path)
    toy.wait_for("0 → 1")
    toy.send("right", "s")
    toy.wait_for("saved cnnsim-forward-1.svg and cnnsim-forward-1.txt")
    text = (tmp_path / "cnnsim-forward-1.txt").read_text()
    assert "1 → 13" in text
    assert len(text.splitlines()) == 36
    assert (tmp_path / "cnnsim-forward-1.svg").read_text().startswith("<svg")
    toy.send("s")
    toy.wait_for("saved cnnsim-forward-2.svg")


def test_where_the_screen_cannot_be_saved_that_is_said(opened, tmp_path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    toy = opened("toy_2x2", cwd=folder)
    toy.wait_for("0 → 1")
    folder.rmdir()
    toy.send("s")
    toy.wait_for("the screen could not be saved")
    toy.send("right")
    toy.wait_for("1 → 13")


def test_y_copies_code_that_gives_the_cell(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("L", "y")
    toy.wait_for("copied the cell as NumPy code")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(toy.copied[-1], {})
    assert float(printed.getvalue()) == 7
    toy.send("y")
    toy.wait_for("as PyTorch code")
    assert "torch" in toy.copied[-1]


# -- the palette ----------------------------------------------------------------------------------


def choose(terminal: Terminal, text: str, line: str) -> None:
    terminal.send("ctrl+p")
    terminal.wait_for("Search for commands")
    terminal.type(text)
    terminal.wait_for(line)
    terminal.send("enter")
    terminal.wait_gone(line)


def test_the_palette_runs_an_action(shared) -> None:
    toy = shared("toy_2x2")
    choose(toy, "twice", "Play twice as fast")
    toy.wait_for("❚❚ 4/s")


def test_the_palette_opens_a_scenario(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    choose(toy, "open sobel", "An edge detector")
    toy.wait_for("sobel › ", "1 of 162")


def test_the_palette_goes_to_a_layer(shared) -> None:
    modes = shared("modes")
    choose(modes, "layer dilated", "Go to its first step.")
    modes.wait_for("dilated › ")


def test_the_palette_goes_to_an_address(shared) -> None:
    toy = shared("toy_2x2")
    choose(toy, "mac 9", "Go to conv1.forward[0,0,1,0] tap[0,0,1].")
    toy.wait_for("step 9  ")


@pytest.mark.parametrize("key", ["escape", "q"])
def test_a_recording_is_asked_about_before_it_is_lost(opened, tmp_path: Path, key: str) -> None:
    toy = opened("toy_2x2", cwd=tmp_path)
    toy.wait_for("❚❚")
    toy.send("R", "right")
    toy.wait_for("● rec 2")
    toy.send(key)
    toy.wait_for("save the recording")
    toy.send("escape")
    toy.wait_for("● rec 2")
    toy.wait_gone("save the recording")
    toy.send(key)
    toy.wait_for("save the recording")
    toy.type("kept" if key == "q" else "discard")
    toy.send("enter")
    if key == "q":
        assert toy.wait_exit() == 0
        assert "tap[0,0,1]" in (tmp_path / "kept.toml").read_text()
    else:
        toy.wait_for("lessons")
        assert not list(tmp_path.glob("*.toml"))
