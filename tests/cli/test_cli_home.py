"""The way into the terminal app: what is checked before a screen covers the messages."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from running import Run, spawn


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A terminal, and an app that only notes how it was opened."""
    calls: list[tuple[Any, ...]] = []
    app = types.ModuleType("cnnsim.tui.app")
    app.run_app = lambda *words: calls.append(words) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cnnsim.tui.app", app)
    monkeypatch.setattr("cnnsim.cli.home.is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm")
    return calls


def test_home(run: Run, opened: list[tuple[Any, ...]]) -> None:
    assert run().code == 0
    assert opened == [(None, None, None, None, (), ())]


def test_a_scenario(run: Run, opened: list[tuple[Any, ...]], toy: Path) -> None:
    words = ["--at", "mac 3", "--theme", "light", "--glyphs", "ascii", "--set", "seed=1"]
    assert run(toy, *words, "--set", "layers.conv1.stride=1").code == 0
    assert opened == [
        (str(toy), "mac 3", "light", "ascii", ("seed=1", "layers.conv1.stride=1"), ()),
    ]


def test_mistakes_are_told_before_it_opens(
    run: Run, opened: list[tuple[Any, ...]], toy: Path
) -> None:
    assert run(toy, "--at", "mac 16").code == 2
    assert run(toy, "--at", "conv1.forward[0,0,0,2]").code == 2
    assert run(toy, "--set", "layers.conv1.size=3").code == 2
    assert run("nothing").code == 2
    padded = run("toy_2x2", "--set", "layers.conv1.padding=1")
    assert (padded.code, 'hint: --set "tour=[]" leaves the tour out' in padded.err) == (2, True)
    assert not opened


def test_without_a_terminal(toy: Path) -> None:
    for words in ((), (toy,)):
        done = spawn(*words, TERM="xterm")
        assert done.returncode == 2
        assert done.stderr.startswith("error: the app needs a terminal")
        assert "hint: cnnsim replay works without one" in done.stderr
        assert not done.stdout


def test_on_a_dumb_terminal(
    run: Run, opened: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    result = run("sobel")
    assert result.code == 2
    assert "TERM" in result.err
    assert not opened
