"""What one process has compiled for a GPU, another one finds: the keys of kernels stay the same."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_KEYS = """
from hashlib import sha256
from lanes_nets import NETS, iteration
from running import KINDS
from numba.cuda.serialize import dumps
from cnnsim.kernels.cuda.general import general
from cnnsim.kernels.cuda.jit import Kernel
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
        held = tuple(cell.cell_contents for cell in item.function.__closure__ or ())
        print(item.name, sha256(dumps(held)).hexdigest())
"""


@pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_keys_are_the_same_in_every_process() -> None:
    tests = Path(__file__).parents[1]
    rooms = os.pathsep.join(map(str, [tests.parent, tests, tests / "kernels"]))
    found = [
        subprocess.run(
            [sys.executable, "-c", _KEYS],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": rooms, "PYTHONHASHSEED": str(number)},
        ).stdout
        for number in (1, 2)
    ]
    assert len(found[0].splitlines()) > 60
    assert found[0] == found[1]
