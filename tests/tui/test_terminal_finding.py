"""Going to an address and finding, in a real terminal."""

from __future__ import annotations

import pytest
from dialogs import ask, go


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("conv1.forward[0,0,1,0] tap[0,1,0]", "step 10"),
        ("conv1.forward[0,0,1,0]", "step 11"),
        ("conv1.y[0,0,1,0]", "step 11"),
        ("y[0,1,0]", "step 11"),
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


def test_the_palette_says_that_nothing_matches(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("ctrl+p")
    toy.type("conv1.w[0,0,1,1]")
    toy.wait_for("nothing is called so", "no step computes conv1.w[0,0,1,1]")
    toy.send("escape")
    toy.wait_gone("nothing is called so")


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
        ("conv1.y[0,0,2,0]", "y = 2 is outside conv1.forward"),
        ("conv1.w[0,0,0,0]", "no step computes conv1.w[0,0,0,0]"),
        ("-3", "step -3 does not exist"),
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
    toy.wait_for(f"✗ {complaint}" if complaint[0] in "mnsy" else complaint)
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
    toy.wait_for("no finished value > 5 after this step")
    toy.send(back)
    toy.wait_for("step 3  ")


def test_padding_is_found(shared) -> None:
    modes = shared("modes")
    ask(modes, "/", "sign change   padding", "padding")
    modes.wait_for("full › ", "[0,0,0,0]", "tap[0,0,0]", "░ padding")


def test_a_sign_change_is_found(shared) -> None:
    modes = shared("modes")
    ask(modes, "/", "sign change   padding", "sign change")

    def changes() -> bool:
        lines = [line for line in modes.text().split("\n") if "→" in line and "acc" in line]
        sums = lines[0].split("│")[1].split()[-3::2] if lines else []
        return [text.startswith("−") for text in sums] in ([True, False], [False, True])

    modes.wait_until(changes, "a sum whose sign changes")


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


def test_the_palette_finds_what_the_keys_are_called(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("ctrl+p")
    toy.wait_for("Search for")
    toy.type("scatter")
    toy.wait_for("Scatter: where each value that is read goes")
    toy.send("escape")
    toy.wait_gone("Search for")


def test_help_lies_over_what_was_said(opened) -> None:
    toy = opened("toy_2x2", width=80, height=24)
    toy.wait_for("tap[0,0,0]")
    toy.send("y")
    toy.wait_for("copied the cell")
    toy.send("?")
    toy.wait_for("? closes")
    toy.settle()
    assert "copied the cell" not in toy.text()
    assert f"╰{'─' * 70}╯" in toy.text(), "the frame is whole"


def test_nonsense_cannot_be_looked_for(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("/")
    toy.wait_for("sign change   padding")
    toy.type("chaos")
    toy.send("enter")
    toy.wait_for("✗ 'chaos' is nothing to look for")
    toy.send("escape")
    toy.wait_for("step 0  ")
