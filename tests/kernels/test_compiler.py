"""Compiling native functions, alone and with helpers that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lanes_nets import NETS, batch_of, iteration

from cnnsim.kernels import compiler
from cnnsim.kernels.compiler import compile_all, compile_native, numba_type
from cnnsim.kernels.fill import Progress, silent
from cnnsim.kernels.jit import native
from cnnsim.kernels.lanes.engine import LanesEngine
from cnnsim.kernels.lanes.loops.step import run_steps
from cnnsim.kernels.machine import Code, load
from cnnsim.kernels.native import Native, native_for
from cnnsim.kernels.passing import Caller


@native
def add(found: Any, number: int) -> None:
    for k in range(found.size):
        found[k] += number


@native
def multiply(found: Any, number: int) -> None:
    if number == 0:
        raise ValueError("nothing is left")
    for k in range(found.size):
        found[k] *= number


NUMBERS = np.arange(4)
BOTH = [native_for(f"{__name__}:{name}", NUMBERS, 0) for name in ("add", "multiply")]


@pytest.fixture(autouse=True)
def _found_by_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path(__file__).parent
    paths = [str(folder) for folder in (here, *here.parents[:2])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this process compiles."""
    names: list[str] = []

    def compiled(function: Native) -> Code:
        names.append(function.name)
        return compile_native(function)

    monkeypatch.setattr(compiler, "compile_native", compiled)
    return names


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started."""
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)

    monkeypatch.setattr(compiler.subprocess, "Popen", Watched)
    return started


def called(functions: Sequence[Native], processes: int, number: int) -> list[list[int]]:
    """What each of the functions makes of 0 to 3."""
    codes = dict(compile_all(functions, silent, processes))
    results = []
    for function in functions:
        found = np.arange(4)
        Caller(load(codes[function]), function.types).bound(found)(number)
        results.append(found.tolist())
    return results


@pytest.mark.parametrize(
    ("processes", "ours"), [(1, ["add", "multiply"]), (2, ["multiply"]), (5, ["multiply"])]
)
def test_who_compiles_makes_no_difference(
    here: list[str], helpers: list[Any], processes: int, ours: list[str]
) -> None:
    assert called(BOTH, processes, 3) == [[3, 4, 5, 6], [0, 3, 6, 9]]
    assert here == ours
    assert len(helpers) == 2 - len(ours)


def test_one_function_needs_no_helper(here: list[str], helpers: list[Any]) -> None:
    assert called(BOTH[:1], 4, 1) == [[1, 2, 3, 4]]
    assert (here, helpers) == (["add"], [])


def test_an_error_inside_is_raised() -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        called(BOTH[1:], 1, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
@pytest.mark.parametrize(
    "program", ["exit 1", "exit 0", "echo no pickle", "echo cannot", "echo Intel", "kill -9 $$"]
)
def test_what_a_helper_does_not_make_is_made_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: list[str], program: str
) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    assert called(BOTH, 2, 2) == [[2, 3, 4, 5], [0, 2, 4, 6]]
    assert here == ["multiply", "add"]


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
def test_a_helper_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: list[str], helpers: list[Any]
) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 1000\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(compiler, "_PATIENCE", 0.5)
    heard: list[str] = []
    codes = dict(compile_all(BOTH, lambda progress: heard.append(progress.sweep), 2))
    assert set(codes) == set(BOTH)
    assert here == ["multiply", "add"]
    assert "add" in heard
    assert helpers[0].poll() is not None


def test_a_helper_that_cannot_be_started_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: list[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert called(BOTH, 2, 1) == [[1, 2, 3, 4], [0, 1, 2, 3]]
    assert here == ["multiply", "add"]


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
def test_no_helper_is_left_when_the_wait_is_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, helpers: list[Any]
) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 1000\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dict(compile_all(BOTH, stop, 2))
    assert [helper.poll() is not None for helper in helpers] == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_helper_ends_with_who_asked(tmp_path: Path) -> None:
    """However that ends."""
    program = """
import sys, time
from cnnsim.kernels import compiler
from test_compiler import BOTH
helper = compiler._Helper(BOTH[0])
print(helper._process.pid, flush=True)
time.sleep(1000)
"""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if sys.argv[:1] == ['-m']:\n"
        "    import time\n"
        "    import cnnsim.kernels.listening as listening\n"
        "    listening.told = lambda report: time.sleep(1000)\n"
    )
    paths = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        os.kill(helper, 0)
        parent.kill()
    ends = time.monotonic() + 40
    while time.monotonic() < ends and _runs(helper):
        time.sleep(0.05)
    assert not _runs(helper)


def _runs(process: int) -> bool:
    try:
        os.kill(process, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_step_calls_its_halves_as_they_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody checks that while it runs."""
    asked: list[Native] = []

    def stop(functions: Sequence[Native], *others: Any) -> None:
        asked.extend(functions)
        raise InterruptedError

    monkeypatch.setattr("cnnsim.kernels.lanes.entries.addresses", stop)
    of = iteration(*NETS["article"])
    engine = LanesEngine(of, 1)
    x, target = batch_of(of, "softmax_cross_entropy", 4, 2)
    with pytest.raises(InterruptedError):
        engine.train(x, target, np.arange(4)[None], np.ones(1))
    backward, forward, steps = asked
    compile_native(steps)
    dispatcher: Any = run_steps
    signature = tuple(numba_type(each) for each in steps.types)
    calls = dispatcher.overloads[signature].type_annotation.calltypes.values()
    passed = [
        tuple(call.args[1].types)
        for call in calls
        if call is not None and str(call.return_type) == "int32" and len(call.args) == 2
    ]
    expected = [tuple(numba_type(each) for each in half.types) for half in (forward, backward)]
    assert sorted(passed, key=len) == sorted(expected, key=len)
