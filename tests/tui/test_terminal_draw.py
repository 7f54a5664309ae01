"""Drawing a digit in a real terminal: the pad trains its net, the pen draws, the steps are real."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import spawn
from terminal import Terminal
from texts import dense, layer

from cnnsim.scenario.reader import read_scenario
from cnnsim.training.load import load

Opener = Callable[..., Terminal]

#: A seven on the sheet of 32 x 32 at 120x36: two columns and one row for each pixel; its bar.
SEVEN = [(18, 4), (46, 4), (42, 12), (36, 19), (30, 30)]
BAR = [(24, 18), (46, 18)]

#: The end of a class's bar and its share.
SHARES = re.compile(r"[━─╸] +\d+\.\d%")

#: A three or an eight, as one number from 0 to 1.
SINGLE = f"""
title = "three or eight"
[input]
digit = 3
{layer("conv2d", "conv1", filters=2, size=3)}
{layer("relu", "relu1")}
{dense(1)}
{layer("sigmoid", "odds")}
[loss]
type = "binary_cross_entropy"
target = [0.0]
[training]
optimizer = "adam"
rate = 0.01
epochs = 2
batch = 8
[data]
source = "digits"
classes = [3, 8]
"""


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
    pad.send("t")
    pad.wait_for("nothing trains now: t on a scenario trains it")
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
    pad.resize(80, 24)
    number = re.compile(r"─ pad +an? \d, test picture \d+ ")
    pad.wait_until(lambda: bool(number.search(pad.text())), "the number of the picture")


def test_what_was_said_of_another_picture_stands_beside(pad: Terminal) -> None:
    pad.send("c")
    pad.wait_for("draw something first: it is kept")
    pad.drag(SEVEN)
    pad.drag(BAR)
    pad.wait_for("says 7", "why 7")
    pad.settle()
    [seven] = re.findall(r"▸7 .* (\d+\.\d%)", pad.text())
    pad.send("c", "x")
    pad.wait_for("Nothing is drawn so far.")
    pad.drag(SEVEN[3:])
    pad.wait_for("kept   now")
    pad.wait_until(
        lambda: re.search(rf" 7 .* {re.escape(seven)} +\d+\.\d%", pad.text()) is not None,
        "both shares of the seven",
    )
    pad.send("c")
    pad.wait_gone("kept   now")
    pad.wait_for("probability")


def test_a_picture_file_is_seen_as_predict_sees_it(pad: Terminal, home: Path) -> None:
    """Ink on paper, read from a file and stepped into."""
    digits = load(read_scenario("digits_cnn")).test
    ink = np.kron(digits.pictures[0, 0], np.ones((10, 10)))
    file = home / "scan.png"
    Image.fromarray(np.round(255 * (1 - ink)).astype(np.uint8)).save(file)
    [net] = (home / "data" / "cnnsim" / "pad").iterdir()
    told = spawn("predict", str(net), str(file), "--invert", "--json")
    row = json.loads(told.stdout)
    pad.send("i")
    pad.wait_for("o opens a picture file")
    pad.send("o")
    pad.wait_for("open a picture file")
    pad.type(str(file))
    pad.wait_for("80×80 pixels")
    pad.send("enter")
    pad.wait_for("scan.png, turned around", f"says {row['class']}", f"{row['share']:.1%}")
    pad.send("enter")
    pad.wait_for("digits_cnn › 0:conv1 › forward", "tap[0,0,0]")
    pad.send("escape")
    pad.wait_for("scan.png, turned around")
    pad.send("i")
    pad.wait_gone("turned around", "nothing to undo")
    pad.send("o")
    pad.wait_for("open a picture file")
    pad.type("none.png")
    pad.wait_for("none.png")
    pad.send(*["backspace"] * len("none.png"))
    # Textual may type what comes at once before it deletes.
    pad.wait_gone("none.png")
    pad.type("~nobody-is-called-this/x.png")
    pad.wait_for("~nobody-is-called-this is no home folder here")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60), (60, 20), (60, 16)])
def test_the_pad_at_other_sizes(home: Path, width: int, height: int) -> None:
    terminal = Terminal((), home, width, height)
    try:
        terminal.wait_for("toy_2x2")
        terminal.settle()
        terminal.send("d")
        terminal.wait_for("pad 32×32", "says", timeout=240)
        terminal.settle()
        line = terminal.lines()[-2]
        assert "drag" in line
        assert "…" not in line
        # The sheet stands in the middle of its panel.
        left, top = terminal.find("pad 32×32")
        x, y = (left + terminal.find("says")[0]) // 2, (top + height) // 2
        corners = [(x - 4, y - 3), (x + 4, y - 3), (x, y + 3)]
        paper = terminal.cell(x, y)
        terminal.drag(corners)
        # Each class has got its share: before, only the names stand there.
        terminal.wait_until(lambda: len(SHARES.findall(terminal.text())) >= 3, "shares")
        # The ink is where the mouse was, nowhere else, and the frame is whole.
        terminal.wait_until(
            lambda: all(terminal.cell(*corner) != paper for corner in corners), "ink"
        )
        assert terminal.cell(x - 8, y + 3) == paper
        lines = terminal.lines()
        right = lines[top].index("╮")
        assert all(line[left - 3] + line[right] == "││" for line in lines[top + 1 : -2])
        terminal.send("q")
        terminal.wait_for("your drawing")
        terminal.send("q")
        assert terminal.wait_exit() == 0
    finally:
        terminal.close()


def test_a_net_of_an_earlier_version_is_trained_anew(opened: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "cnnsim" / "pad" / "digits_cnn"
    done = spawn("train", "digits_cnn", "--set", "training.epochs=1", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    terminal = opened()
    terminal.wait_for("toy_2x2")
    terminal.settle()
    terminal.send("d")
    terminal.wait_for("drag here", "trained 60 epochs", timeout=240)
    # The weights are there and cannot be read: the same.
    weights = folder / "last.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    terminal.send("escape")
    terminal.wait_for("toy_2x2")
    terminal.settle()
    terminal.send("d")
    terminal.wait_for("drag here", "trained 60 epochs", timeout=240)
    assert len(weights.read_bytes()) > 100


def test_a_net_with_one_output_is_drawn_for(opened: Opener, tmp_path: Path) -> None:
    """Two classes told apart by one number: both can be explained."""
    file = tmp_path / "single.toml"
    file.write_text(SINGLE)
    done = spawn("train", str(file), "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    terminal = opened("watch", str(tmp_path / "run"))
    terminal.wait_for("✓ finished", timeout=240)
    terminal.send("d")
    terminal.wait_for("drag here", timeout=240)
    terminal.settle()
    terminal.send("r", "1")
    terminal.wait_for("why 8 dy/dx")
    terminal.send("0")
    terminal.wait_for("why 3 −dy/dx")
    terminal.send("enter")
    terminal.wait_for("forward", "tap[0,0,0]")
    terminal.send("escape")
    terminal.wait_for("why 3 −dy/dx")
