"""Functions by their addresses, in processes of their own: compiled once, then loaded bare."""

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

#: Natives live in modules that other processes can import.
MODULE = """
import math

from cnnsim.kernels.jit import native, part
from cnnsim.kernels.lanes.loops.calling import call_at


@part
def power(base, n):
    return math.pow(base, n)


@native
def powers(found, rule, shift, first, last):
    for n in range(first, last):
        found[n // found.shape[1], n % found.shape[1]] = rule.factor * power(rule.base, n) + shift


@native
def counted(found, by):
    for n in range(found.size):
        found[n] += by * (n + 1)


@native
def through(found, address, by):
    if call_at(address, (found, by)) != 0:
        raise RuntimeError("it failed")
    found[-1] *= 2
"""
SCRIPT = """
import json
import sys

import numpy as np

from cnnsim.kernels.native import addresses, caller, native_for
from cnnsim.kernels.passing import Caller

heard = []
rule = np.zeros((), [("base", float), ("factor", float)])
rule["base"], rule["factor"] = 2, 3
found = np.zeros((2, 3))
powers = caller("ours:powers", found, rule, 0, 0, 0, report=heard.append)
powers.bound(found, rule, -1)(1, 5)
numbers = np.arange(3)
functions = [native_for("ours:counted", numbers, 0), native_for("ours:through", numbers, 0, 0)]
processes = int(sys.argv[1]) if len(sys.argv) > 1 else 1
counted, through = addresses(functions, heard.append, processes)
Caller(through, functions[1].types).bound(numbers, counted)(10)
said = [progress.sweep for progress in heard]
print(json.dumps([found.tolist(), numbers.tolist(), said, "numba" in sys.modules]))
"""
RIGHT = [[[0, 5, 11], [23, 47, 0]], [10, 21, 64]]


Run = Callable[..., tuple[list[Any], list[str], bool]]


def running(home: Path) -> Run:
    """Runs the script in `home`: its numbers, what was compiled, and whether Numba was imported."""

    def start(*args: str, cwd: Path = home, **more: str) -> tuple[list[Any], list[str], bool]:
        done = subprocess.run(
            [sys.executable, home / "script.py", *args],
            capture_output=True, text=True, check=True, cwd=cwd,
            env={**os.environ, **folders(home), "PYTHONPATH": str(home), **more},
        )  # fmt: skip
        *numbers, said, imported = json.loads(done.stdout)
        return numbers, said, imported

    return start


@pytest.fixture
def fresh(tmp_path: Path) -> Run:
    """The script, with nothing compiled."""
    (tmp_path / "ours.py").write_text(MODULE)
    (tmp_path / "script.py").write_text(SCRIPT)
    return running(tmp_path)


@pytest.fixture(scope="module")
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("compiled")
    (home / "ours.py").write_text(MODULE)
    (home / "script.py").write_text(SCRIPT)
    running(home)()
    return home


@pytest.fixture
def run(_compiled: Path, tmp_path: Path) -> Run:
    """The script, with everything compiled."""
    shutil.copytree(_compiled, tmp_path, dirs_exist_ok=True)
    return running(tmp_path)


def folders(home: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(home), "HOME": str(home)}


def files(home: Path) -> list[Path]:
    return sorted(home.rglob("ours.*.nbc"))


def test_what_was_kept_needs_no_compiler(tmp_path: Path, fresh: Run) -> None:
    numbers, said, _ = fresh()
    assert numbers == RIGHT
    assert [name.split(", ")[1] for name in said] == ["powers", "power", "counted", "through"]
    assert len(files(tmp_path)) == 3
    assert fresh() == (RIGHT, [], False)


def test_another_process_compiles_beside_this_one(tmp_path: Path, fresh: Run) -> None:
    numbers, said, _ = fresh("2")
    assert numbers == RIGHT
    # The other one is waited for, if it is slower.
    assert {name.split(", ")[-1] for name in said} - {"counted"} == {"powers", "power", "through"}
    assert "kernel 1, counted" not in said
    assert len(files(tmp_path)) == 3
    assert fresh("2") == (RIGHT, [], False)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_as_good_as_none(
    tmp_path: Path, run: Run, damage: Callable[[Path], None]
) -> None:
    file = next(file for file in files(tmp_path) if "counted" in file.name)
    damage(file)
    numbers, said, _ = run()
    assert (numbers, len(said)) == (RIGHT, 1)
    # What can be written is there anew.
    assert run()[2] == (damage is block)


def test_a_file_of_another_function_is_not_taken(tmp_path: Path, run: Run) -> None:
    found = {file.name.split(".")[1]: file for file in files(tmp_path)}
    found["counted"].write_bytes(found["through"].read_bytes())
    numbers, said, _ = run()
    assert (numbers, len(said)) == (RIGHT, 1)


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path, run: Run) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for processes in ("1", "2"):
        assert run(processes, XDG_CACHE_HOME=str(blocked))[0] == RIGHT
    assert blocked.read_text() == "in the way"
    assert len(files(tmp_path)) == 3


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_only_be_read_is_read(tmp_path: Path, run: Run) -> None:
    (folder,) = {file.parent for file in files(tmp_path)}
    folder.chmod(0o500)
    try:
        assert run() == (RIGHT, [], False)
    finally:
        folder.chmod(0o700)


def test_a_compiler_that_is_turned_off_is_named(tmp_path: Path, fresh: Run) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        fresh(NUMBA_DISABLE_JIT="1")
    assert "NUMBA_DISABLE_JIT turns off the compiler" in failed.value.stderr


def test_what_other_settings_compiled_is_not_taken(tmp_path: Path, run: Run) -> None:
    # A setting of the GPU's compiler is none of this one's.
    assert run(NUMBA_ENABLE_CUDASIM="1") == (RIGHT, [], False)
    assert len(run(NUMBA_OPT="1")[1]) == 4
    assert len(files(tmp_path)) == 6


def test_code_that_needs_what_is_not_there_is_compiled(tmp_path: Path, run: Run) -> None:
    """LLVM's other way of loading ends the process over that."""
    program = """
import llvmlite.binding as llvm
import numpy as np
from cnnsim.kernels import native as natives
from cnnsim.kernels.machine import Code

ir = "declare void @no_such_function() define void @f() { call void @no_such_function() ret void }"
llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic")
file = machine.emit_object(llvm.parse_assembly(ir))
function = natives.native_for("ours:counted", np.arange(3), 0)
print(natives._kept(function) is None)
natives._keep(function, Code("f", file))
print(natives._kept(function) is None)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, **folders(tmp_path), "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.split() == ["False", "True"]
    numbers, said, _ = run()
    assert (numbers, len(said)) == (RIGHT, 1)


def test_settings_in_the_folder_count(tmp_path: Path, run: Run) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / ".numba_config.yaml").write_text("opt: 1\n")
    assert len(run(cwd=here)[1]) == 4
    assert run(cwd=here)[1] == []
    assert run()[1] == []


def test_other_sources_compile_nothing_for_this_process(tmp_path: Path, fresh: Run) -> None:
    """A helper that finds another cnnsim would give what is called with other arguments."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if sys.argv[:1] == ['-m']:\n"
        "    import cnnsim.kernels.cache as cache\n"
        "    cache.source_digest = lambda: 'another'\n"
    )
    numbers, said, _ = fresh("2")
    assert numbers == RIGHT
    # Nothing came of the helper.
    assert [name.split(", ")[1] for name in said if "," in name] == [
        "powers", "power", "through", "counted",
    ]  # fmt: skip


def test_a_warm_start_trains_without_a_compiler(tmp_path: Path) -> None:
    """What is measured as the first epoch of a command rests on this."""
    program = """
import sys
from cnnsim.cli import main
main(["train", "digits_cnn", "--epochs", "1", "--json", "--threads", "1", "--out", sys.argv[1]])
print("numba" in sys.modules)
"""

    def imported(run: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, tmp_path / run],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()[-1]

    imported("first")
    assert imported("second") == "False"


def test_no_loop_is_imported_by_what_runs_it() -> None:
    program = "import cnnsim.kernels.lanes.engine, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not [
        name
        for name in done.stdout.split()
        if name.startswith(("numba", "cnnsim.kernels.lanes.loops"))
    ]
