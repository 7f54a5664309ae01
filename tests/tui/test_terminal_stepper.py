"""Stepping in a real terminal: what the keys do, and that the numbers are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialogs import go

README = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")


def test_the_readme_shows_what_the_app_shows(shared) -> None:
    figure = next(text for text in README.split("```\n") if text.startswith(" cnnsim › toy_2x2"))
    toy = shared("toy_2x2", width=100, height=25)
    go(toy, "step 10")
    toy.wait_for("step 10  11 of 16", "note 6 of 7")
    toy.settle()
    assert toy.text().rstrip("\n").splitlines() == figure.splitlines()


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


def test_a_deep_address_leaves_the_scenarios_name(opened) -> None:
    """Where there is little room, the program's name goes first."""
    lenet = opened("lenet5", "--at", "conv2.forward[0,12,3,4]", width=80, height=24)
    lenet.wait_for("lenet5 › conv2 › [0,12,3,4] › tap[5,4,4]", "mac 302,849  ")
