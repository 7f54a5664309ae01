"""The home screen: lists, filter, resuming, files."""

from __future__ import annotations

import pytest

from cnnsim.scenario.catalogue import catalogue

LESSONS = [entry.name for entry in catalogue() if entry.type == "lesson"]
NETWORKS = [entry.name for entry in catalogue() if entry.type == "network"]
GOOD = """\
title = "My own"
[input]
values = [[1, 2], [3, 4]]
[[layers]]
type = "relu"
name = "soft"
"""


def test_home_lists_lessons_in_order_and_networks_with_their_steps(opened) -> None:
    home = opened(height=60)
    home.wait_for("lessons", "networks", f"0 of {len(LESSONS)} lessons done", "1.12 G", *LESSONS)
    rows = [home.find(f"○ {name} ")[1] for name in [*LESSONS, *NETWORKS]]
    assert rows == sorted(rows)
    assert "What you open is listed here." in home.text()


def test_j_and_k_move_through_all_lists(opened) -> None:
    home = opened()
    home.wait_for(f"─ {LESSONS[0]} ─")
    home.send("j")
    home.wait_for(f"─ {LESSONS[1]} ─")
    home.send(*"j" * (len(LESSONS) - 1))
    home.wait_for(f"─ {NETWORKS[0]} ─")
    home.send("up", "up")
    home.wait_for(f"─ {LESSONS[-2]} ─")
    home.send(*"k" * len(LESSONS))
    home.wait_for(f"─ {LESSONS[0]} ─")


def test_tab_goes_to_the_next_list(opened) -> None:
    home = opened()
    home.wait_for("─ toy_2x2 ─")
    home.send("tab")
    home.wait_for(f"─ {NETWORKS[0]} ─")
    home.send("shift+tab")
    home.wait_for("─ toy_2x2 ─")


def test_the_preview_shows_goal_costs_and_numbers(opened) -> None:
    home = opened()
    home.wait_for("goal", "16, 4 cells, 16 multiply-adds", "input 3×3", "conv1.w 2×2")


def test_enter_opens_at_the_first_step_and_escape_comes_back(opened) -> None:
    home = opened()
    home.wait_for("─ toy_2x2 ─")
    home.send("j", "enter")
    home.wait_for(f"{LESSONS[1]} › ", "step 0  1 of ")
    home.send("escape")
    home.wait_for("lessons", f"◐ {LESSONS[1]}")


def test_the_bare_escape_byte_works_too(opened) -> None:
    home = opened("toy_2x2")
    home.wait_for("0 → 1")
    home.send("\x1b")
    home.wait_for("lessons")


def test_a_lesson_seen_to_its_end_is_done(opened) -> None:
    home = opened("toy_2x2")
    home.wait_for("0 → 1")
    home.send("end")
    home.wait_for("step 15  ")
    home.send("escape")
    home.wait_for("● toy_2x2", f"1 of {len(LESSONS)} lessons done")


def test_r_resumes_where_one_was_in_an_earlier_session(opened) -> None:
    first = opened("toy_2x2", "--at", "step 5")
    first.wait_for("step 5  ")
    first.send("right", "right")
    first.wait_for("step 7  ")
    first.send("q")
    assert first.wait_exit() == 0
    second = opened()
    second.wait_for("◐ toy_2x2", "resume at conv1.forward[0,0,0,1] tap[0,1,1]")
    second.send("enter")
    second.wait_for("step 0  ")
    second.send("r")
    second.wait_for("step 7  ")


def test_r_at_home_opens_at_the_old_place(opened) -> None:
    first = opened("toy_2x2", "--at", "step 9")
    first.wait_for("step 9  ")
    first.send("q")
    assert first.wait_exit() == 0
    second = opened()
    second.wait_for("resume at conv1.forward[0,0,1,0] tap[0,0,1]")
    second.send("r")
    second.wait_for("step 9  ")
    # Another place in this session is where it goes from then on, and what is told.
    second.send("home", "escape")
    second.wait_for("resume at conv1.forward[0,0,0,0] tap[0,0,0]")
    second.send("r")
    second.wait_for("step 0  ")


def test_without_an_earlier_place_r_says_so(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("right", "r")
    toy.wait_for("there is no earlier place to resume from", "step 1  ")


def test_w_opens_the_shape_walk(opened) -> None:
    home = opened()
    home.wait_for("─ toy_2x2 ─")
    home.send("w")
    home.wait_gone("lessons")
    home.send("escape")
    home.wait_for("lessons")


def test_the_filter_shows_only_what_holds_a_word(opened) -> None:
    home = opened(height=60)
    home.wait_for("─ toy_2x2 ─", "1.12 G")
    home.send("/")
    home.wait_for("show only what holds")
    home.type("alex")
    home.wait_for("▸ alexnet, alexnet_2012")
    home.send("enter")
    home.wait_for("only with 'alex'", "─ alexnet ─", "No lesson holds that: esc.")
    home.wait_gone("sobel")
    home.send("escape")
    home.wait_for("sobel", "lenet5")


def test_a_word_that_nothing_holds_is_told(opened) -> None:
    home = opened(height=60)
    home.wait_for("─ toy_2x2 ─", "1.12 G")
    home.send("/")
    home.wait_for("show only what holds")
    home.type("zzz")
    home.send("enter")
    home.wait_for(f"✗ none of the {len(catalogue())} scenarios holds 'zzz'")
    home.send("escape")
    home.wait_for("sobel")


def test_o_opens_a_file(opened, tmp_path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    home = opened(cwd=tmp_path)
    home.wait_for("─ toy_2x2 ─")
    home.send("o")
    home.wait_for("open a scenario file")
    home.type("mine.toml")
    home.wait_for("▸ My own")
    home.send("enter")
    home.wait_for("mine › soft › ", "1 of 4")
    home.send("escape")
    home.wait_for("mine.toml")


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("bad.toml", "title = 3\n[input]\nvalues = [[1]]\n", "title"),
        ("bad.toml", "title = [", "bad.toml"),
        ("bad.toml", GOOD + 'siz = 3\n[[layers]]\ntype = "conv3d"\nname = "x"\n', "conv3d"),
        ("none.toml", None, "none.toml"),
        (".", None, "."),
        ("-", None, "cannot read a scenario from standard input"),
        ("~nobody-is-called-this/x", None, "~nobody-is-called-this is no home folder here"),
    ],
)
def test_a_bad_file_is_told_and_the_app_lives(opened, tmp_path, name, text, what) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    home = opened(cwd=tmp_path)
    home.wait_for("─ toy_2x2 ─")
    home.send("o")
    home.wait_for("open a scenario file")
    home.type(name)
    home.send("enter")
    home.wait_for("✗ ", what)
    home.send("escape")
    home.wait_gone("open a scenario file")
    home.send("enter")
    home.wait_for("toy_2x2 › ", "0 → 1")


def test_a_recent_file_that_was_edited_is_read_again(opened, tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    home = opened(str(path))
    home.wait_for("mine › soft")
    home.send("escape")
    # What was open is chosen.
    home.wait_for("lessons done", "My own", "input 2×2")
    for text, told in (
        (GOOD.replace("My own", "Yours"), "Yours"),
        ("title = 3", "✗ "),
        (GOOD, "My own"),
    ):
        path.write_text(text)
        home.send("k")
        home.wait_for(f"─ {NETWORKS[-1]} ─")
        home.send("j")
        home.wait_for(told)


def test_a_recent_file_that_is_gone_is_told(opened, tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    first = opened(str(path))
    first.wait_for("mine › soft")
    first.send("q")
    assert first.wait_exit() == 0
    path.unlink()
    second = opened()
    second.wait_for("mine.toml")
    second.send("shift+tab")
    second.wait_for("✗ ")
    second.send("enter")
    second.wait_for("error", "mine.toml")
    second.send("k")
    second.wait_for(f"─ {NETWORKS[-1]} ─")


def test_help_at_home_lists_its_keys(opened) -> None:
    home = opened()
    home.wait_for("─ toy_2x2 ─")
    home.send("?")
    home.wait_for("Scenarios to open:", "Open a scenario file.", "? closes")
    home.send("?")
    home.wait_gone("? closes")


def test_an_error_goes_with_the_screen_that_it_belongs_to(opened) -> None:
    terminal = opened("toy_2x2", width=80, height=24)
    terminal.wait_for("tap[0,0,0]")
    terminal.send("t")
    terminal.wait_for("says nothing about pictures")
    # A dialog leaves it alone: it may be about what is asked there.
    terminal.send("?")
    terminal.wait_for("? closes")
    terminal.send("escape")
    terminal.wait_for("says nothing about pictures", "tap[0,0,0]")
    terminal.send("escape")
    terminal.wait_for("r resume at", "from the first step")
    assert "says nothing about pictures" not in terminal.text()
