"""Drawing a digit in a real terminal: the pad trains its net, the pen draws, the steps are real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

#: A seven on the sheet of 32 x 32 at 120x36: two columns and one row for each pixel; its bar.
SEVEN = [(18, 4), (46, 4), (42, 12), (36, 19), (30, 30)]
BAR = [(24, 18), (46, 18)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home, so that the net is trained once."""
    return tmp_path_factory.mktemp("pad")


@pytest.fixture
def pad(home: Path) -> Iterator[Terminal]:
    """The pad, opened from home."""
    terminal = Terminal((), home, 120, 36)
    terminal.wait_for("toy_2x2")
    terminal.settle()
    terminal.send("d")
    terminal.wait_for("drag here", "test accuracy", timeout=240)
    terminal.settle()
    yield terminal
    terminal.close()


def test_a_seven_is_drawn_read_and_stepped_into(pad: Terminal) -> None:
    pad.drag(SEVEN)
    pad.drag(BAR)
    pad.wait_for("says 7", "sees 8×8", "maps relu1", "why 7")
    pad.send("enter")
    pad.wait_for("digits_cnn › 0:conv1 › forward", "tap[0,0,0]")
    pad.send("right")
    pad.wait_for("tap[0,0,1]")
    pad.send("escape")
    pad.wait_for("says 7")
    pad.send("3")
    pad.wait_for("why 3")
    pad.send("b")
    pad.wait_for("loss › input_grad", "loss.target", "◂──")
    pad.send("escape")
    pad.wait_for("why 3")


def test_erase_undo_and_clear(pad: Terminal) -> None:
    pad.drag(SEVEN)
    pad.wait_for("maps relu1")
    pad.send("x")
    pad.wait_for("Nothing is drawn so far.")
    pad.wait_gone("maps relu1")
    pad.send("u")
    pad.wait_for("maps relu1")
    pad.send("u")
    pad.wait_for("Nothing is drawn so far.")
    pad.send("u")
    pad.wait_for("nothing to undo")
    pad.send("enter")
    pad.wait_for("draw something first")


def test_the_keyboard_draws_too(pad: Terminal) -> None:
    pad.send("up")
    pad.wait_for("pen 16,16 up")
    pad.send("space")
    pad.wait_for("pen 16,16 down")
    for _ in range(9):
        pad.send("down")
    pad.wait_for("pen 25,16 down", "maps relu1")
    pad.send("space")
    pad.wait_for("pen 25,16 up")


def test_test_pictures_come_with_their_class(pad: Terminal) -> None:
    pad.send("r")
    pad.wait_for(", test picture ", "maps relu1")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60), (60, 16)])
def test_the_pad_at_other_sizes(home: Path, width: int, height: int) -> None:
    terminal = Terminal((), home, width, height)
    try:
        terminal.wait_for("toy_2x2")
        terminal.settle()
        terminal.send("d")
        terminal.wait_for("pad 32×32", "says", timeout=240)
        terminal.settle()
        terminal.drag([(6, 4), (14, 4), (10, 9)])
        terminal.wait_for("100.0%" if height > 60 else "%")
        terminal.send("q")
        assert terminal.wait_exit() == 0
    finally:
        terminal.close()
