"""--help, --version, and what a command must not import."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from running import Run

from cnnsim import __version__
from cnnsim.cli.app import COMMANDS

HEAVY = ("numpy", "numba", "textual", "pydantic")


def test_help_names_every_command_and_option(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    assert not result.err
    for word in (*COMMANDS, "--at", "--theme", "--glyphs", "--set", "--version", "Examples:"):
        assert word in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: cnnsim {name}")
    assert f"  cnnsim {name}" in result.out.split("Examples:")[1]
    assert all(len(line) <= 100 for line in result.out.splitlines())


#: Those that read no file of one's own, write none and take no time; `shapes` shows what is wrong.
AT_HAND = [
    example
    for name in ("list", "replay", "gradcheck", "values", "paths")
    for example in COMMANDS[name].examples
    if "--npz" not in example and "--entries" not in example
]


@pytest.mark.parametrize("example", AT_HAND)
def test_examples_work_as_they_stand(run: Run, example: str) -> None:
    result = run(*shlex.split(example))
    assert result.code == 0, result.err
    assert result.out


def test_json_says_how_it_writes_what_is_not_finite(run: Run) -> None:
    assert '"NaN", "Infinity", "-Infinity"' in run("values", "--help").out


def test_help_where_the_width_is_not_known(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    result = run("--help")
    assert result.code == 0
    assert "Commands:" in result.out.splitlines()


def test_version(run: Run) -> None:
    assert run("--version").out == f"cnnsim {__version__}\n"


def loaded(*argv: str) -> set[str]:
    """The heavy modules that a fresh process has loaded after the command."""
    code = (
        "import sys; from cnnsim.cli import main; code = main(sys.argv[1:]);"
        "print(*[m for m in ('numpy', 'numba', 'llvmlite', 'textual', 'pydantic')"
        " if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("argv", [["--help"], ["replay", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    assert not loaded(*argv)


@pytest.mark.parametrize(
    "argv", [["list"], ["shapes", "sobel"], ["validate", "sobel"], ["replay", "sobel"]]
)
def test_small_commands_import_neither_compiler_nor_app(argv: list[str]) -> None:
    assert not loaded(*argv) & {"numba", "llvmlite", "textual"}
