"""Stepping in a real terminal: what the keys do, and that the numbers are right."""

from __future__ import annotations

import contextlib
import io

import pytest
from terminal import Terminal


def ask(terminal: Terminal, key: str, title: str, text: str) -> None:
    """Open a dialog, type into it, press enter."""
    terminal.send(key)
    terminal.wait_for(title)
    terminal.type(text)
    terminal.send("enter")
    terminal.wait_gone(title)


def go(terminal: Terminal, address: str) -> None:
    ask(terminal, "g", "step 12   50%", address)


# -- moving ---------------------------------------------------------------------------------------


def test_stepping_forwards_shows_the_running_sums_1_13_8_8(shared) -> None:
    toy = shared("toy_2x2")
    toy.wait_for("step 0  1 of 16", "0 → 1")
    for number, sums in enumerate(["1 → 13", "13 → 8", "8 → 8"], 1):
        toy.send("right")
        toy.wait_for(f"step {number}  {number + 1} of 16", sums)


def test_stepping_backwards_shows_the_same_sums(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("right", "right", "right")
    toy.wait_for("8 → 8")
    for sums in ["13 → 8", "1 → 13", "0 → 1"]:
        toy.send("left")
        toy.wait_for(sums)


def test_h_and_l_step_too(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("l", "l")
    toy.wait_for("13 → 8")
    toy.send("h")
    toy.wait_for("1 → 13")


def test_the_output_is_8_7_4_5(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("end")
    toy.wait_for("y[0,0,0] = 8", "y[0,0,1] = 7", "y[0,1,0] = 4", "5 → 5", "step 15  16 of 16")


def test_the_end_and_the_beginning_are_said(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("left")
    toy.wait_for("this is the first step")
    toy.send("end", "right")
    toy.wait_for("this is the last step")


@pytest.mark.parametrize(("on", "back"), [("L", "H"), ("shift+right", "shift+left")])
def test_a_cell_forwards_and_back_to_its_beginning(shared, on: str, back: str) -> None:
    toy = shared("toy_2x2")
    toy.send(on, on)
    toy.wait_for("step 8", "[0,0,1,0] › tap[0,0,0]")
    toy.send("right", back)
    toy.wait_for("step 8", "[0,0,1,0] › tap[0,0,0]")
    toy.send(back)
    toy.wait_for("step 4", "[0,0,0,1] › tap[0,0,0]")


def test_up_makes_steps_coarser_and_down_finer(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("up")
    toy.wait_for("by cell")
    toy.send("right")
    toy.wait_for("[0,0,0,1] › tap[0,0,0]")
    toy.send("up")
    toy.wait_for("by row")
    toy.send("right")
    toy.wait_for("[0,0,1,0] › tap[0,0,0]")
    toy.send("up", "up", "up", "up")
    toy.wait_for("by layer")
    toy.send("j", "j", "j", "j", "j")
    toy.wait_gone("by layer", "by channel", "by row", "by cell")


def test_channels_change_in_place(shared) -> None:
    layer = shared("conv_layer")
    layer.wait_for("[0,0,0,0]")
    layer.send("c")
    layer.wait_for("[0,1,0,0]")
    layer.send("C")
    layer.wait_for("[0,0,0,0]")


# -- going to and finding -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("conv1.forward[0,0,1,0] tap[0,1,0]", "step 10"),
        ("conv1.forward[0,0,1,0]", "step 11"),
        ("mac 7", "step 7"),
        ("step 5", "step 5"),
        ("100%", "step 15"),
        ("conv1", "step 0"),
        ("last", "step 15"),
    ],
)
def test_an_address_is_gone_to(shared, address: str, header: str) -> None:
    toy = shared("toy_2x2")
    go(toy, address)
    toy.wait_for(f"{header}  ")


def test_an_address_is_explained_while_it_is_typed(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("g")
    toy.wait_for("step 12   50%")
    toy.type("mac 9")
    toy.wait_for("▸ conv1.forward[0,0,1,0] tap[0,0,1]")
    toy.send("escape")
    toy.wait_gone("step 12   50%")


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("mac 99", "multiply-add 99 does not exist"),
        ("conv9", "no layer 'conv9' here, did you mean 'conv1'?"),
        ("conv1.forward[0,0,9,0]", "y = 9 is outside conv1.forward"),
        ("conv1.forward[0]", "4 numbers, not 1"),
        ("120%", "beyond the end"),
        ("[[[", "is no address"),
    ],
)
def test_a_bad_address_is_told_in_the_dialog_and_nothing_is_lost(
    shared, address: str, complaint: str
) -> None:
    toy = shared("toy_2x2")
    toy.send("right", "g")
    toy.wait_for("step 12   50%")
    toy.type(address)
    toy.send("enter")
    toy.wait_for(f"✗ {complaint}" if complaint[0] in "mny" else complaint)
    toy.send("escape")
    toy.wait_for("step 1  2 of 16", "1 → 13")


@pytest.mark.parametrize("back", ["shift+f3", "shift+f3 of xterm", "ctrl+b"])
def test_a_value_is_found_again_and_again(shared, back: str) -> None:
    toy = shared("toy_2x2")
    ask(toy, "/", "sign change   padding", "> 5")
    toy.wait_for("step 3  ", "8 → 8")
    toy.send("f3")
    toy.wait_for("step 7  ", "7 → 7")
    toy.send("f3")
    toy.wait_for("no > 5 after this step")
    toy.send(back)
    toy.wait_for("step 3  ")


def test_padding_is_found(shared) -> None:
    modes = shared("modes")
    ask(modes, "/", "sign change   padding", "padding")
    modes.wait_for("full › ", "[0,0,0,0]", "tap[0,0,0]", "░ padding")


def test_a_sign_change_is_found(shared) -> None:
    modes = shared("modes")
    ask(modes, "/", "sign change   padding", "sign change")
    modes.wait_gone("step 0  ")
    line = next(line for line in modes.text().split("\n") if "→" in line and "acc" in line)
    before, after = line.split("│")[1].split()[-3::2]
    assert before.startswith("−") != after.startswith("−")


def test_what_is_not_there_is_told(shared) -> None:
    toy = shared("toy_2x2")
    ask(toy, "/", "sign change   padding", "sign change")
    toy.wait_for("no sign change after this step", "step 0  ")


def test_a_second_escape_closes_nothing_but_the_dialog(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    for key, sign in (("g", "step 12   50%"), ("?", "? closes"), ("ctrl+p", "Search for")):
        toy.send(key)
        toy.wait_for(sign)
        toy.send("escape", "escape")
        toy.wait_gone(sign)
    toy.settle()
    assert toy.is_alive
    assert "lessons" in toy.text() or "toy_2x2 › " in toy.text()


def test_nonsense_cannot_be_looked_for(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("/")
    toy.wait_for("sign change   padding")
    toy.type("chaos")
    toy.send("enter")
    toy.wait_for("✗ 'chaos' is nothing to look for")
    toy.send("escape")
    toy.wait_for("step 0  ")


# -- playing --------------------------------------------------------------------------------------


def test_playing_goes_on_by_itself_and_stops_at_the_end(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("]", "]", "]", "]", "space")
    toy.wait_for("▶ 32/s")
    toy.wait_for("step 15  16 of 16", "❚❚ 32/s")


def test_space_pauses(shared) -> None:
    sobel = shared("sobel")
    sobel.send("space")
    sobel.wait_for("▶ 2/s")
    sobel.wait_gone("step 0  ")
    sobel.send("space")
    sobel.wait_for("❚❚ 2/s")


def test_a_step_by_hand_pauses(shared) -> None:
    sobel = shared("sobel")
    sobel.send("space")
    sobel.wait_for("▶ 2/s")
    sobel.send("right")
    sobel.wait_for("❚❚ 2/s")


def test_brackets_change_the_speed(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("]")
    toy.wait_for("4/s")
    toy.send("[", "[")
    toy.wait_for("❚❚ 1/s")
    toy.send("[", "[", "[", "[", "[")
    toy.wait_for("0.25/s")
    toy.send("]", "]", "]")
    toy.wait_for("❚❚ 2/s")


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


# -- looking --------------------------------------------------------------------------------------


def test_the_tour_is_walked_note_by_note(shared) -> None:
    toy = shared("toy_2x2")
    toy.wait_for("note 1 of 7")
    toy.send("n")
    toy.wait_for("note 2 of 7", "step 1  ")
    toy.send("n", "n")
    toy.wait_for("note 4 of 7", "step 4  ")
    toy.send("N")
    toy.wait_for("note 3 of 7", "step 3  ")


def test_the_tour_ends_and_begins_with_a_word(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("N")
    toy.wait_for("the tour begins here")
    toy.send("end", "n")
    toy.wait_for("the tour ends here", "note 7 of 7")


def test_v_shows_symbols_then_colours_then_numbers(shared) -> None:
    toy = shared("toy_2x2")
    numbers = toy.text()
    toy.send("v")
    toy.wait_for("x00·w00", "x01·w01")
    toy.send("v")
    toy.wait_gone("x00·w00")
    assert toy.text() != numbers
    toy.send("v")
    toy.wait_until(lambda: toy.text() == numbers, "the numbers again")


def test_x_skips_padding(shared) -> None:
    modes = shared("modes")
    go(modes, "full.forward[0,0,0,0] tap[0,0,0]")
    modes.wait_for("░ padding")
    modes.send("x")
    modes.wait_for("no padding")
    modes.send("right")
    modes.wait_for("[0,0,0,0]", "tap[0,1,1]")
    modes.send("right")
    modes.wait_for("[0,0,0,1]", "tap[0,1,0]")
    modes.send("x")
    modes.wait_gone("no padding")


def test_m_shows_one_panel_alone_and_all_again(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("m")
    toy.wait_gone("loops", "conv1.y 1×2×2")
    toy.wait_for("input 1×3×3")
    toy.send("right")
    toy.wait_for("step 1  ")
    toy.send("m")
    toy.wait_for("loops", "conv1.y 1×2×2")


def test_escape_ends_maximising_before_it_goes_home(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("m")
    toy.wait_gone("loops")
    toy.send("escape")
    toy.wait_for("loops", "conv1.y 1×2×2")


def test_tab_brings_up_the_panels_that_share_a_place(shared) -> None:
    toy = shared("toy_2x2", width=80, height=24)
    toy.wait_for("what is happening │ loops │ where from")
    seen = set()
    for _ in range(12):
        for name, sign in (("loops", "for y in range"), ("where from", "iy "), ("note", "corner")):
            if sign in toy.text():
                seen.add(name)
        toy.send("tab")
        toy.settle(0.15)
    assert seen == {"loops", "where from", "note"}


def test_help_is_about_the_focused_panel_and_closes_with_its_own_key(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("?")
    toy.wait_for("A matrix of numbers.", "One step of the chosen size forwards.", "? closes")
    toy.send("?")
    toy.wait_gone("? closes")
    toy.send("right")
    toy.wait_for("step 1  ")


def test_themes_change_the_colours(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.settle()

    def grounds() -> set[str]:
        return {ground for _, ground in toy.colours()}

    assert grounds() >= {"1a1d25", "12141a", "ffc53d"}
    toy.send("T")
    toy.wait_until(lambda: grounds() >= {"fbfaf6", "f0eee7", "ffc53d"}, "light paper")
    toy.wait_until(lambda: not grounds() & {"12141a", "1a1d25"}, "nothing dark")
    toy.send("T")
    toy.wait_until(lambda: grounds() == {"default"}, "the terminal's own ground")
    toy.send("T")
    toy.wait_until(lambda: toy.cell(60, 25).bg == "12141a", "dark again")
    toy.send("right")
    toy.wait_for("1 → 13")


def test_now_is_gold_and_marked_in_three_places(shared) -> None:
    toy = shared("toy_2x2")
    toy.settle()
    x, y = toy.find("0,0     ▌")
    assert toy.cell(x, y).bg == "ffc53d"
    rows = toy.screen.buffer
    gold = {
        (x, y) for y in range(2, 14) for x in range(120) if rows[y][x].bg == "ffc53d"
    }  # fmt: skip
    assert len({x for x, _ in gold if x < 34}) > 5
    assert len({x for x, _ in gold if 38 < x < 64}) > 5
    assert len({x for x, _ in gold if 64 < x < 92}) > 5


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
