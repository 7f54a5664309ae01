"""Terminals for the tests: one of their own, or one that tests of a module share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from cnnsim.kernels.cache import kernel_cache

Opener = Callable[..., Terminal]


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for all terminals of a run; the compiled code in it is that of all tests."""
    folder = tmp_path_factory.mktemp("cache")
    compiled = kernel_cache().parent
    compiled.mkdir(parents=True, exist_ok=True)
    (folder / "cnnsim").mkdir()
    (folder / "cnnsim" / "kernels").symlink_to(compiled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNSIM_TEST_CACHE", str(folder))
        yield


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens ``cnnsim ARGS``; several calls share a home, as a user's sessions do."""
    terminals: list[Terminal] = []

    def start(*args: str, **options) -> Terminal:
        terminals.append(Terminal(args, options.pop("home", tmp_path), **options))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


@pytest.fixture(scope="module")
def _pool() -> Iterator[dict[tuple, tuple[Terminal, str]]]:
    terminals: dict[tuple, tuple[Terminal, str]] = {}
    yield terminals
    for terminal, _ in terminals.values():
        terminal.close()


def _go_home(terminal: Terminal, first: str) -> None:
    """Go to the first step, and return once no key is under way any more.

    A key takes longer through the app than a click: one still under way would be done after the
    next test's first click. So the first screen is left and reached once more, by keys alone.
    """
    terminal.move(0, terminal.height - 1)
    terminal.send("home")
    terminal.wait_until(lambda: terminal.text() == first, "the first screen", 0.5)
    terminal.send("right")
    terminal.wait_until(lambda: terminal.text() != first, "another step", 0.5)
    terminal.send("home")
    terminal.wait_until(lambda: terminal.text() == first, "the first screen", 0.5)


@pytest.fixture
def shared(_pool: dict, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Opens ``cnnsim ARGS``, or goes on with the terminal of the test before.

    A terminal that a test did not leave as it was at the first step is not used again.
    """
    used = []

    def start(*args: str, width: int = 120, height: int = 36) -> Terminal:
        key = (args, width, height)
        if key not in _pool:
            terminal = Terminal(args, tmp_path_factory.mktemp("home"), width, height)
            terminal.wait_for("❚❚")
            terminal.settle()
            _pool[key] = (terminal, terminal.text())
        used.append(key)
        return _pool[key][0]

    yield start
    for key in used:
        terminal, first = _pool[key]
        try:
            _go_home(terminal, first)
        except AssertionError:
            terminal.close()
            del _pool[key]
