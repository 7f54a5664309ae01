"""Which pictures each update sees: the order of an epoch, its batches, its shifts.

Everything follows from the seed and the number of the update, so any of them can be seen again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnnsim.network.parameter import stream_of
from cnnsim.training.samples import Classes, Pictures, Samples

Integers = npt.NDArray[np.int64]


class Piece(NamedTuple):
    """Some updates in a row, as an engine takes them; the last batch of an epoch may be small.

    Attributes:
        pictures, classes: of samples.
        batches: the samples of each update [updates, batch].
    """

    pictures: Pictures
    classes: Classes
    batches: Integers


class Epoch(NamedTuple):
    """The updates of an epoch, for each of several runs.

    Attributes:
        batches: the samples of each update [runs, updates, batch]; what a small batch lacks is 0.
        moves: how far each sample is moved, down and right [runs, samples, 2]; of no samples, where
            all of them stay.
    """

    batches: npt.NDArray[np.int32]
    moves: npt.NDArray[np.int16]


class Batches:
    """The updates of a run, numbered from 0 through all epochs.

    Args:
        samples: the training pictures.
        batch: how many make one update.
        seed: of the run.
        shuffle: a new order for each epoch.
        shift: pixels by which a picture moves at most, in each direction.
    """

    def __init__(
        self, samples: Samples, batch: int, seed: int, shuffle: bool = True, shift: int = 0
    ) -> None:
        self.samples = samples
        self.batch = batch
        self._seed = seed
        self._shuffle = shuffle
        self.shift = shift
        #: Updates in an epoch.
        self.each = -(-len(samples) // batch)
        self._order = lru_cache(maxsize=2)(self.order)
        self._moves = lru_cache(maxsize=2)(self.moves)

    def size(self, update: int) -> int:
        """How many samples an update has: the last one of an epoch may have fewer."""
        return min(self.batch, len(self.samples) - update % self.each * self.batch)

    def piece(self, update: int, most: int) -> Piece:
        """The updates from `update` on: at most so many, of one epoch and of one batch size."""
        epoch, first = divmod(update, self.each)
        full = len(self.samples) // self.batch
        order = self._order(epoch)
        if first == full:
            rows = order[np.newaxis, full * self.batch :]
        else:
            count = min(most, full - first)
            rows = order[first * self.batch : (first + count) * self.batch]
            rows = rows.reshape(count, self.batch)
        if not self.shift:
            return Piece(self.samples.pictures, self.samples.classes, rows)
        chosen = rows.reshape(-1)
        moved = shifted(self.samples.pictures[chosen], self._moves(epoch)[chosen])
        numbers = np.arange(len(chosen), dtype=np.int64).reshape(rows.shape)
        return Piece(moved, self.samples.classes[chosen], numbers)

    def order(self, epoch: int) -> Integers:
        """The samples in the order of an epoch."""
        count = len(self.samples)
        if not self._shuffle:
            return np.arange(count, dtype=np.int64)
        return stream_of(self._seed, f"data.order.{epoch}").permutation(count)

    def moves(self, epoch: int) -> Integers:
        """How far each sample is moved in an epoch, down and right [samples, 2]."""
        stream = stream_of(self._seed, f"data.shift.{epoch}")
        return stream.integers(-self.shift, self.shift + 1, (len(self.samples), 2))


def epoch_of(every: Sequence[Batches], epoch: int) -> Epoch:
    """An epoch of runs that differ in nothing but the seed; their last batches may be small."""
    first = every[0]
    count, batch, is_shifted = len(first.samples), first.batch, first.shift > 0
    batches = np.zeros((len(every), first.each * batch), np.int32)
    moves = np.zeros((len(every), count if is_shifted else 0, 2), np.int16)
    for number, run in enumerate(every):
        batches[number, :count] = run.order(epoch)
        if is_shifted:
            moves[number] = run.moves(epoch)
    return Epoch(batches.reshape(len(every), first.each, batch), moves)


def shifted(pictures: Pictures, moves: Integers) -> Pictures:
    """Every picture [n, c, h, w] moved down and right by its `moves` [n, 2]; zeros come in."""
    _, _, height, width = pictures.shape
    found = np.zeros_like(pictures)
    for down, right in np.unique(moves, axis=0).tolist():
        if abs(down) >= height or abs(right) >= width:
            continue
        chosen = np.flatnonzero((moves == (down, right)).all(axis=1))
        to = (
            slice(max(down, 0), height + min(down, 0)),
            slice(max(right, 0), width + min(right, 0)),
        )
        back = (
            slice(max(-down, 0), height + min(-down, 0)),
            slice(max(-right, 0), width + min(-right, 0)),
        )
        found[chosen, :, *to] = pictures[chosen, :, *back]
    return found
