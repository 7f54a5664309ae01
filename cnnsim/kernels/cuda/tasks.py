"""Work for blocks of threads, of which one launch can hold several kinds that do not wait for
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from numba import cuda

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
    body = _body(tasks)

    def fill(arena: Any) -> None:
        body(arena, cuda.blockIdx.x)

    return Kernel(
        fill,
        sum(task.blocks for task in tasks),
        tasks[0].threads,
        max(task.shared for task in tasks),
        name=" and ".join(task.name for task in tasks),
    )


def _body(tasks: Sequence[Task]) -> Body:
    """What each block does.

    It is found by halves of halves: the compiler's recursion is as deep as calls are.
    """
    if len(tasks) == 1:
        return tasks[0].body
    half = len(tasks) // 2
    blocks = sum(task.blocks for task in tasks[:half])
    first, second = _body(tasks[:half]), _body(tasks[half:])

    @device
    def body(arena: Any, block: int) -> None:
        if block < blocks:
            first(arena, block)
        else:
            second(arena, block - blocks)

    return body
