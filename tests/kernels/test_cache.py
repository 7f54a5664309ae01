"""Compiled code is kept, and never outlives the source it came from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cnnsim
from cnnsim.kernels.cache import kernel_cache, prepare_cache, source_digest

PROGRAM = """
import numpy as np
from cnnsim.steps.sweep import ADD, Read, Sweep
from cnnsim.kernels.compiled import fill_compiled
{rules}
sweep = Sweep("l", "s", "l.s", (2, 3), ("n", "o"), (Read("input"),), where, (4,), ("i",), term,
              ADD)
print(fill_compiled(sweep, {{"input": np.ones((2, 4))}}, 2).sum())
"""


def run(program: str, folder: Path, cache: Path) -> str:
    """What `program` prints, with its own cache and modules in `folder`."""
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "NUMBA_OPT": "0"},
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


needs_xdg = pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set by XDG")


@needs_xdg
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    rules = "from cnnsim.network.kinds.flatten import Flatten\n"
    rules += "from cnnsim.steps.sweep import value as term\n"
    rules += "def where(cell, tap, p): return ((cell[0], tap[0]),)"
    assert run(PROGRAM.format(rules=rules), tmp_path, blocked) == "24.0"
    assert blocked.read_text() == "in the way"


@needs_xdg
def test_an_edit_in_a_rule_outside_the_package_counts(tmp_path: Path) -> None:
    """The trap: Numba looks only at the kernel's own file, not at what the kernel inlines."""
    rules = tmp_path / "rules.py"
    source = (
        "def twice(x): return 2.0 * x\n"
        "def term(values, cell, tap, p): return twice(values[0])\n"
        "def where(cell, tap, p): return ((cell[0], tap[0]),)\n"
    )
    program = PROGRAM.format(rules="from rules import term, where")
    rules.write_text(source)
    assert run(program, tmp_path, tmp_path / "cache") == "48.0"
    rules.write_text(source.replace("2.0", "3.0"))
    assert run(program, tmp_path, tmp_path / "cache") == "72.0"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package that the digest looks at."""
    root = Path(cnnsim.__file__).parent
    for package in ("steps", "network", "kernels", "scenario"):
        shutil.copytree(root / package, tmp_path / package)
    monkeypatch.setattr(cnnsim, "__file__", str(tmp_path / "__init__.py"))
    return tmp_path


@pytest.mark.parametrize(
    "file",
    ["steps/sweep.py", "network/pooling.py", "network/kinds/conv2d.py", "kernels/rules.py"],
)
def test_the_digest_follows_every_source_that_can_be_inlined(copied: Path, file: str) -> None:
    before, folder = source_digest(), kernel_cache()
    assert source_digest() == before
    path = copied / file
    text = path.read_text()
    path.write_text(text + "\n")
    assert source_digest() != before
    assert kernel_cache() != folder
    path.write_text(text)
    assert source_digest() == before


def test_a_new_kind_changes_the_digest(copied: Path) -> None:
    before = source_digest()
    (copied / "network" / "kinds" / "square.py").write_text("")
    assert source_digest() != before


def test_the_copy_has_the_digest_of_the_original(copied: Path) -> None:
    inside = source_digest()
    (copied / "scenario" / "model.py").write_text("")
    assert source_digest() == inside


def test_two_files_of_one_name_cannot_change_places(copied: Path) -> None:
    before = source_digest()
    first, second = copied / "steps" / "__init__.py", copied / "network" / "__init__.py"
    one, other = first.read_text(), second.read_text()
    first.write_text(other)
    second.write_text(one)
    assert source_digest() != before


def test_old_versions_are_removed_the_last_used_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnsim.kernels.cache.user_cache_path", lambda name: tmp_path / name)
    kernels = tmp_path / "cnnsim" / "kernels"
    long_ago = 1_000_000_000
    for age in range(8):
        (kernels / f"old-{age}").mkdir(parents=True)
        (kernels / f"old-{age}" / "kernel.nbc").touch()
        os.utime(kernels / f"old-{age}", (long_ago - age, long_ago - age))
    (kernels / "new").mkdir()
    assert prepare_cache(kernel_cache())
    assert {path.name for path in kernels.iterdir()} == {
        kernel_cache().name, "new", "old-0", "old-1", "old-2",
    }  # fmt: skip


@needs_xdg
def test_only_what_is_not_compiled_yet_is_compiled_ahead(tmp_path: Path) -> None:
    program = """
from networks import every_pass
from cnnsim.kernels.fill import can_compile
from cnnsim.kernels.warm import warm
told = []
for name in ("pools", "pools", "conv, tied"):
    gradient, *_ = every_pass(name)
    sweeps = [sweep for sweep in gradient.sweeps if can_compile(sweep)][:1]
    warm(sweeps, gradient.shapes, [], lambda progress: told.append(name))
print(told)
"""
    tests = Path(__file__).parents[1]
    program = f"import sys\nsys.path.insert(0, {str(tests)!r})\n{program}"
    told = run(program, Path(cnnsim.__file__).parents[1], tmp_path / "cache")
    assert told == "['pools', 'conv, tied']"
