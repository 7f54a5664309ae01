"""Work for blocks of threads, of which one launch can hold several kinds that do not wait for
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from numba import cuda

from cnnsim.kernels.cuda.jit import Kernel


class Task(NamedTuple):
    """What blocks 0 .. `blocks` − 1 do: ``body(arena, block)``, a function for kernels."""

    body: Callable[[Any, int], None]
    blocks: int
    threads: int
    shared: int
    name: str


def launched(tasks: Sequence[Task]) -> list[Kernel]:
    """The kernels that do all `tasks`, two of equal blocks in one launch."""
    waiting, found = list(tasks), []
    while waiting:
        first = waiting.pop(0)
        second = next((task for task in waiting if task.threads == first.threads), None)
        if second is None:
            found.append(_alone(first))
        else:
            waiting.remove(second)
            found.append(_together(first, second))
    return found


def _alone(task: Task) -> Kernel:
    body = task.body

    def fill(arena: Any) -> None:
        body(arena, cuda.blockIdx.x)

    return Kernel(fill, task.blocks, task.threads, task.shared, name=task.name)


def _together(first: Task, second: Task) -> Kernel:
    one, other, blocks = first.body, second.body, first.blocks

    def fill(arena: Any) -> None:
        block = cuda.blockIdx.x
        if block < blocks:
            one(arena, block)
        else:
            other(arena, block - blocks)

    return Kernel(
        fill,
        blocks + second.blocks,
        first.threads,
        max(first.shared, second.shared),
        name=f"{first.name} and {second.name}",
    )
