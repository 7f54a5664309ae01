"""Compiled functions on disk, without a compiler."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnsim.kernels.kept import KeptFiles


class Alike:
    """Keys that look the same and are not."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return "alike"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and other.number == self.number

    def __hash__(self) -> int:
        return self.number


def test_two_who_keep_at_once_keep_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = KeptFiles(str(tmp_path), "f"), KeptFiles(str(tmp_path), "f")
    replace = os.replace

    def after_the_other(draft: str, path: Path) -> None:
        # One has made up its mind where to write, and the other is quicker.
        monkeypatch.setattr(os, "replace", replace)
        two.save(("float64",), "for others")
        replace(draft, path)

    monkeypatch.setattr(os, "replace", after_the_other)
    one.save(("int64",), "for whole numbers")
    for kept in (one, two):
        assert kept.load(("int64",)) == "for whole numbers"
        assert kept.load(("float64",)) == "for others"


def test_what_only_looks_the_same_is_not_taken(tmp_path: Path) -> None:
    kept = KeptFiles(str(tmp_path), "f")
    kept.save(Alike(1), "one")
    assert kept.load(Alike(2)) is None
    assert kept.load(Alike(1)) == "one"
    kept.save(Alike(2), "two")
    assert (kept.load(Alike(1)), kept.load(Alike(2))) == (None, "two")


def test_other_functions_have_other_files(tmp_path: Path) -> None:
    KeptFiles(str(tmp_path), "f").save("key", 1)
    assert KeptFiles(str(tmp_path), "g").load("key") is None


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    kept = KeptFiles(str(tmp_path), "f")
    kept.save("key", bytes(100))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert kept.load("key") is None
    file.write_bytes(whole)
    assert kept.load("key") == bytes(100)


@pytest.mark.parametrize("is_renamed", [False, True])
def test_another_compiler_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_renamed: bool
) -> None:
    kept = KeptFiles(str(tmp_path), "f")
    kept.save("key", 1)
    monkeypatch.setattr("cnnsim.kernels.kept._VERSIONS", ("0", "0"))
    assert kept.load("key") is None
    if is_renamed:
        (file,) = tmp_path.iterdir()
        kept.save("key", 2)
        (other,) = set(tmp_path.iterdir()) - {file}
        file.replace(other)
        assert kept.load("key") is None


def test_what_cannot_be_kept_leaves_nothing(tmp_path: Path) -> None:
    kept = KeptFiles(str(tmp_path), "f")
    kept.save("key", 1)
    (file,) = tmp_path.iterdir()
    file.unlink()
    file.mkdir()
    with pytest.raises(OSError, match="director"):
        kept.save("key", 2)
    assert list(tmp_path.iterdir()) == [file]
