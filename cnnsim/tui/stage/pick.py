"""From a value to the steps that read it: what a click means, and where a value goes."""

from __future__ import annotations

import numpy as np

from cnnsim.errors import CnnsimError
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.trace import Position, ravel, unravel
from cnnsim.tui.stage.matrix import Matrix
from cnnsim.tui.stage.slice import Slice
from cnnsim.tui.stage.view import View

Index = tuple[int, ...]


def cells_reading(
    stepper: Stepper, view: View, number: int, index: Index, cut: Slice, most: int = 400
) -> list[tuple[Index, Index]]:
    """(cell, tap) of the cells within the matrix `cut` of the output that read `index`.

    Read number `number` of the sweep at hand is meant; of many uses the first `most` are told, and
    none where looking for them would be felt.
    """
    sweep = view.sweep
    try:
        steps = stepper.uses(view.position.sweep, sweep.reads[number].tensor, index)
    except CnnsimError:
        return []
    # The cells of a matrix follow each other.
    rest = (0,) * (len(sweep.cells) - len(cut.fixed))
    first = ravel((*cut.fixed, *rest), sweep.cells) * sweep.tap_count
    last = first + int(cut.exists.sum()) * sweep.tap_count
    found = []
    for step in steps[(steps >= first) & (steps < last)].tolist():
        cell, tap = divmod(step, sweep.tap_count)
        at, through = unravel(cell, sweep.cells), unravel(tap, sweep.taps)
        # A sweep may read a tensor in two places.
        if sweep.where(at, through, sweep.params)[number] == index:
            found.append((at, through))
        if len(found) == most:
            break
    return found


def step_of_pick(
    stepper: Stepper, view: View, matrix: Matrix, index: Index, out: Slice
) -> int | None:
    """The step that a click on `index` of `matrix` means, or None.

    A cell of the output: its first tap. A value that is read: the tap of the present cell that
    reads it, else the first cell in the output's matrix `out` that does.
    """
    position, trace = view.position, stepper.trace
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
    cells = cells_reading(stepper, view, matrix.read, index, out, most=1)
    if not cells:
        return None
    cell, tap = cells[0]
    return trace.step(Position(position.iteration, position.sweep, cell, tap))
