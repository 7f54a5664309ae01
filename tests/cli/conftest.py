"""Fixtures of the command's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import KINDS, TOY, Result, Run, write

from cnnsim.cli import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process."""
    monkeypatch.setenv("CNNSIM_TRACEBACK", "1")

    def run_main(*argv: str | Path) -> Result:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        return Result(code, *capsys.readouterr())

    return run_main


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The toy as a file."""
    return write(tmp_path / "toy.toml", TOY)


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """A file with every kind of layer."""
    return write(tmp_path / "kinds.toml", KINDS)
