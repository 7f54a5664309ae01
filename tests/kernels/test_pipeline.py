"""What is compiled in parts does what the same functions do in Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit, types
from numba.core.errors import NumbaError

from cnnsim.kernels.jit import entry, overloading, part


@part
def twice(x: Any) -> Any:
    return 2 * x


@part
def both(x: Any, y: Any) -> Any:
    # Calls one part, and one that calls it too.
    return twice(x) + four_times(y)


@part
def four_times(x: Any) -> Any:
    return twice(twice(x))


def kind_of(x: Any) -> str:
    """Which function it is."""
    return "whole" if isinstance(x, int) else "real"


@overloading(kind_of)
def _kind_of(x: Any) -> Any:
    def whole(x: Any) -> Any:
        return four_times(x)

    def real(x: Any) -> Any:
        return twice(x)

    return whole if isinstance(x, types.Integer) else real


def fill(out: Any, x: Any, y: Any) -> None:
    for k in range(out.size):
        out[k] = both(x + k, y - k)


def filled(function: Any, x: Any, y: Any) -> list[float]:
    out = np.zeros(3)
    function(out, x, y)
    found: list[float] = out.tolist()
    return found


@pytest.mark.parametrize(("x", "y"), [(1, 2), (0.5, -3.0), (1, 2.5)])
def test_parts_of_parts(x: Any, y: Any) -> None:
    expected = [2.0 * (x + k) + 4.0 * (y - k) for k in range(3)]
    assert filled(entry(fill, caches=False), x, y) == expected


def test_two_entries_have_the_same_part() -> None:
    def other(out: Any, x: Any, y: Any) -> None:
        out[0] = four_times(x) - twice(y)

    first, second = entry(fill, caches=False), entry(other, caches=False)
    assert filled(first, 1.0, 2.0)[0] == 10.0
    assert filled(second, 1.0, 2.0)[0] == 0.0
    assert filled(first, 3.0, 2.0)[0] == 14.0


def test_whatever_is_no_entry_calls_parts_too() -> None:
    """Numba links what a function calls itself, and nothing that that calls."""
    assert filled(njit(fill), 1.0, 2.0) == filled(entry(fill, caches=False), 1.0, 2.0)


@pytest.mark.parametrize(("x", "expected"), [(3, 12.0), (3.0, 6.0)])
def test_what_is_chosen_by_types(x: Any, expected: float) -> None:
    def choose(out: Any, x: Any, y: Any) -> None:
        out[0] = kind_of(x)

    assert filled(entry(choose, caches=False), x, 0)[0] == expected


def test_a_part_calls_what_numba_has() -> None:
    @part
    def smaller(x: Any, y: Any) -> Any:
        return min(x, abs(y))

    def use(out: Any, x: Any, y: Any) -> None:
        for k in range(0, out.size, 2):
            out[k] = smaller(x, y + k)

    assert filled(entry(use, caches=False), 4, -3) == [3.0, 0.0, 1.0]


def test_divisions_are_those_of_ieee_754() -> None:
    @part
    def divided(x: Any, y: Any) -> Any:
        return x / y

    def use(out: Any, x: Any, y: Any) -> None:
        out[0], out[1], out[2] = divided(x, y), divided(-x, y), divided(y, y)

    found = filled(entry(use, caches=False), 1.0, 0.0)
    assert found[:2] == [np.inf, -np.inf]
    assert np.isnan(found[2])


def test_an_error_of_a_part_is_raised() -> None:
    @part
    def checked(x: Any) -> Any:
        if x < 0:
            raise ValueError("below 0")
        return x

    def use(out: Any, x: Any, y: Any) -> None:
        out[0] = checked(x)

    compiled = entry(use, caches=False)
    assert filled(compiled, 2.0, 0)[0] == 2.0
    with pytest.raises(ValueError, match="below 0"):
        filled(compiled, -1.0, 0)


def test_arrays_are_not_made() -> None:
    def use(out: Any, x: Any, y: Any) -> None:
        out[0] = np.empty(3)[0]

    with pytest.raises(NumbaError, match="array"):
        filled(entry(use, caches=False), 1.0, 2.0)


def test_parts_are_neither_in_memory_nor_called_by_python() -> None:
    """Else everything is right, and compiled as slowly as Numba does it."""
    filled(entry(fill, caches=False), 1.0, 2.0)
    compiled = twice.overloads[(types.float64,)].library
    names = [named.name for named in compiled.alone().functions if not named.is_declaration]
    assert names
    engine = compiled._codegen._engine
    assert not any(engine.is_symbol_defined(name) for name in names)
    assert all(compiled.get_pointer_to_function(name) == 0 for name in names)


def test_a_call_that_is_optimised_away_is_no_less_linked_elsewhere() -> None:
    """LLVM links what somebody has asked for, and forgets who else will."""

    @part
    def last(x: Any) -> Any:
        total = 0.0
        for k in range(int(x)):
            total += np.sin(k + x)
        return total

    @part
    def never(x: Any) -> Any:
        n = int(x) * 0
        if n > 1:
            return last(x)
        return x

    @part
    def between(x: Any) -> Any:
        return last(x) + 1.0

    @part
    def always(x: Any) -> Any:
        return between(x) * 2.0

    def use(out: Any, x: Any, y: Any) -> None:
        out[0] = never(x)
        out[1] = always(x)

    found = filled(entry(use, caches=False), 3.0, 0)
    assert found[0] == 3.0
    assert found[1] == pytest.approx(2 * (1 + np.sin([3.0, 4.0, 5.0]).sum()))


def test_a_part_prints(capfd: pytest.CaptureFixture[str]) -> None:
    """Printing asks for what belongs to the function in Python."""

    @part
    def told(x: Any) -> Any:
        print("it is", x)
        return x

    def use(out: Any, x: Any, y: Any) -> None:
        out[0] = told(x)

    filled(entry(use, caches=False), 2.5, 0)
    assert capfd.readouterr().out == "it is 2.5\n"


KEPT = """
import sys

import numpy as np

from cnnsim.kernels.jit import entry, part


def part_of(factor):
    @part
    def scaled(x):
        # Calling itself, it does not become a piece of who calls it.
        if x < 1.0:
            return 0.0
        return factor + scaled(x - 1.0)

    return scaled


seven, eight = part_of(7), part_of(8)


def first(out, x):
    out[0] = seven(x) + seven(x + 1)


def second(out, x):
    out[0] = eight(x) + eight(x + 1)


kernels = {"first": entry(first), "second": entry(second)}
out = np.zeros(1)
for name in sys.argv[1:]:
    kernels[name](out, 2.0)
    print(out[0], sum(kernels[name].stats.cache_hits.values()))
"""


def test_kernels_of_two_processes_keep_their_own_parts(tmp_path: Path) -> None:
    """Parts of one name are told apart by numbers, which each process begins anew."""
    script = tmp_path / "script.py"
    script.write_text(KEPT)

    def run(*names: str) -> str:
        return subprocess.run(
            [sys.executable, script, *names], capture_output=True, text=True, check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        ).stdout  # fmt: skip

    assert run("first") == "35.0 0\n"
    assert run("second") == "40.0 0\n"
    assert run("first", "second") == "35.0 1\n40.0 1\n"
    assert run("second", "first") == "40.0 1\n35.0 1\n"
