"""The backward pass, the lists, guessing and recording, in a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from dialogs import ask, go
from terminal import Terminal

SIZES = [(80, 24), (120, 36), (200, 60)]


def test_b_goes_to_the_gradients_and_f_comes_back(opened) -> None:
    paper = opened("train_by_hand")
    paper.wait_for("❚❚")
    go(paper, "conv1.forward[0,0,1,1] tap[0,1,0]")
    paper.send("b")
    paper.wait_for("kernel_grad", "◂──", "▸conv1◂")
    for phase in ("bias_grad", "input_grad", "update_w", "update_b", "kernel_grad"):
        paper.send("b")
        paper.wait_for(f"conv1 › {phase}")
    go(paper, "conv1.kernel_grad[0,0,1,0] tap[0,1,1]")
    paper.wait_for("dw 3 of 4", "✓ agree", "analytic")
    paper.send("f")
    paper.wait_for("forward › [0,0,1,1] › tap[0,1,0]")
    paper.wait_gone("▸conv1◂")


def test_b_goes_to_the_gradient_of_the_loss_and_f_comes_back(opened) -> None:
    paper = opened("train_by_hand", "--at", "0:loss")
    paper.wait_for("0:loss › forward")
    paper.send("b")
    paper.wait_for("0:loss › input_grad › [0,0]")
    paper.send("right")
    paper.wait_for("0:loss › input_grad › [0,1]")
    # There is just one: it is gone through from its first step again.
    paper.send("b")
    paper.wait_for("0:loss › input_grad › [0,0]")
    paper.send("f")
    paper.wait_for("0:loss › forward")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_chain_is_there_at_every_size(opened, width: int, height: int) -> None:
    paper = opened("train_by_hand", "--at", "relu1.input_grad", width=width, height=height)
    paper.wait_for("▸relu1◂", "conv1", "fc")
    if height > 24:
        paper.wait_for("dx 1 of 9", "0.6931 ✓", "not yet")


def test_the_update_is_seen_before_and_after(opened) -> None:
    paper = opened("train_by_hand", "--at", "conv1.update_w[0,0,0,1]")
    paper.wait_for("w now", "dw", "w next", "update")


def test_a_click_on_the_chain_goes_there(opened) -> None:
    paper = opened("train_by_hand", "--at", "relu1.input_grad")
    paper.wait_for("▸relu1◂")
    paper.settle()
    x, y = paper.find(" fc ")
    paper.click(x + 1, y)
    paper.wait_for("▸fc◂")


def test_scatter_shows_where_a_gradient_goes(opened) -> None:
    toy = opened("backprop_toy", "--at", "conv1.kernel_grad[0,0,0,1] tap[0,1,0]")
    toy.wait_for("Σ x·dy")
    toy.send("V", "V")
    toy.wait_for(
        "conv1.dy[0,0,1,0] = 2", "goes into 4 steps of conv1.dw", "5·2", "3·2", "7·2", "0·2"
    )
    toy.send("V")
    toy.wait_for("Σ x·dy")


def test_why_lists_the_terms_and_enter_goes_there(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("❚❚")
    toy.send("i")
    toy.wait_for("why conv1.y[0,0,0,0] = 8: 4 terms, the largest first")
    toy.settle()
    rows = [line for line in toy.lines() if "tap[" in line and "%" in line]
    assert ["6·2" in rows[0], "5·(−1)" in rows[1], "1·1" in rows[2]] == [True] * 3
    toy.send("down", "enter")
    toy.wait_for("tap[0,1,0]", "13 → 8")


def test_where_it_goes_lists_every_reader(opened) -> None:
    toy = opened("backprop_toy", "--at", "conv1.forward[0,0,0,0] tap[0,1,1]")
    toy.wait_for("❚❚")
    toy.send("o")
    # x11 is read by all four products of the forward pass, and by four of the kernel gradient.
    toy.wait_for("where input[0,0,1,1] = 3 goes: 8 steps read it")
    toy.send("tab")
    toy.wait_for("why input[0,0,1,1] = 3", "It is given: nothing computes it.")
    toy.send("escape")
    toy.wait_gone("nothing computes it")


def test_any_entry_can_be_typed(opened) -> None:
    paper = opened("train_by_hand", "--at", "1:conv1")
    paper.wait_for("❚❚")
    paper.send("i")
    paper.wait_for("why conv1.y[0,0,0,0]", "the sum starts from conv1.b[0] = 0.05")
    paper.send("ctrl+u")
    paper.wait_for("is no entry of a tensor")
    paper.type("loss")
    # A batch of one: the mean of one loss.
    paper.wait_for("the sum is 0.008964; at the end 0.008964 / 1 = 0.008964")
    paper.send("ctrl+u")
    paper.wait_for("is no entry of a tensor")
    paper.type("conv1.w[0,0,0,1]")
    paper.wait_for("by the update of iteration 0")
    paper.send("ctrl+u")
    paper.wait_for("is no entry of a tensor")
    paper.type("conv1.q")
    paper.wait_for("no tensor 'conv1.q'")
    paper.send("enter", "escape")
    paper.wait_gone("no tensor")
    assert paper.is_alive


def test_a_right_guess_and_a_wrong_one_are_counted(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("❚❚")
    ask(toy, "p", "the sum is 1, and 6·2 is added", "13")
    toy.wait_for("✓ right: 6·2 = 12, 1 + 12 = 13", "guessed 1 of 1", "step 1")
    ask(toy, "p", "the sum is 13, and 5·(−1) is added", "18")
    toy.wait_for("✗ not 18: 5·(−1) = −5, 13 − 5 = 8", "guessed 1 of 2", "step 2")


def test_a_tour_asks(opened, tmp_path: Path) -> None:
    path = tmp_path / "quiz.toml"
    path.write_text("""
title = "A quiz"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
bias = "none"
[[tour]]
at = "step 0"
say = "Let us begin."
[[tour]]
at = "conv1.forward[0,0,0,0]"
ask = "What does the first cell come to?"
say = "One, twelve, minus five."
expect = { after = 8 }
""")
    quiz = opened(str(path))
    quiz.wait_for("Let us begin.")
    ask(quiz, "n", "What does the first cell come to?", "8")
    quiz.wait_for("✓ right", "One, twelve, minus five.", "guessed 1 of 1")
    # Who leafs on with n is shown the answer, and has not guessed.
    quiz.send("home")
    quiz.wait_for("Let us begin.")
    quiz.send("n")
    quiz.wait_for("What does the first cell come to?", "enter or n without a number shows it")
    quiz.settle()
    quiz.send("n")
    quiz.wait_for("One, twelve, minus five.", "guessed 1 of 1")
    quiz.wait_gone("What does the first cell come to?")
    # Who leaves with escape stays before the answer, and can be asked again.
    quiz.send("home")
    quiz.wait_for("Let us begin.")
    quiz.send("n")
    quiz.wait_for("What does the first cell come to?", "esc leaves it open")
    quiz.send("escape")
    quiz.wait_gone("What does the first cell come to?")
    assert "One, twelve, minus five." not in quiz.text()
    quiz.send("n")
    quiz.wait_for("What does the first cell come to?")
    quiz.send("enter")
    quiz.wait_for("One, twelve, minus five.", "guessed 1 of 1")


def test_playing_stops_where_something_happens(opened) -> None:
    pooling = opened("pooling")
    pooling.wait_for("❚❚")
    for _ in range(6):
        pooling.send("]")
    ask(pooling, "B", "play until", "winner")
    pooling.wait_for("to winner changes", "stopped at winner changes")
    pooling.send("B")
    pooling.wait_gone("to winner changes")


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnnsim", *args]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_a_recording_replays_headless(opened, tmp_path: Path) -> None:
    toy: Terminal = opened("toy_2x2")
    toy.wait_for("❚❚")
    toy.send("a")
    toy.wait_for("a note on this step, in place of the one it has")
    left, top = toy.find("a note on this step")
    assert toy.lines()[top + 1][left : left + 20].strip() == ""
    toy.send("escape")
    toy.wait_gone("a note on this step")
    toy.settle()
    assert "● rec" not in toy.text()
    ask(toy, "a", "a note on this step", "where it begins")
    toy.wait_for("● rec 1", "recording each step: R ends, a adds a note", "where it begins")
    toy.send("right")
    toy.wait_for("● rec 2")
    ask(toy, "a", "a note on this step", "the **second** product")
    toy.wait_for("the second product")
    toy.send("L")
    toy.wait_for("● rec 3")
    toy.send("R")
    toy.wait_for("save the recording")
    toy.type("~nobody-is-called-this/x")
    toy.send("enter")
    toy.wait_for("✗ ~nobody-is-called-this is no home folder here")
    toy.send("escape")
    toy.wait_gone("save the recording")
    ask(toy, "R", "save the recording", str(tmp_path / "mine"))
    toy.wait_for("saved: cnnsim replay")
    toy.wait_gone("● rec")
    done = run("replay", str(tmp_path / "mine.toml"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the **second** product" in done.stdout
    assert "3 stops, 6 checks, all as expected" in done.stdout


def test_a_long_search_says_where_it_is_and_can_be_stopped(opened) -> None:
    paper = opened("train_by_hand", "--set", "training.iterations=1000000")
    paper.wait_for("❚❚")
    ask(paper, "/", "relu closes", "nan")
    paper.wait_for("looking for nan", "iteration")
    paper.send("escape")
    paper.wait_for("the search was stopped")
    paper.wait_gone("looking for nan")
    paper.send("right")
    paper.wait_for("tap[0,0,1]")
    paper.send("q")
    assert paper.wait_exit() == 0


def test_a_search_that_finds_nothing_says_so(opened) -> None:
    net = opened("alexnet", "--at", "conv2")
    net.wait_for("❚❚", timeout=120)
    net.settle()
    ask(net, "/", "relu closes", "> 1e30")
    net.wait_for("no finished value > 1e30 after this step", timeout=120)


def test_a_click_on_a_tab_brings_its_panel_up(opened) -> None:
    paper = opened("train_by_hand", "--at", "conv1.kernel_grad[0,0,0,1]")
    paper.wait_for("growth │ loops │ update")
    paper.settle()
    x, y = paper.find("│ update")
    paper.click(x + 3, y)
    paper.wait_for("w now", "w next")
