"""From a value to the steps that read it: what a click means, and where a value goes."""

from __future__ import annotations

import numpy as np

from cnnsim.steps.trace import Position, Trace, unravel
from cnnsim.tui.stage.matrix import Matrix
from cnnsim.tui.stage.planes import Slice
from cnnsim.tui.stage.view import View

#: Cells times taps that are looked through; more would be felt.
_MOST_PAIRS = 2_000_000

Index = tuple[int, ...]


def cells_reading(
    view: View, number: int, index: tuple[int, ...], cut: Slice, most: int = 400
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """(cell, tap) of the cells within the matrix `cut` of the output that read `index`."""
    sweep = view.sweep
    numbers = np.flatnonzero(cut.exists.reshape(-1))
    first = cut.fixed + (0,) * (len(sweep.cells) - len(cut.fixed))
    base = int(np.ravel_multi_index(first, sweep.cells))
    if len(numbers) * sweep.tap_count > _MOST_PAIRS:
        return []
    cells = np.unravel_index(base + numbers, sweep.cells)
    column = tuple(axis[:, np.newaxis] for axis in cells)
    taps = tuple(axis.reshape(-1) for axis in np.indices(sweep.taps))
    row = tuple(axis[np.newaxis] for axis in taps)
    at = sweep.where(column, row, sweep.params)[number]
    hit = np.ones((len(numbers), sweep.tap_count), np.bool_)
    for axis, wanted in zip(at, index, strict=True):
        hit = hit & (axis == wanted)
    found = np.argwhere(hit)[:most].tolist()
    return [
        (tuple(int(axis[cell]) for axis in cells), unravel(tap, sweep.taps)) for cell, tap in found
    ]


def step_of_pick(trace: Trace, view: View, matrix: Matrix, index: Index, out: Slice) -> int | None:
    """The step that a click on `index` of `matrix` means, or None.

    A cell of the output: its first tap. A value that is read: the tap of the present cell that
    reads it, else the first cell in the output's matrix `out` that does.
    """
    position = view.position
    if matrix.read is None:
        if index == position.cell:
            return view.step
        return trace.step(position._replace(cell=index, tap=(0,) * len(view.sweep.taps)))
    hits = np.ones(view.sweep.tap_count, np.bool_)
    for axis, at in zip(view.work.reach.indices[matrix.read], index, strict=True):
        hits &= axis == at
    taps = np.flatnonzero(hits)
    if len(taps):
        return view.step - view.tap + int(taps[0])
    cells = cells_reading(view, matrix.read, index, out, most=1)
    if not cells:
        return None
    cell, tap = cells[0]
    return trace.step(Position(position.iteration, position.sweep, cell, tap))
