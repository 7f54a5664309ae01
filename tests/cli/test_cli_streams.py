"""Outputs that fill up, close, break or know few characters; interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pexpect
import pytest
from running import TOY, command, shell, spawn, started, write

from cnnsim.errors import FileError
from cnnsim.scenario.reader import parse_scenario

#: Enough steps to be interrupted in.
LONG = """
title = "Long"
[input]
zeros = [8, 64, 64]
[[layers]]
type = "conv2d"
name = "conv1"
filters = 8
size = 3
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", ["list", "--help", "replay sobel --steps --json"])
def test_a_full_disk(words: str) -> None:
    done = shell(f"cnnsim {words} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "error: No space left on device\n"


@pytest.mark.parametrize(
    "words", ["replay {} --steps --all --json", "replay {} --steps --all", "--help"]
)
def test_a_pipe_that_nobody_reads(tmp_path: Path, words: str) -> None:
    file = write(tmp_path / "long.toml", LONG)
    done = shell(f"set -o pipefail; cnnsim {words.format(file)} | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "0\n"
    assert not done.stderr


def test_closed_streams() -> None:
    assert shell("cnnsim list >&-").returncode == 1
    assert "standard output is closed" in shell("cnnsim list >&-").stderr
    assert shell("cnnsim nothing 2>&-").returncode == 2
    done = shell("cnnsim replay sobel toy_2x2 >&-")
    assert (done.returncode, done.stderr) == (1, "error: standard output is closed\n")
    done = shell("cnnsim validate - <&-")
    assert (done.returncode, done.stdout) == (2, "stdin: standard input is closed\n")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("cnnsim values <(cat $1) conv1.y", 0, "8  7"),
        ("cat $1 | cnnsim values /dev/stdin conv1.y", 0, "8  7"),
        ("cat $1 > $2 & cnnsim values $2 conv1.y", 0, "8  7"),
        ("cnnsim validate <(echo a =)", 2, ":1: not valid TOML"),
        ("cnnsim values $2", 2, "error: nobody writes to the pipe "),
        ("cnnsim validate /dev/zero", 2, "/dev/zero is larger than 64 MiB"),
        ("cnnsim $2", 2, " is a pipe or a device, not a file"),
    ],
)
def test_a_scenario_from_a_pipe(tmp_path: Path, line: str, code: int, said: str) -> None:
    """Read where it can be, refused where nobody writes or where it had to be read again."""
    toy, pipe = write(tmp_path / "toy.toml", TOY), tmp_path / "pipe"
    os.mkfifo(pipe)
    done = shell(line, [str(toy), str(pipe)])
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_a_pipe_has_the_last_part_of_its_path_as_name() -> None:
    """A run's folder is called by it; a mistake is told of the whole path."""
    assert parse_scenario("/dev/fd/63", TOY).name == "63"
    with pytest.raises(FileError, match=r"(?m)^/dev/fd/63:2: "):
        parse_scenario("/dev/fd/63", "title = 'a'\nb = 1")


def test_interrupted(tmp_path: Path) -> None:
    file = write(tmp_path / "long.toml", LONG)
    with started("replay", file, "--steps", "--json", "--all") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert not errors


_SWALLOWED = """
import signal, sys, time, weakref
from cnnsim.cli import interrupt

class Thing:
    def __del__(self):
        if HOW == "del":
            signal.raise_signal(signal.SIGINT)

def forgotten(reference):
    signal.raise_signal(signal.SIGINT)

HOW = sys.argv[1]
interrupt.keep_interrupts()
thing = Thing()
kept = weakref.ref(thing, forgotten) if HOW == "weak" else None
try:
    del thing
    print("swallowed", flush=True)
    time.sleep(20)
except KeyboardInterrupt:
    print("heard", flush=True)
"""


@pytest.mark.parametrize("how", ["del", "weak"])
def test_an_interrupt_that_python_would_forget_comes_again(how: str) -> None:
    words = [sys.executable, "-c", _SWALLOWED, how]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("swallowed\nheard\n", "", 0)


#: Iterations that take hours.
ENDLESS = """
title = "Endless"
[input]
random = [1, 6, 6]
[[layers]]
type = "conv2d"
name = "conv1"
filters = 2
size = 3
[output_grad]
ones = true
[training]
optimizer = "sgd"
iterations = 1_000_000
[[tour]]
at = "999999:conv1.forward"
"""


@pytest.mark.parametrize("words", [[], ["--steps", "--from", "999999:conv1", "--to", "100%"]])
def test_a_far_iteration_says_where_it_is_and_can_be_interrupted(
    tmp_path: Path, words: list[str]
) -> None:
    with started("replay", write(tmp_path / "endless.toml", ENDLESS), *words) as process:
        assert process.stderr is not None
        # A busy machine may be slow enough over the weights to speak of those first.
        said = next(line for line in process.stderr if not line.startswith("drawing "))
        assert said.startswith("computing iteration ")
        assert said.endswith(" of 999,999…\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_terminated(tmp_path: Path) -> None:
    file = write(tmp_path / "long.toml", LONG)
    with started("replay", file, "--steps", "--json", "--all") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.terminate()
        process.stdout.close()
        assert process.wait(30) == -signal.SIGTERM


def test_few_characters(toy: Path) -> None:
    done = spawn("replay", toy, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "3*0 = 0   8 + 0 -> 8" in done.stdout
    assert "ok after = 8" in done.stdout
    table = spawn("list", PYTHONIOENCODING="ascii")
    assert table.returncode == 0
    assert table.stdout.isascii()


def in_terminal(*argv: str | Path, columns: int = 70, **changes: str) -> tuple[int | None, str]:
    """Exit code and output of the command on a terminal."""
    words, environment = command(*argv, **{"TERM": "xterm-256color", **changes})
    child = pexpect.spawn(
        words[0], words[1:], env=environment, dimensions=(24, columns), encoding="utf-8", timeout=30
    )
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, str(child.before)


def test_colour_and_markdown_on_a_terminal_only(toy: Path) -> None:
    code, shown = in_terminal("replay", toy)
    assert code == 0
    assert "\x1b[1m3·0\x1b[0m" in shown
    assert "\x1b[32m✓\x1b[0m" in shown
    for changes in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        _, plain = in_terminal("replay", toy, **changes)
        assert "\x1b" not in plain
        assert "The last product is **3·0**." in plain
    assert "\x1b" not in spawn("replay", toy, FORCE_COLOR="1", TERM="xterm-256color").stdout


@pytest.mark.parametrize("changes", [{}, {"NO_COLOR": ""}])
def test_errors_have_colour_on_a_terminal_only(changes: dict[str, str]) -> None:
    """An empty NO_COLOR is none, says no-color.org."""
    _, shown = in_terminal("replay", "nothing", **changes)
    assert "\x1b[1;31merror:\x1b[0m no scenario" in shown
    _, plain = in_terminal("replay", "nothing", NO_COLOR="1")
    assert "\x1b" not in plain


def test_a_table_fits_a_terminal_and_is_never_cut() -> None:
    _, narrow = in_terminal("list", columns=90, NO_COLOR="1")
    assert max(map(len, narrow.splitlines())) <= 90
    _, wide = in_terminal("shapes", "sobel", columns=40, NO_COLOR="1")
    assert "receptive field/stride/pad" in wide


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize("words", ["list", "shapes lenet5", "paths"])
def test_a_narrow_terminal_shows_all_that_a_pipe_gets(words: str, columns: int) -> None:
    """Word by word: what has no room beside the others follows below."""
    piped = spawn(*words.split(), COLUMNS=str(columns)).stdout
    _, shown = in_terminal(*words.split(), columns=columns, COLUMNS=str(columns), NO_COLOR="1")
    # The title of `shapes` is a sentence, and no table.
    rows = shown.splitlines()[words.startswith("shapes") :]
    assert max(map(len, rows)) <= columns
    assert max(map(len, piped.splitlines())) > columns or words == "paths"
    if words != "paths":  # a path may be longer than the terminal is wide
        wanted = Counter(word for word in piped.split() if "─" not in word)
        assert not wanted - Counter(shown.split())


def test_waiting_is_told_on_standard_error(tmp_path: Path) -> None:
    code = (
        "import sys, time; from cnnsim.cli.progress import Narrator\n"
        "from cnnsim.kernels.fill import Progress\n"
        "with Narrator('drawing') as say:\n"
        "    time.sleep(0.8)\n"
        "    say(Progress('computing', 'conv1.forward', 0.5)); time.sleep(1.0)\n"
        "    say(Progress('computing', 'conv2.forward', 0.0))\n"
        "with Narrator('quick') as say:\n"
        "    say(Progress('computing', 'conv1.forward', 0.5))\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert not done.stdout
    assert done.stderr.splitlines() == ["drawing…", "computing conv2.forward…"]
    assert time.monotonic() - began < 20


def test_module_is_the_command_too() -> None:
    assert "cnnsim" in os.path.basename(command("--version")[0][2])
    assert spawn("--version").stdout.startswith("cnnsim ")
