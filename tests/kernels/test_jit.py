"""Compiled code that was kept is loaded without what only the compiler needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from damages import DAMAGES, block

SCRIPT = """
import json
import math
import sys

import numpy as np

from cnnsim.kernels.jit import entry, part


@part
def power(base, n):
    return math.pow(base, n)


def powers(base, found):
    for n in range(found.size):
        found[n] = power(base, n)


def length(row):
    total = 0.0
    for number in row:
        total += number * number
    return math.sqrt(total)


def checked(number):
    if number < 0:
        raise ValueError("below 0")
    return number


kept = entry(powers)
first = []
for base, count in (1.5, 4), (2, 3):
    found = np.empty(count)
    kept(base, found)
    first.append(found.tolist())
raising = entry(checked)
try:
    raising(-1)
except ValueError as error:
    first.append(str(error))
registered = "numba.np.arraymath" in sys.modules
others = entry(length, caches=False)
second = [others(np.array(row)) for row in ([3.0, 4.0], [5.0, 12.0])]
hits = sum(kept.stats.cache_hits.values())
print(json.dumps([first, second, hits, registered]))
"""


def test_it_is_loaded_without_the_compilers_registries(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    def run() -> list[object]:
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        )  # fmt: skip
        found: list[object] = json.loads(done.stdout)
        return found

    right = [[[1.0, 1.5, 2.25, 3.375], [1.0, 2.0, 4.0], "below 0"], [5.0, 13.0]]
    assert run() == [*right, 0, True]
    # What has to be compiled then is compiled as ever.
    assert run() == [*right, 2, False]


#: A kernel that calls what it holds, the one part of it and the other compiled for itself.
HOLDING = """
from numba.extending import register_jitable
from cnnsim.kernels.jit import entry, part

def made(by, twice=2):
    @register_jitable
    def times(x):
        return twice * x
    @part
    def more(x):
        return x + by
    def kernel(x):
        return more(times(x)) + 1
    return entry(kernel)
"""


def test_a_module_from_its_source_and_from_its_pyc_have_the_same_code(tmp_path: Path) -> None:
    (tmp_path / "ours.py").write_text(HOLDING)
    program = """
from ours import made
for by in (3, 4):
    kernel = made(by)
    print(kernel(2), sum(kernel.stats.cache_hits.values()))
"""
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            cwd=tmp_path,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path),
                 "PYTHONDONTWRITEBYTECODE": ""},
        )  # fmt: skip
        found.append(done.stdout.split())
    assert list(tmp_path.rglob("ours.*.pyc"))
    assert found == [["8", "0", "9", "0"], ["8", "1", "9", "1"]]


def _said(script: Path, home: Path) -> tuple[list[Any], int]:
    """What the script says, and how much it found in the cache."""
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(home), "HOME": str(home)},
    )  # fmt: skip
    first, second, hits, _ = json.loads(done.stdout)
    return [first, second], hits


@pytest.fixture(scope="module")
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("compiled")
    (home / "script.py").write_text(SCRIPT)
    _said(home / "script.py", home)
    return home


@pytest.fixture
def compiled_once(_compiled: Path, tmp_path: Path) -> Callable[[], tuple[list[Any], int]]:
    """Runs the script, with everything compiled in a cache of its own."""
    shutil.copytree(_compiled, tmp_path, dirs_exist_ok=True)
    # Kept code is that of one place.
    return lambda: _said(_compiled / "script.py", tmp_path)


def _files(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.rglob("script.powers*.nbc"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_as_good_as_none(
    tmp_path: Path, compiled_once: Any, damage: Callable[[Path], None]
) -> None:
    right, _ = compiled_once()
    assert len(_files(tmp_path)) == 2
    for file in _files(tmp_path):
        damage(file)
    assert compiled_once() == (right, 0)
    again, hits = compiled_once()
    assert again == right
    # What can be written is there anew.
    assert (hits > 0) == (damage is not block)


def test_a_file_of_another_function_is_not_taken(tmp_path: Path, compiled_once: Any) -> None:
    right, _ = compiled_once()
    own, other = _files(tmp_path), sorted(tmp_path.rglob("script.checked*.nbc"))
    for file in own:
        file.write_bytes(other[0].read_bytes())
    assert compiled_once() == (right, 0)


def test_what_is_compiled_anew_leaves_the_other_files(tmp_path: Path, compiled_once: Any) -> None:
    right, _ = compiled_once()
    files = _files(tmp_path)
    for alone, other in (files, files[::-1]):
        held = other.read_bytes()
        alone.unlink()
        assert compiled_once() == (right, 1)
        assert _files(tmp_path) == files
        assert other.read_bytes() == held


def test_old_code_is_not_found_where_the_folder_cannot_be_used(
    tmp_path: Path, compiled_once: Any
) -> None:
    """Numba would go on to __pycache__, which follows only the function's own file."""
    right, _ = compiled_once()
    folder = _files(tmp_path)[0].parent
    shutil.rmtree(folder)
    folder.write_text("in the way")
    assert compiled_once() == (right, 0)
    assert not list(tmp_path.rglob("*.nbc"))


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on files stands in for a full disk")
def test_a_full_disk_is_done_without(tmp_path: Path) -> None:
    program = """
import resource
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
"""
    script = tmp_path / "script.py"
    script.write_text(program + SCRIPT)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert json.loads(done.stdout)[1] == [5.0, 13.0]
