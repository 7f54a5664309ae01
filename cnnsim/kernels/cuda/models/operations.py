"""The operations of a model as a block of threads does them, with their places in its memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from cnnsim.kernels.cuda.layout import whole

#: Banks of shared memory: so many floats on, the first one comes again.
_BANKS = 32
#: Sums that a thread keeps of a kernel gradient, unless a single kernel has more.
_SUMS = 54


class Tensor(NamedTuple):
    """Where the numbers of a chunk's maps lie: a place, and the steps along each axis.

    Maps for a convolution have a border of zeros, and a row of their own for each sample. For a
    dense layer, features [channel, row, column] have the samples side by side.
    """

    place: int
    sample: int
    channel: int
    row: int
    column: int


_NOWHERE = Tensor(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Operation:
    """What convolutions and dense layers have alike.

    Attributes:
        layer: its name.
        relu: its output is cut off at 0.
        trained: its weights are.
        back: the gradient of its input is wanted.
        near: its weights lie in shared memory.
        size: floats of its weights, biases included.
        weights, gradients: their places, in shared memory or within a model of the arena.
        biases: where they come after the weights.
        has_bias: the others stay zero.
    """

    layer: str
    relu: bool
    trained: bool
    back: bool
    near: bool
    size: int
    biases: int
    has_bias: bool
    weights: int = 0
    gradients: int = 0


@dataclass(frozen=True)
class Convolution(Operation):
    """A convolution of stride 1, its weights [channel, kernel row, kernel column, map].

    Attributes:
        pools: 2x2; the code of the winner is kept in a byte, 4 where ReLU is off.
        turned: a true convolution; its weights lie turned.
        masks: its ReLU shows in `y` only when gradients come back.
        slice: maps whose gradients are spread out at a time.
        x, y: input and output; the gradient of `y` is `dy`, of `x` `dx`.
        codes: the place of the codes, in bytes.
    """

    channels: int = 0
    height: int = 0
    width: int = 0
    maps: int = 0
    kernel_h: int = 0
    kernel_w: int = 0
    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0
    pools: bool = False
    turned: bool = False
    masks: bool = False
    slice: int = 1
    x: Tensor = _NOWHERE
    y: Tensor = _NOWHERE
    dy: Tensor = _NOWHERE
    dx: Tensor = _NOWHERE
    codes: int = 0

    @property
    def out_h(self) -> int:
        """Rows before the pool."""
        return self.height + self.top + self.bottom - self.kernel_h + 1

    @property
    def out_w(self) -> int:
        """Columns before the pool."""
        return self.width + self.left + self.right - self.kernel_w + 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the output."""
        halves = 2 if self.pools else 1
        return self.maps, self.out_h // halves, self.out_w // halves

    @property
    def above(self) -> int:
        """Rows of zeros above a map's gradient when it is spread out, such that every tap reads."""
        return self.kernel_h - 1 - self.top

    @property
    def before(self) -> int:
        """Columns of zeros before it."""
        return self.kernel_w - 1 - self.left

    @property
    def spread_h(self) -> int:
        """Rows of a map's gradient, zeros above and below included."""
        return self.height + self.kernel_h - 1

    @property
    def spread_w(self) -> int:
        """Columns of a map's gradient and the zeros after them, which are the next row's before."""
        return whole(self.out_w + max(self.before, self.kernel_w - 1 - self.right))

    @property
    def lead(self) -> int:
        """Zeros before the first row."""
        return whole(self.before)

    @property
    def spread_size(self) -> int:
        """Floats of a map's gradient: four columns can be read at once."""
        return self.lead + self.spread_h * self.spread_w

    @property
    def spread_map(self) -> int:
        """Floats from one map's to the next one's: eight maps, read so, lie in different banks."""
        return -(-(self.spread_size - 4) // _BANKS) * _BANKS + 4

    @property
    def together(self) -> int:
        """Maps of a slice that a thread sums kernel gradients for."""
        return divisor(self.slice, max(1, _SUMS // (self.kernel_h * self.kernel_w)))


@dataclass(frozen=True)
class Dense(Operation):
    """A dense layer, its weights [feature, unit].

    Attributes:
        line: floats from one feature's weights to the next one's.
        parts: threads that share the sum of a unit.
        masks: the layer below has a ReLU, which cuts the gradient off too.
        x, y: places of input and output [feature, sample]; gradients take their places.
    """

    features: int = 0
    units: int = 0
    line: int = 0
    masks: bool = False
    parts: int = 1
    x: int = 0
    y: int = 0


def divisor(number: int, most: int) -> int:
    """The largest divisor of `number` that is at most `most`."""
    return next(each for each in range(min(number, most), 0, -1) if number % each == 0)
