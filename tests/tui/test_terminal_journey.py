"""From training to a drawn digit, by the mouse: the whole way that a person goes, recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from recording import Recording
from terminal import Terminal

from cnnsim.kernels.choose import engine_for
from cnnsim.training.evaluate import shares
from cnnsim.training.history import History
from cnnsim.training.preprocess import seen
from cnnsim.training.run import Run, open_run

Opener = Callable[..., Terminal]

#: The first time kernels are compiled.
COMPILING = 240
EPOCHS = 8
#: A seven on the sheet of 32 x 32 at 120x36: two columns and one row for each pixel; its bar.
SEVEN = [(18, 4), (46, 4), (42, 12), (36, 19), (30, 30)]
BAR = [(24, 18), (46, 18)]
#: The sheet's corner there.
CORNER = (1, 2)


def run_of(terminal: Terminal) -> Run:
    [folder] = (terminal.home / "data" / "cnnsim" / "runs").iterdir()
    return open_run(Path(folder))


def stands_at(terminal: Terminal) -> int:
    """The update that the slider says it stands at, once nothing is being computed for it."""
    busy = ("computing", "compiling", "reading", "opening")

    def words() -> str:
        return terminal.lines()[terminal.height - 2]

    terminal.wait_until(
        lambda: "update" in words() and not any(word in words() for word in busy),
        "a slider at rest", COMPILING,
    )  # fmt: skip
    found = re.search(r"update ([\d,]+)", words())
    assert found is not None
    return int(found[1].replace(",", ""))


def accuracy(terminal: Terminal) -> float:
    """The test accuracy in the row of numbers."""
    x, y = terminal.find("test accuracy")
    return float(terminal.lines()[y + 1][x : x + 8].split("%")[0])


def sheet(terminal: Terminal) -> npt.NDArray[np.float64]:
    """What is drawn, read from the colours of the screen [1, 32, 32]."""
    ink = np.zeros((1, 32, 32))
    for row in range(32):
        for column in range(32):
            ground = terminal.cell(CORNER[0] + 2 * column, CORNER[1] + row).bg
            ink[0, row, column] = float(ground not in ("default",) and int(ground[:2], 16) > 128)
    return ink


def bars(terminal: Terminal) -> list[float]:
    """The shares of the ten classes in percent, as they are shown; NaN while some are not."""
    found = re.findall(r"│ [ ▸](\d)  [━╸─]+ +([\d.]+)% │", terminal.text())
    is_whole = [int(name) for name, _ in found] == list(range(10))
    return [float(share) for _, share in found] if is_whole else [np.nan] * 10


def test_from_training_to_a_drawn_seven(opened: Opener) -> None:
    record = Recording("journey")
    terminal = opened("digits_cnn", "--set", f"training.epochs={EPOCHS}")
    terminal.wait_for("❚❚")
    terminal.settle()
    terminal.send("t")
    terminal.wait_for("✓ finished", "of 360 wrong", "the end", timeout=COMPILING)
    run = run_of(terminal)
    rows = run.metrics()
    assert len(rows) == EPOCHS
    record.stage("trained: the curves, the mistakes, the slider at the end", terminal)

    # The slider, dragged to the left end: nothing has been learned there.
    _, y = terminal.find("┿━")
    rail = y, terminal.lines()[y].rindex("●")
    terminal.drag([(rail[1], y), (60, y), (2, y)])
    terminal.wait_for("update 0 of ")
    assert stands_at(terminal) == 0
    assert accuracy(terminal) < 50
    record.stage("before the first update", terminal)

    # An epoch on, the numbers are those that were measured then.
    terminal.send("pagedown")
    each = History(run).each
    terminal.wait_for(f"update {each} of ")
    assert stands_at(terminal) == each
    assert accuracy(terminal) == pytest.approx(100 * rows[0]["test_accuracy"], abs=0.06)
    wrong = round(360 * (1 - rows[0]["test_accuracy"]))
    terminal.wait_for(f"{wrong} of 360 wrong", f"after update {each}")

    # A click on the first cell of the first filter watches that weight.
    x, y = terminal.find("─ 4 filters")
    terminal.click(x + 1, y + 1)
    terminal.wait_for("update_w", "terms", timeout=COMPILING)
    weights = History(run).tensors(each)["conv1.w"]
    found = re.search(r"w (−?[\d.e−]+) → ", terminal.text())
    assert found is not None
    before = float(found[1].replace("−", "-"))
    assert before == pytest.approx(float(weights[0, 0, 0, 0]), rel=1e-3)
    record.stage("one weight after an epoch, and what moved it", terminal)

    # From the rule of its update into the stepper and back.
    terminal.send("enter")
    terminal.wait_for(f"{each}:conv1", "conv1.w_moment_next[0,0,0,0]")
    terminal.send("escape")
    terminal.wait_for(f"update {each} of ")

    # Draw for the net as it is at the end.
    terminal.send("end", "d")
    terminal.wait_for("drag here", "test accuracy")
    terminal.settle()
    terminal.drag(SEVEN)
    terminal.drag(BAR)
    terminal.wait_for("says ", "maps relu1")
    engine = engine_for(run.iteration, 1)
    engine.load(run.read()[0])

    def said() -> npt.NDArray[np.float64]:
        """What the net makes of the sheet as it is seen now."""
        picture = seen(sheet(terminal), "digits").astype(np.float32)
        return 100 * shares(run.scenario, engine.outputs(picture[np.newaxis]))[0]

    # On a slow machine the second stroke takes a while.
    terminal.settle()
    terminal.wait_until(
        lambda: np.allclose(bars(terminal), said(), rtol=0, atol=0.06), "bars of what is drawn"
    )
    expected = said()
    terminal.wait_for(f"says {int(expected.argmax())}")
    record.stage("a seven is drawn, and read", terminal)

    # Into it, a step by the mouse and one by a key, and back.
    terminal.send("enter")
    # The rail, not the plot of the sum, which has such a mark too.
    terminal.wait_for("digits_cnn › 0:conv1 › ", "tap[0,0,0]", "●─")
    terminal.settle()
    _, y = terminal.find("●─")
    terminal.click(60, y)
    terminal.wait_gone("tap[0,0,0]")
    terminal.settle()
    there = terminal.lines()[0]
    terminal.send("right")
    terminal.wait_until(lambda: terminal.lines()[0] != there, "another step")
    record.stage("a product in the middle of it", terminal)
    terminal.send("escape")
    terminal.wait_for(f"says {int(expected.argmax())}")
    terminal.send("escape")
    terminal.wait_for("your drawing will be lost", "esc again")
    terminal.send("escape")
    terminal.wait_for("digits_cnn › train", "✓ finished")
    terminal.send("q")
    assert terminal.wait_exit() == 0
    record.finish()
