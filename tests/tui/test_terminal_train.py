"""Training in a real terminal: led by keys, looked into, saved; and runs that are watched."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from running import spawn
from terminal import Terminal

from cnnsim.errors import CnnsimError
from cnnsim.scenario.bundled import find
from cnnsim.training.checkpoint import read_checkpoint
from cnnsim.training.files import locked
from cnnsim.training.run import open_run

Opener = Callable[..., Terminal]

#: The first time kernels are compiled.
COMPILING = 240


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits net with so many epochs that no test sees their end."""
    file = tmp_path_factory.mktemp("scenario") / "lasting.toml"
    file.write_text(find("digits_cnn").read_text("utf-8").replace("epochs = 60", "epochs = 90000"))
    return file


def epoch_of(terminal: Terminal) -> int:
    """The latest epoch in the log."""
    found = re.findall(r"epoch +(\d+)  test", terminal.text())
    return int(found[0]) if found else 0


def runs_of(terminal: Terminal) -> list[Path]:
    return sorted((terminal.home / "data" / "cnnsim" / "runs").iterdir())


def test_a_net_is_led_and_looked_into(opened: Opener, lasting: Path) -> None:
    terminal = opened(str(lasting))
    terminal.wait_for("❚❚")
    terminal.settle()
    terminal.send("t")
    terminal.wait_for("lasting › train", "● running", "mistakes", timeout=COMPILING)
    terminal.wait_for("of 360 wrong", "fc1.w", "enter steps into it", timeout=COMPILING)
    terminal.wait_until(lambda: epoch_of(terminal) >= 3, "some epochs", COMPILING)
    terminal.send("space")
    terminal.wait_for("❚❚ paused")
    terminal.settle()
    before = epoch_of(terminal)
    # To the end of the epoch that has begun, and one more.
    terminal.send(">", ">")
    terminal.wait_until(lambda: epoch_of(terminal) == before + 2, "two epochs more")
    terminal.wait_for("❚❚ paused")
    terminal.send("+")
    terminal.wait_for("base rate 0.005 (×", "base η 0.005 from update")
    terminal.send(".")
    terminal.wait_for("❚❚ paused")
    terminal.send("3")
    terminal.wait_gone("mistakes", "log")
    assert epoch_of(terminal) == 0
    terminal.send("3")
    terminal.wait_for("mistakes")
    terminal.send("e")
    terminal.wait_for("linear e log")
    # What is opened is the chosen mistake: its class is what the loss asks for.
    terminal.send("down")
    terminal.wait_for("2 of ")
    found = re.search(r"▸(\d)→\d◂", terminal.text())
    assert found is not None
    terminal.send("enter")
    terminal.wait_for("lasting › 0:conv1 › ", "tap[0,0,0]")
    terminal.send("right")
    terminal.wait_for("tap[0,0,1]")
    terminal.send("escape")
    terminal.wait_for("mistakes", "❚❚ paused")
    terminal.send("space")
    terminal.wait_for("● running")
    terminal.send("ctrl+c")
    terminal.wait_for("■ stopped, saved")
    [folder] = runs_of(terminal)
    run = open_run(folder)
    [change] = run.rate_changes()
    assert change.rate == 0.005
    _, point = read_checkpoint(folder / "last.safetensors", run.iteration)
    assert point.epoch == len(run.metrics()) >= before + 2
    assert point.iteration > change.iteration
    terminal.send("+")
    terminal.wait_for("the run has been stopped: space goes on with it")
    terminal.send("space")
    terminal.wait_for("● running", timeout=COMPILING)
    terminal.wait_until(lambda: len(run.metrics()) > point.epoch, "another epoch")
    terminal.send("ctrl+c")
    terminal.wait_for("■ stopped, saved")
    assert [row["epoch"] for row in run.metrics()] == [*range(1, len(run.metrics()) + 1)]
    terminal.send("q")
    assert terminal.wait_exit() == 0


def step_inside(terminal: Terminal) -> None:
    """Enter a mistake as soon as there is one: after some epochs there is none."""

    def is_inside() -> bool:
        terminal.send("enter")
        terminal.settle(0.5)
        return "0:conv1 › " in terminal.text()

    terminal.wait_until(is_inside, "step inside", COMPILING)


def test_leaving_lets_it_train_and_quitting_saves(opened: Opener, lasting: Path) -> None:
    terminal = opened(str(lasting))
    terminal.wait_for("❚❚")
    terminal.settle()
    terminal.send("t")
    terminal.wait_for("● running", timeout=COMPILING)
    terminal.wait_until(lambda: epoch_of(terminal) >= 2, "two epochs", COMPILING)
    seen = epoch_of(terminal)
    terminal.send("escape")
    # The header of every other screen tells how it goes on.
    terminal.wait_for("lasting › 0:conv1", "/90000  t", "t comes back to it")
    terminal.wait_until(lambda: _told(terminal) > seen + 1, "more epochs", COMPILING)
    terminal.send("escape")
    terminal.wait_for("lessons", "● lasting ")
    terminal.send("t")
    terminal.wait_for("lasting › train", "● running")
    terminal.wait_until(lambda: epoch_of(terminal) > seen, "the epochs since")
    # From a step above it, too.
    step_inside(terminal)
    terminal.wait_for("lasting › 0:conv1 › ", "paused ", "/90000  t")
    terminal.send("t")
    terminal.wait_for("lasting › train", "❚❚ paused")
    terminal.send("space")
    terminal.wait_for("● running")
    terminal.send("escape")
    terminal.wait_for("lessons", "● lasting ")
    [folder] = runs_of(terminal)
    terminal.send("q")
    assert terminal.wait_exit() == 0
    _wait_saved(folder, seen)


def test_a_run_that_is_over_is_forgotten_when_it_is_left(opened: Opener, lasting: Path) -> None:
    terminal = opened(str(lasting))
    terminal.wait_for("❚❚")
    terminal.settle()
    terminal.send("t")
    terminal.wait_for("● running", timeout=COMPILING)
    terminal.send("ctrl+c")
    terminal.wait_for("■ stopped, saved")
    terminal.send("escape")
    terminal.wait_for("lasting › 0:conv1")
    terminal.wait_gone("■")
    terminal.send("t")
    terminal.wait_for("● running", timeout=COMPILING)
    assert len(runs_of(terminal)) == 2


def test_what_the_command_line_set_is_trained_after_the_file_was_saved(
    opened: Opener, lasting: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(lasting.read_text("utf-8"))
    terminal = opened(str(file), "--set", "seed=3")
    terminal.wait_for("❚❚")
    terminal.settle()
    file.write_text(lasting.read_text("utf-8") + "\n")
    terminal.wait_for("the file was saved: read again")
    terminal.wait_for("❚❚")
    terminal.send("t")
    terminal.wait_for("mine › train › seed 3", "mine-3-1")
    [folder] = runs_of(terminal)
    assert open_run(folder).seed == 3


def test_a_paused_run_is_gone_through_and_a_weight_is_watched(
    opened: Opener, lasting: Path
) -> None:
    terminal = opened(str(lasting))
    terminal.wait_for("❚❚")
    terminal.settle()
    terminal.send("t")
    terminal.wait_for("● running", timeout=COMPILING)
    terminal.wait_until(lambda: epoch_of(terminal) >= 2, "two epochs", COMPILING)
    terminal.send("space")
    terminal.wait_for("❚❚ paused", ", now")
    found = re.search(r"update ([\d,]+), now", terminal.text())
    assert found is not None
    end = int(found[1].replace(",", ""))
    terminal.send("left", "left", "left", "right")
    terminal.wait_for(f"update {end - 2:,} of {end:,}", f"after update {end - 2:,}")
    terminal.send("enter")
    terminal.wait_for(f"lasting › {end - 2}:conv1 › ", timeout=COMPILING)
    terminal.send("escape")
    terminal.wait_for(f"update {end - 2:,} of {end:,}")
    terminal.send("w")
    terminal.wait_for("watch one weight", "conv1.w, conv1.b")
    terminal.type("conv9.w[0]")
    terminal.wait_for("no tensor 'conv9.w', did you mean", "for example conv1.w[1,0,1,1]")
    terminal.send("enter")
    terminal.wait_for("✗ no tensor 'conv9.w'")
    terminal.send("ctrl+u")
    terminal.settle()
    terminal.type("fc2.b[99]")
    terminal.wait_for("'fc2.b[99]' is outside of fc2.b")
    terminal.send("ctrl+u")
    terminal.settle()
    terminal.type("fc2.b[3]")
    terminal.wait_for("fc2.b[3] of 10")
    terminal.send("enter")
    # One for each picture of the batch; the last one of an epoch has fewer.
    terms = "29 terms" if (end - 2) % 45 == 44 else "32 terms"
    terminal.wait_for("update_b", terms, timeout=60)
    # The last rule and the largest term open where they stand.
    terminal.send("down", "down", "down", "enter")
    terminal.wait_for(f"{end - 2}:fc2", "fc2.db", "tap[")
    terminal.send("escape")
    terminal.wait_for(terms)
    # The same number again is shown as it was.
    terminal.send("w")
    terminal.wait_for("watch one weight")
    terminal.type("fc2.b[3]")
    terminal.wait_for("fc2.b[3] of 10")
    terminal.send("enter")
    terminal.wait_gone("watch one weight")
    terminal.settle()
    terminal.wait_for("update_b", terms)
    terminal.send("8")
    terminal.wait_for("8 activations", "relu1", "deviation")
    terminal.send("8", "home")
    terminal.wait_for(f"update 0 of {end:,}")
    terminal.send("end")
    terminal.wait_for(f"update {end:,}, now", "update_b")
    # What moved the weight in one update is not shown beside another one.
    terminal.send("space")
    terminal.wait_for("● running", "the latest", "choose an update")
    terminal.wait_gone("update_b")
    terminal.send("left")
    terminal.wait_for("update_b")
    terminal.send("end")
    terminal.wait_for("the latest", "choose an update")
    terminal.wait_gone("update_b")


def test_a_filters_weight_is_watched_and_then_opened(opened: Opener, finished: list[Path]) -> None:
    terminal = opened("watch", str(finished[0]))
    terminal.wait_for("✓ finished", "filters", "enter steps into it", timeout=COMPILING)
    terminal.send("left")
    terminal.wait_for("batch loss", timeout=COMPILING)
    terminal.settle()
    left, top = terminal.find("4 filters")
    place = (left + 2, top + 2)
    terminal.click(*place)
    terminal.wait_for("update_w", "36 terms", timeout=COMPILING)
    terminal.settle()
    terminal.click(*place)
    terminal.wait_for("digits_article_trained › ", "update_w", "conv1.w_next", timeout=COMPILING)


def _told(terminal: Terminal) -> int:
    """The epochs that the header of another screen tells of."""
    found = re.search(r"● (?:lasting )?(\d+)/90000", terminal.lines()[0])
    return int(found[1]) if found else 0


def _wait_saved(folder: Path, epochs: int) -> None:
    """The process that trained saves once the app is gone, and then ends."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        run = open_run(folder)
        _, point = run.read()
        if point.epoch == len(run.metrics()) >= epochs:
            with suppress(CnnsimError), locked(folder / "scenario.toml"):
                return
        time.sleep(0.1)
    raise AssertionError("the run was not saved")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of the article's net, trained without a terminal."""
    folder = tmp_path_factory.mktemp("runs")
    done = spawn(
        "train", "digits_article_trained", "--seeds", "0,1", "--epochs", "4", "--out", str(folder)
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return sorted(folder.iterdir())


def test_runs_are_watched(opened: Opener, finished: list[Path]) -> None:
    before = {path: path.read_bytes() for run in finished for path in run.iterdir()}
    terminal = opened("watch", *map(str, finished))
    terminal.wait_for("digits_article_trained › watch run a", "✓ finished", timeout=COMPILING)
    terminal.wait_for("nN other run")
    terminal.wait_for("a seed 0  b seed 1", "of 360 wrong", "mistakes", "epoch 4")
    terminal.wait_for("enter steps into it")
    terminal.send("space")
    terminal.wait_for("this run has ended")
    terminal.send("n")
    terminal.wait_for("digits_article_trained-1 ")
    step_inside(terminal)
    terminal.wait_for("digits_article_trained › 0:conv1 › forward")
    terminal.send("escape")
    terminal.wait_for("mistakes")
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert {path: path.read_bytes() for run in finished for path in run.iterdir()} == before


def test_an_opened_run_shows_how_it_was_trained(opened: Opener, finished: list[Path]) -> None:
    terminal = opened(str(finished[0]))
    terminal.wait_for("digits_article_trained › 0:conv1 › forward", timeout=COMPILING)
    terminal.send("t")
    terminal.wait_for("digits_article_trained › watch", "✓ finished", "enter steps into it")
    step_inside(terminal)
    # Back to that screen, not to one more of them.
    terminal.send("t")
    terminal.wait_for("digits_article_trained › watch", "mistakes")
    terminal.send("escape")
    terminal.wait_for("digits_article_trained › 0:conv1 › forward", "tap[0,0,0]")
    assert not (terminal.home / "data" / "cnnsim" / "runs").exists(), "nothing was trained anew"
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_the_slider_stands_at_the_update_from_which_one_came(
    opened: Opener, finished: list[Path]
) -> None:
    terminal = opened(str(finished[0]), "--at", "3:conv1.forward")
    terminal.wait_for("digits_article_trained › 3:conv1 › ", timeout=COMPILING)
    terminal.send("t")
    terminal.wait_for("digits_article_trained › watch", "update 3 of ")
    terminal.send("escape")
    terminal.wait_for("digits_article_trained › 3:conv1 › ")
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_what_cannot_be_watched_is_said_before_the_screen(tmp_path: Path) -> None:
    assert spawn("watch").returncode == 2
    done = spawn("watch", str(tmp_path))
    assert done.returncode == 2
    assert "is no run folder" in done.stderr


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60), (60, 16)])
def test_other_sizes(opened: Opener, finished: list[Path], width: int, height: int) -> None:
    terminal = opened("watch", str(finished[0]), width=width, height=height)
    terminal.wait_for("✓ finished", "loss", "enter steps" if width > 60 else "▸", timeout=COMPILING)
    terminal.wait_for("epoch", "accuracy")
    terminal.send("n")
    terminal.wait_for("this is the only run")
    terminal.send("7")
    terminal.wait_for("epoch 4  test")
    terminal.send("escape")
    terminal.wait_for("loss")
    terminal.send("q")
    assert terminal.wait_exit() == 0
