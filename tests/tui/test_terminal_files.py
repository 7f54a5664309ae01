"""Scenario files of one's own: reloading, odd ones, broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialogs import ask
from terminal import Terminal

TOY = """\
title = "Mine"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
"""


def write(path: Path, text: str) -> Path:
    """Replace a file as editors do: in one piece."""
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)
    return path


# -- reading again --------------------------------------------------------------------------------


def test_a_saved_change_shows_at_the_same_step(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path), "--at", "step 2")
    mine.wait_for("step 2  ", "13 → 8")
    write(path, TOY.replace("-1, 0", "-9, 0"))
    mine.wait_for("the file was saved: read again", "13 → −32", "step 2  ")


def test_a_saved_change_leaves_what_the_command_line_set(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path), "--at", "step 2", "--set", "layers.conv1.kernel=[[1, 2], [-9, 0]]")
    mine.wait_for("13 → −32")
    write(path, TOY.replace("[5, 3, 1]", "[4, 3, 1]"))
    mine.wait_for("the file was saved: read again", "13 → −23")


def test_a_saved_change_waits_for_what_it_would_undo(opened, tmp_path) -> None:
    """And it leaves the speed and the size of steps as they were."""
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path), "--at", "step 2")
    mine.wait_for("13 → 8")
    mine.send("]", "up", "R")
    mine.wait_for("● rec 1")
    ask(mine, "e", "change a number", "6")
    mine.wait_for("13 → 7", "1 edited", "by cell", "4/s")
    write(path, TOY.replace("-1, 0", "-9, 0"))
    mine.wait_for("the file was saved", "undone (u)", "saved (R)")
    mine.send("u")
    mine.wait_for("13 → 8")
    mine.settle(1.2, timeout=1.5)
    ask(mine, "R", "save the recording", "discard")
    mine.wait_for("the file was saved: read again", "13 → −32", "by cell", "4/s")
    assert "● rec" not in mine.text()


def test_a_broken_file_leaves_everything_and_says_why(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path), "--at", "step 2")
    mine.wait_for("13 → 8")
    write(path, TOY.replace("kernel", "kernle"))
    mine.wait_for("error", "kernle")
    mine.send("right")
    mine.wait_for("8 → 8", "step 3  ")
    write(path, TOY.replace("-1, 0", "-9, 0"))
    mine.wait_for("13 → −32" if "step 2" in mine.text() else "−32 → −32")


def test_a_file_that_goes_away_leaves_everything(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path))
    mine.wait_for("0 → 1")
    path.unlink()
    mine.send("right")
    mine.wait_for("1 → 13")
    write(path, TOY.replace("[[1, 2]", "[[5, 2]"))
    mine.wait_for("read again", "5 → 17")


def test_a_step_that_is_no_more_becomes_the_first(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path), "--at", "last")
    mine.wait_for("step 15  ")
    write(path, TOY.replace("[[1, 2], [-1, 0]]", "[[1]]"))
    mine.wait_for("1 of 9", "0 → 1")


def test_reading_again_in_a_dialog_loses_neither_the_dialog_nor_the_app(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path))
    mine.wait_for("0 → 1")
    mine.send("g")
    mine.wait_for("step 12   50%")
    mine.type("step 3")
    mine.wait_for("▸ conv1.forward")
    write(path, TOY.replace("[[1, 2]", "[[5, 2]"))
    mine.settle(1.2, timeout=1.5)
    mine.send("enter")
    mine.wait_for("step 3  ", "12 → 12")
    mine.send("home")
    mine.wait_for("0 → 5")


# -- odd files ------------------------------------------------------------------------------------


def scenario(layers: str, values: str = "values = [[1, 2], [3, 4]]") -> str:
    return f'title = "t"\n[input]\n{values}\n{layers}'


def layer(kind: str, name: str, *keys: str) -> str:
    return f'[[layers]]\ntype = "{kind}"\nname = "{name}"\n' + "".join(f"{k}\n" for k in keys)


SIXTY = scenario("".join(layer("relu", f"relu{n}") for n in range(60)))
LONG = scenario(
    layer("conv2d", "a" * 40, "kernel = [[1]]") + layer("relu", "b" * 40, f'from = "{"a" * 40}"')
)
BATCH = scenario(
    layer("conv2d", "conv", "filters = 2", "size = 2")
    + layer("flatten", "flat")
    + layer("dense", "dense", "units = 3"),
    "values = [[[[1, -2], [3, 4]]], [[[5, 6], [-7, 8]]], [[[9, 0], [1, -1]]]]",
)
FLAT = scenario(layer("dense", "dense", "units = 2") + layer("softmax", "soft"), "random = [7]")
BRANCHES = scenario(
    layer("conv2d", "stem", "kernel = [[1]]")
    + "".join(
        layer("relu", f"left{n}", f'from = "{"stem" if not n else f"sum{n - 1}"}"')
        + layer("tanh", f"right{n}", f'from = "{"stem" if not n else f"sum{n - 1}"}"')
        + layer("add", f"sum{n}", f'from = ["left{n}", "right{n}", "stem"]')
        for n in range(12)
    )
)
STRANGE = scenario(
    layer("conv2d", "conv", "kernel = [[1]]") + layer("relu", "relu"),
    "values = [[nan, inf], [-inf, 1e308]]",
)
HUGE = scenario(layer("conv2d", "conv", "kernel = [[1e300, 1e-300]]"), "values = [[1e300, -1e300]]")
ONE_STEP = scenario(layer("relu", "relu"), "values = [[-3]]")
THIN = scenario(layer("conv2d", "conv", "kernel = [[1, -1]]"), f"values = [{list(range(300))}]")

ODD = {
    "sixty layers": (SIXTY, "relu0", "relu59"),
    "long names": (LONG, "a" * 20, "b" * 20),
    "a batch": (BATCH, "conv", "dense"),
    "a flat input": (FLAT, "dense", "soft"),
    "branches": (BRANCHES, "stem", "sum11"),
    "NaN and infinity": (STRANGE, "NaN!", "relu"),
    "huge numbers": (HUGE, "conv", "conv"),
    "one step": (ONE_STEP, "relu", "relu"),
    "a thin picture": (THIN, "conv", "conv"),
}


def look_around(terminal: Terminal) -> None:
    """Every way of looking, at the beginning, in the middle and at the end."""
    for place in ("home", "50%", "end"):
        if place == "50%":
            terminal.send("g")
            terminal.wait_for("50%")
            terminal.type("50%")
            terminal.send("enter")
            terminal.wait_gone("step 12   50%")
        else:
            terminal.send(place)
        terminal.send(
            "v", "v", "v", "c", "C", "m", "right", "m", "left", "tab", "tab", "tab", "tab"
        )
        terminal.settle()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_can_be_stepped_through(opened, tmp_path, name) -> None:
    text, first, last = ODD[name]
    width, height = [(80, 24), (120, 36)][list(ODD).index(name) % 2]
    path = write(tmp_path / "odd.toml", text)
    odd = opened(str(path), width=width, height=height)
    odd.wait_for(first, "quit")
    look_around(odd)
    assert odd.is_alive
    odd.send("end")
    odd.wait_for(last)
    odd.send("q")
    assert odd.wait_exit() == 0
    assert odd.last_words.strip() == ""


def test_one_step_is_the_first_and_the_last(opened, tmp_path) -> None:
    path = write(tmp_path / "one.toml", ONE_STEP)
    one = opened(str(path))
    one.wait_for("step 0  1 of 1")
    one.send("right")
    one.wait_for("this is the last step")
    one.send("space")
    one.wait_for("❚❚")
    one.send("left")
    one.wait_for("this is the first step")


def test_nan_and_infinity_are_found_and_shout(opened, tmp_path) -> None:
    path = write(tmp_path / "odd.toml", STRANGE)
    odd = opened(str(path))
    odd.wait_for("NaN!", "+∞!", "−∞!")
    odd.send("right", "/")
    odd.wait_for("sign change   padding")
    odd.type("nan")
    odd.send("enter")
    odd.wait_for("relu › ")
    odd.send("shift+f3")
    odd.wait_for("conv › ", "[0,0,0,0]")


def test_a_scenario_with_no_tour_says_so(opened, tmp_path) -> None:
    path = write(tmp_path / "mine.toml", TOY)
    mine = opened(str(path))
    mine.wait_for("0 → 1")
    mine.send("n")
    mine.wait_for("this scenario has no tour")
    mine.wait_gone("this scenario has no tour")
    mine.wait_for("HL cell")
    assert "n note" not in mine.text()


def test_an_override_is_used(opened) -> None:
    toy = opened("toy_2x2", "--set", "layers.conv1.bias=100", "--set", "tour=[]")
    toy.wait_for("100 → 101")
