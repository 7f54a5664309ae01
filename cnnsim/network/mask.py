"""Dropout masks by counting: a value is kept or dropped by its place alone.

Nothing is drawn in order, so one mask, one sample or one element is there without the others, and
every engine drops the same values as the stepper.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

#: The odd number nearest to 2^64 / golden ratio: its multiples are spread evenly.
_GOLDEN = 0x9E3779B97F4A7C15


def mixed(word: Any) -> Any:
    """64 bits in which each depends on all bits of `word`, uint64 or an array of them.

    The finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
    Generators, 2014).
    """
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def mask_key(seed: int, name: str, iteration: int) -> int:
    """The 64 bits that a mask of one iteration is made from; `name` is ``drop.mask``."""
    text = f"{seed}:{name}:{iteration}".encode()
    return int.from_bytes(sha256(text).digest()[:8], "little")


def threshold(rate: float) -> int:
    """What the upper 32 bits must reach for a value to be kept."""
    return round(rate * (1 << 32))


def kept(key: Any, sample: Any, element: Any, least: Any) -> Any:
    """Whether `element` of `sample` is kept; all are uint64 or arrays of them.

    Args:
        key: of `mask_key`.
        sample: its place in the batch.
        element: its row-major place in the sample.
        least: of `threshold`.
    """
    counter = (sample << np.uint64(32)) + element + np.uint64(1)
    return (mixed(key + counter * np.uint64(_GOLDEN)) >> np.uint64(32)) >= least


def dropout_mask(
    seed: int, name: str, iteration: int, shape: tuple[int, ...], rate: float
) -> npt.NDArray[np.float64]:
    """The mask [samples, …] of one iteration: 0 with probability `rate`, else 1/(1 − rate)."""
    samples = shape[0]
    elements = int(np.prod(shape[1:], dtype=np.int64))
    stays = kept(
        np.array([mask_key(seed, name, iteration)], np.uint64),
        np.arange(samples, dtype=np.uint64)[:, np.newaxis],
        np.arange(elements, dtype=np.uint64)[np.newaxis],
        np.uint64(threshold(rate)),
    )
    return np.where(stays, 1 / (1 - rate), 0.0).reshape(shape)
