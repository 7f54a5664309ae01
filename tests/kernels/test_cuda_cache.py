"""What one process has compiled for a GPU, another one finds: the keys of kernels stay the same."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

_KEYS = """
from lanes_nets import NETS, iteration
from running import KINDS
from cnnsim.kernels.cuda.general import general
from cnnsim.kernels.cuda.jit import Kernel, own_name
from cnnsim.kernels.cuda.layout import RATE, Kept
from cnnsim.kernels.cuda.plan import Plan
from cnnsim.scenario.reader import parse_scenario
text = KINDS + '''[loss]
type = "mean_squared_error"
target = [[0, 0, 0, 1], [0, 1, 0, 0]]
[training]
optimizer = "sgd"
'''
for of in (iteration(*NETS["lenet"], optimizer="adam"), parse_scenario("t", text).iteration):
    plan = Plan(of.resized(4, True), Kept(of.resized(1, True)), True)
    for item in plan._kernels:
        if not isinstance(item, Kernel):
            item = general(item, plan._rooms.places, plan._rooms.shapes, RATE)
        print(own_name(item.function))
"""


needs_numba_cuda = pytest.mark.skipif(
    find_spec("numba_cuda") is None, reason="numba-cuda is not installed"
)


@needs_numba_cuda
def test_keys_are_the_same_in_every_process(tmp_path: Path) -> None:
    """The first of them loads its modules from their sources, the second from what Python kept."""
    tests = Path(__file__).parents[1]
    rooms = os.pathsep.join(map(str, [tests.parent, tests, tests / "kernels"]))
    found = [
        subprocess.run(
            [sys.executable, "-c", _KEYS],
            capture_output=True,
            text=True,
            check=True,
            env={
                **os.environ,
                "PYTHONPATH": rooms,
                "PYTHONHASHSEED": str(number),
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": str(tmp_path),
            },
        ).stdout
        for number in (1, 2)
    ]
    names = found[0].splitlines()
    assert len(set(names)) == len(names) > 50
    assert found[0] == found[1]


@needs_numba_cuda
def test_two_processes_that_keep_kernels_at_once_do_not_mix_them_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process keeps its kernel between the other one's index and the other one's code."""
    from numba.cuda.core import config
    from numba.cuda.dispatcher import CUDACache

    from cnnsim.kernels.cuda.jit import own_name

    monkeypatch.setitem(vars(config), "CACHE_DIR", str(tmp_path))

    def opened(number: int, told: str) -> Any:
        def fill(arena: Any) -> None:
            arena[0] = number

        fill.__qualname__ = own_name(fill, told)
        return CUDACache(fill)._cache_file

    pairs = [(1, "sm_80"), (2, "sm_80"), (1, "sm_90")]
    for first, second in combinations(pairs, 2):
        one, other = opened(*first), opened(*second)
        store = one._save_data

        def late(name: str, data: str, store: Any = store, other: Any = other) -> None:
            other.save("other", "the other one's")
            store(name, data)

        one._save_data = late
        one.save("one", "the one's")
        assert opened(*first).load("one") == "the one's"
        assert opened(*second).load("other") == "the other one's"
        assert opened(*second).load("one") is None


@needs_numba_cuda
def test_what_is_launched_is_compiled_as_it_was_checked() -> None:
    """The checks of machine code compile with the same options; the compiler must have them all."""
    from cnnsim.kernels.cuda.jit import Kernel

    kernel = Kernel(lambda arena: None, 1, 64)
    found = kernel.jitted().targetoptions
    assert {name: found[name] for name in kernel.options} == kernel.options
    assert kernel.options == {"launch_bounds": 64, "lto": False}
