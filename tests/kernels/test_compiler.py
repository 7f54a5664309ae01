"""Compiling native functions, alone and with helpers that fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnsim.kernels import compiler, native
from cnnsim.kernels.compiler import compile_all
from cnnsim.kernels.fill import Progress, silent
from cnnsim.kernels.jit import native as compiled
from cnnsim.kernels.machine import load
from cnnsim.kernels.native import Native
from cnnsim.kernels.passing import Caller


@compiled
def add(found: Any, number: int) -> None:
    for k in range(found.size):
        found[k] += number


@compiled
def multiply(found: Any, number: int) -> None:
    if number == 0:
        raise ValueError("nothing is left")
    for k in range(found.size):
        found[k] *= number


NUMBERS = np.arange(4)
BOTH = [native.native(f"{__name__}:{name}", NUMBERS, 0) for name in ("add", "multiply")]


def called(functions: Sequence[Native], codes: Any, number: int) -> list[list[int]]:
    """What each of the functions makes of 0 to 3."""
    results = []
    for function in functions:
        found = np.arange(4)
        Caller(load(codes[function]), function.kinds).bound(found)(number)
        results.append(found.tolist())
    return results


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_who_compiles_makes_no_difference(processes: int) -> None:
    codes = compile_all(BOTH, silent, processes)
    assert called(BOTH, codes, 3) == [[3, 4, 5, 6], [0, 3, 6, 9]]


def test_an_error_inside_is_raised() -> None:
    codes = compile_all(BOTH[1:], silent, 1)
    with pytest.raises(RuntimeError, match="ended with 1"):
        called(BOTH[1:], codes, 0)


@pytest.mark.parametrize("program", ["exit 1", "exit 0", "echo no pickle", "kill -9 $$"])
@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
def test_what_a_helper_does_not_make_is_made_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    codes = compile_all(BOTH, silent, 2)
    assert called(BOTH, codes, 2) == [[2, 3, 4, 5], [0, 2, 4, 6]]


def test_a_helper_that_cannot_be_started_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    codes = compile_all(BOTH, silent, 2)
    assert called(BOTH, codes, 1) == [[1, 2, 3, 4], [0, 1, 2, 3]]


def test_no_helper_is_left_when_the_wait_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    def fresh(found: Any, number: int) -> None:
        found[0] = number

    monkeypatch.setattr(compiler.subprocess, "Popen", Watched)
    monkeypatch.setattr(sys.modules[__name__], "multiply", compiled(fresh))
    with pytest.raises(KeyboardInterrupt):
        compile_all(BOTH, stop, 2)
    assert [helper.poll() is not None for helper in started] == [True]
