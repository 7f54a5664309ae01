"""Fixtures of the command's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import KINDS, TOY, write


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The toy as a file."""
    return write(tmp_path / "toy.toml", TOY)


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """A file with every kind of layer."""
    return write(tmp_path / "kinds.toml", KINDS)
