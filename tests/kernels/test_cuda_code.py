"""Every fast CUDA kernel compiles for the GPUs it is made for, and fits into them; no GPU needed.

A kernel is on the list by a line in `CASES`: its name, and a function that returns it with its
signature for a GPU with so much shared memory. Those that train a single run are found by the
networks in `RUNS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lanes_nets import NETS, iteration
from machine import GPUS, check, compiled, needs_compiler, why_not

from cnnsim.kernels.lanes.rule import rule_of

if not why_not():
    from numba import cuda, float32, int8, int16, int32, int64

    from cnnsim.kernels.cuda.jit import Kernel
    from cnnsim.kernels.cuda.layout import Kept
    from cnnsim.kernels.cuda.models.plan import plan_of
    from cnnsim.kernels.cuda.models.step import answering_kernel, keeping_kernel, training_kernel
    from cnnsim.kernels.cuda.plan import Plan

    FLAT, CUBE = float32[::1], float32[:, :, ::1]
    FLAGS, ORDER, MOVES = int8[::1], int32[:, :, ::1], int16[:, :, ::1]

Made = tuple["Kernel", tuple[Any, ...]]


def training_of_models(net: str) -> Callable[[int], Made]:
    """The kernel that trains many models of a network."""

    def make(shared: int) -> Made:
        of = iteration(*NETS[net], batch=32, optimizer="adam")
        kernel = training_kernel(plan_of(of, shared), rule_of(of.optimizer), 256)
        return kernel, (
            FLAT, FLAT, FLAT, ORDER, MOVES, CUBE, int32[::1], FLAGS, float32[:, ::1],
        )  # fmt: skip

    return make


def answers_of_models(net: str) -> Callable[[int], Made]:
    """The kernel that tests many models of a network."""

    def make(shared: int) -> Made:
        plan = plan_of(iteration(*NETS[net], batch=32, optimizer="adam"), shared)
        return answering_kernel(plan, 256), (FLAT, FLAT, FLAT, FLAGS, CUBE, float32[:, ::1])

    return make


def copies_of_models(shared: int) -> Made:
    """The kernel that keeps the best models."""
    plan = plan_of(iteration(*NETS["digits"], batch=32, optimizer="adam"), shared)
    return keeping_kernel(plan, 256), (FLAT, FLAT, FLAGS)


CASES: dict[str, Callable[[int], Made]] = {
    "training of many digits": training_of_models("digits"),
    "training of many LeNets": training_of_models("lenet"),
    "test of many digits": answers_of_models("digits"),
    "copies of many digits": copies_of_models,
}


@needs_compiler
@pytest.mark.parametrize("capability", GPUS, ids=lambda pair: "sm_{}{}".format(*pair))
@pytest.mark.parametrize("name", CASES)
def test_fits_into_a_gpu(name: str, capability: tuple[int, int]) -> None:
    check(*CASES[name](GPUS[capability]), capability)


#: Networks, of NETS, whose single runs have fast kernels.
RUNS = ("lenet",)


@needs_compiler
@pytest.mark.parametrize("capability", GPUS, ids=lambda pair: "sm_{}{}".format(*pair))
@pytest.mark.parametrize("net", RUNS)
def test_all_kernels_of_a_run_fit_into_a_gpu(net: str, capability: tuple[int, int]) -> None:
    of = iteration(*NETS[net], optimizer="adam")
    plan = Plan(of.resized(64, True), Kept(of.resized(1, True)), by_class=True)
    kernels = [item for item in plan._kernels if isinstance(item, Kernel)]
    assert len(kernels) == len(plan._kernels) > 0
    # Arena, ledger, pictures, targets.
    arrays = (FLAT, int64[::1], FLAT, FLAT)
    for kernel in kernels:
        check(kernel, arrays[: kernel.arguments], capability)


@needs_compiler
def test_a_kernel_that_does_not_fit_is_noticed() -> None:
    """Sums that spill, and numbers of double precision, which the checks above would miss."""

    def spills(x: Any, y: Any) -> None:
        kept = cuda.local.array(400, float32)
        for n in range(400):
            kept[n] = x[n]
        for n in range(400):
            y[n] = kept[(n * 7 + cuda.threadIdx.x) % 400]

    def doubles(x: Any, y: Any) -> None:
        y[0] = x[0] * 0.1

    def small(x: Any, y: Any) -> None:
        y[0] = x[0] + x[1]

    signature = (FLAT, FLAT)
    for function, why in ((spills, "registers"), (doubles, "float64")):
        with pytest.raises(AssertionError, match=why):
            check(Kernel(function, 1, 32), signature, (9, 0))
    with pytest.raises(AssertionError, match="shared memory"):
        check(Kernel(small, 1, 32, 300_000), signature, (9, 0))
    code = compiled(small, signature, (9, 0), fastmath=True)
    assert 0 < code.registers < 32
