"""The bundled scenarios as lists have them."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cnnsim.scenario import catalogue as module
from cnnsim.scenario.catalogue import catalogue


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another folder of bundled scenarios, with two of them."""
    monkeypatch.setattr("cnnsim.scenario.bundled.bundled_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "bundled_folder", lambda: tmp_path)
    (tmp_path / "one.toml").write_text('title = "One"\norder = 2')
    (tmp_path / "two.toml").write_text('title = "Two"\norder = 1')
    return tmp_path


def test_the_order_is_that_of_the_files(folder: Path) -> None:
    assert [entry.title for entry in catalogue()] == ["Two", "One"]
    (folder / "two.toml").write_text('title = "Later"\norder = 3')
    assert [entry.title for entry in catalogue()] == ["One", "Later"]
    (folder / "two.toml").unlink()
    assert [entry.title for entry in catalogue()] == ["One"]


def test_another_file_of_the_same_size_and_time_is_another_one(folder: Path) -> None:
    assert [entry.title for entry in catalogue()] == ["Two", "One"]
    old, new = folder / "one.toml", folder / "new"
    new.write_text('title = "Six"\norder = 2')
    times = old.stat().st_atime_ns, old.stat().st_mtime_ns
    os.utime(new, ns=times)
    new.replace(old)
    assert [entry.title for entry in catalogue()] == ["Two", "Six"]


def test_a_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The palette asks with every key."""
    read: list[str] = []

    class Counted:
        """tomllib that notes what it reads."""

        @staticmethod
        def loads(text: str) -> dict[str, Any]:
            read.append(text)
            return tomllib.loads(text)

    monkeypatch.setattr(module, "tomllib", Counted)
    for _ in range(5):
        assert len(catalogue()) == 2
    assert len(read) == 2
