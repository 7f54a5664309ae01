"""Labelled pictures in memory, split for training and testing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError
from cnnsim.training.preprocess import are_centred

Pictures = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Pictures [samples, channels, height, width] in 0..1 with the class of each [samples]."""

    pictures: Pictures
    classes: Classes

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, chosen: npt.NDArray[np.int64]) -> Samples:
        return Samples(self.pictures[chosen], self.classes[chosen])


@dataclass(frozen=True)
class Split:
    """What a network is trained with and what it is tested with.

    Attributes:
        names: of the classes, by their number.
    """

    train: Samples
    test: Samples
    names: tuple[str, ...]

    @cached_property
    def is_centred(self) -> bool:
        """Whether they were made as MNIST's are."""
        return are_centred(self.train.pictures)

    @cached_property
    def digest(self) -> int:
        """A checksum by which a run notices that its pictures have changed.

        Of every pixel: MNIST's take a tenth of a second.
        """
        found = 0
        for samples in (self.train, self.test):
            for array in (samples.classes, samples.pictures):
                found = zlib.crc32(np.ascontiguousarray(array).data, found)
        return found

    def only(self, classes: Sequence[int]) -> Split:
        """The same with these classes only, numbered in their order. Raises UsageError."""
        missing = [number for number in classes if number >= len(self.names)]
        if missing:
            raise UsageError(
                f"[data] classes holds {missing[0]} and the pictures have classes 0 to "
                f"{len(self.names) - 1}"
            )
        numbers = np.full(len(self.names), -1)
        numbers[list(classes)] = np.arange(len(classes))

        def chosen(samples: Samples) -> Samples:
            found = numbers[samples.classes]
            return Samples(samples.pictures[found >= 0], found[found >= 0])

        names = tuple(self.names[number] for number in classes)
        return Split(chosen(self.train), chosen(self.test), names)


def split(samples: Samples, names: tuple[str, ...], test_share: float, seed: int) -> Split:
    """Cut `samples` in two: the first ⌈share · n⌉ of a permutation are for testing.

    The permutation is that of NumPy's RandomState, as scikit-learn's train_test_split has it.
    """
    order = np.random.RandomState(seed).permutation(len(samples)).astype(np.int64)
    first = ceil(test_share * len(samples))
    return Split(samples[order[first:]], samples[order[:first]], names)
