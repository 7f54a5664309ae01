"""A layer's numbers: given in the file, read from a weights file, or drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cnnsim.network.mask import dropout_mask

Rule = Literal["torch", "he", "normal", "zeros", "ones", "mask"]


@dataclass(frozen=True)
class Parameter:
    """A tensor that belongs to a layer.

    Attributes:
        shape: its extents.
        values: the numbers themselves, or None where they are drawn.
        init: how they are drawn. ``torch``: uniform in ±1/√fan_in, PyTorch's default for
            convolutions and dense layers; ``he``: normal with variance 2/fan_in, for nets of ReLUs;
            ``normal``: normal with standard deviation `deviation`; ``mask``: 0 with probability
            `rate`, else 1/(1 − rate), see `mask.dropout_mask`.
        fan_in: products that one output cell sums.
        torch_name: its name in a PyTorch state dict, after the layer's; empty where it has none.
        counts: whether it is a parameter in the sense of the parameter count.
        trained: whether training changes it; not that of a frozen layer, nor a stored statistic.
    """

    shape: tuple[int, ...]
    values: npt.NDArray[np.float64] | None = None
    init: Rule = "torch"
    fan_in: int = 1
    torch_name: str = ""
    counts: bool = True
    trained: bool = True
    rate: float = 0.0
    deviation: float = 1.0

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    def draw(self, seed: int, name: str, iteration: int = 0) -> npt.NDArray[Any]:
        """The numbers: given ones and masks in float64, drawn ones in float32.

        The stream depends on seed and name only, so that one layer is drawn without the others; a
        mask's on the iteration too.
        """
        if self.values is not None:
            return np.broadcast_to(self.values, self.shape).astype(np.float64)
        if self.init in ("zeros", "ones"):
            return np.full(self.shape, 1 if self.init == "ones" else 0, np.float32)
        if self.init == "mask":
            return dropout_mask(seed, name, iteration, self.shape, self.rate)
        stream = stream_of(seed, name)
        if self.init in ("he", "normal"):
            spread = np.sqrt(2 / self.fan_in) if self.init == "he" else self.deviation
            drawn = stream.standard_normal(self.shape, np.float32)
            # What float32 does not hold is infinite.
            with np.errstate(over="ignore", invalid="ignore"):
                drawn *= np.float32(spread)
            return drawn
        drawn = stream.random(self.shape, np.float32)
        drawn -= np.float32(0.5)
        drawn *= np.float32(2 / np.sqrt(self.fan_in))
        return drawn


def stream_of(seed: int, name: str) -> np.random.Generator:
    """The random stream of (seed, name), the same on every machine."""
    # As if [seed, *name.encode()] were given; words are taken over twice as fast.
    words = np.frombuffer(seed.to_bytes(4 * max(1, -(-seed.bit_length() // 32)), "little"), "<u4")
    letters = np.frombuffer(name.encode(), np.uint8)
    told = np.concatenate((words, letters), dtype=np.uint32)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(told)))
