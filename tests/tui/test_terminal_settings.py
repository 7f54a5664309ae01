"""Settings, and where there is no terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import ENTER_ALTERNATE, environment

# -- where there is no terminal -------------------------------------------------------------------


@pytest.mark.parametrize("args", [[], ["toy_2x2"]])
def test_a_dumb_terminal_is_told_in_one_sentence(opened, args) -> None:
    dumb = opened(*args, env={"TERM": "dumb"})
    assert dumb.wait_exit() == 2
    assert b"\x1b[?" not in dumb.output
    assert dumb.output.count(b"error:") == 1
    assert "a terminal that can move its cursor" in dumb.text()


def test_without_a_terminal_it_ends_at_once(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "cnnsim", "toy_2x2"],
        env=environment(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
    )  # fmt: skip
    assert found.returncode == 2
    assert found.stdout == b""
    assert found.stderr.decode().startswith("error: the app needs a terminal")


# -- settings -------------------------------------------------------------------------------------


def configure(home: Path, text: str) -> Path:
    path = home / "config" / "cnnsim" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_theme_and_glyphs_come_from_the_settings(opened, tmp_path) -> None:
    configure(tmp_path, 'theme = "light"\nglyphs = "ascii"\n')
    toy = opened("toy_2x2")
    toy.wait_for("0-> 1")
    toy.settle()
    assert toy.cell(60, 25).bg == "fbfaf6"
    assert toy.output.isascii()


def test_the_command_line_wins_over_the_settings(opened, tmp_path) -> None:
    configure(tmp_path, 'theme = "light"\nglyphs = "ascii"\n')
    toy = opened("toy_2x2", "--theme", "dark", "--glyphs", "unicode")
    toy.wait_for("0 → 1")
    toy.settle()
    assert toy.cell(60, 25).bg == "12141a"


def test_a_key_can_be_rebound_and_the_footer_and_help_show_it(opened, tmp_path) -> None:
    configure(tmp_path, '[keys]\n"step.next" = "z,ctrl+t"\n"help" = "f1"\n"quit" = "Q"\n')
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1", "z step", "f1 help", "Q quit")
    toy.send("z")
    toy.wait_for("1 → 13")
    toy.send("ctrl+t")
    toy.wait_for("13 → 8")
    toy.send("right", "l", "left")
    toy.wait_for("1 → 13")
    toy.send("f1")
    toy.wait_for("z ^t")
    toy.send("escape")
    toy.wait_gone("z ^t")
    toy.send("Q")
    assert toy.wait_exit() == 0


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[keys]\n"step.nxt" = "z"', "no action 'step.nxt', did you mean 'step.next'?"),
        ('[keys]\n"step.next" = "strg+z"', "no key 'strg+z'"),
        ("theme = [", "config.toml"),
    ],
)
def test_wrong_settings_are_one_error_before_the_screen_is_touched(
    opened, tmp_path, text, what
) -> None:
    path = configure(tmp_path, text)
    toy = opened("toy_2x2", width=200)
    assert toy.wait_exit() == 2
    assert ENTER_ALTERNATE not in toy.output
    assert toy.output.count(b"error:") == 1
    assert str(path) in toy.text().replace("\n", "")
    assert what in re.sub(r"\s+", " ", toy.text())


def test_a_state_folder_that_cannot_be_written_is_no_problem(opened, tmp_path) -> None:
    (tmp_path / "state").write_text("no folder")
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("right")
    toy.wait_for("1 → 13")
    toy.send("q")
    assert toy.wait_exit() == 0
    assert toy.last_words.strip() == ""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_permission_is_no_problem(opened, tmp_path) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("q")
    assert toy.wait_exit() == 0
