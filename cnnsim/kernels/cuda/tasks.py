"""Work for blocks of threads, of which one launch can hold several kinds that do not wait for
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from numba import cuda

from cnnsim.kernels.cuda.halves import halved
from cnnsim.kernels.cuda.jit import Kernel, device

#: What a block of threads does: ``body(arena, block)``, a function for kernels.
Body = Callable[[Any, int], None]


class Task(NamedTuple):
    """What blocks 0 .. `blocks` − 1 do, of so many `threads` and bytes of `shared` memory."""

    body: Body
    blocks: int
    threads: int
    shared: int
    name: str


def launched(*rounds: Sequence[Task]) -> list[Kernel]:
    """The kernels that do all tasks, one round after the other, those of equal blocks at once."""
    found = []
    for tasks in rounds:
        by_size: dict[int, list[Task]] = {}
        for task in tasks:
            by_size.setdefault(task.threads, []).append(task)
        found += [_together(alike) for alike in by_size.values()]
    return found


def _together(tasks: Sequence[Task]) -> Kernel:
    """The kernel that does all `tasks`."""
    body, blocks = halved([(task.body, task.blocks) for task in tasks], _side_by_side)

    def fill(arena: Any) -> None:
        body(arena, cuda.blockIdx.x)

    return Kernel(
        fill,
        blocks,
        tasks[0].threads,
        max(task.shared for task in tasks),
        name=" and ".join(task.name for task in tasks),
    )


def _side_by_side(first: tuple[Body, int], second: tuple[Body, int]) -> tuple[Body, int]:
    """The first for so many blocks, the second for so many after them."""
    (before, blocks), (behind, more) = first, second

    @device
    def body(arena: Any, block: int) -> None:
        if block < blocks:
            before(arena, block)
        else:
            behind(arena, block - blocks)

    return body, blocks + more
