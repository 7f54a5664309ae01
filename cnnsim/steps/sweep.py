"""A sweep fills one tensor, cell by cell; a cell is the fold of its taps.

Convolution, dense layers, pooling, activations, normalisation, losses, gradients and optimiser
updates all have this shape. ``where``, ``term`` and ``finish`` are plain functions without
branches, written once: they work on ints, on NumPy index arrays (a whole cell at once) and, handed
to Numba, in compiled loops.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np

#: An index whose entries are ints or integer arrays of one shape.
Index = tuple[Any, ...]
#: The constants of a sweep: a NamedTuple of ints and floats.
Params = Any

#: ``where`` returns this for a tap that has no product at all (a hole). It lies outside every
#: tensor, and sums of a few of them stay inside int64.
FAR = 1 << 40


class Fold(NamedTuple):
    """How the terms of a cell become one number.

    ``combine`` takes the total and a term; ``accumulate`` an array and an axis, and gives the total
    after each entry, from left to right and equal bit for bit. ``identity`` leaves any number as it
    is (−0.0 for a sum: 0.0 would turn −0.0 into 0.0), so that a hole can be folded in without being
    seen. ``total`` is the word for what comes out; ``kept`` says which of the terms that is, where
    it is one of them.
    """

    name: str
    combine: Callable[[Any, Any], Any]
    accumulate: Callable[[Any, int], Any]
    identity: float
    total: str
    kept: str = ""


def either(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where `condition` holds, else `no`: what a term has in place of a branch."""
    return np.where(condition, yes, no)


def larger(total: Any, term: Any) -> Any:
    """The larger one, the first of equals: which of 0.0 and −0.0 np.maximum keeps, is not said."""
    return either(total == term, total, np.maximum(total, term))


def smaller(total: Any, term: Any) -> Any:
    """The smaller one, the first of equals."""
    return either(total == term, total, np.minimum(total, term))


def _running_larger(values: Any, axis: int) -> Any:
    return _first_zeros(np.maximum.accumulate(values, axis), values, axis)


def _running_smaller(values: Any, axis: int) -> Any:
    return _first_zeros(np.minimum.accumulate(values, axis), values, axis)


def _first_zeros(running: Any, values: Any, axis: int) -> Any:
    """`running` with each zero, of either sign, replaced by the zero that came first."""
    is_zero = running == 0.0
    if not is_zero.any():
        return running
    # Where the total becomes zero for the first time, that is the entry itself.
    first = np.expand_dims(np.argmax(is_zero, axis), axis)
    return np.where(is_zero, np.take_along_axis(values, first, axis), running)


ADD = Fold("add", np.add, np.add.accumulate, -0.0, "sum")
LARGER = Fold("larger", larger, _running_larger, -np.inf, "max", "largest")
SMALLER = Fold("smaller", smaller, _running_smaller, np.inf, "min", "smallest")


class Read(NamedTuple):
    """A tensor that a tap reads.

    ``outside`` is the value of an index that leaves the tensor (padding); None means that there is
    no product there (a hole).
    """

    tensor: str
    outside: float | None = 0.0


class Start(NamedTuple):
    """A tensor that the fold starts from, such as the bias, with ``where(cell, params)``."""

    tensor: str
    where: Callable[[Index, Params], Index]


class Origin(NamedTuple):
    """How one coordinate of a read follows from cell and tap, for people.

    ``formula`` names axes and params: ``"y·stride_h + i·dilation_h − top"``. ``read`` and ``axis``
    say which coordinate it is.
    """

    label: str
    formula: str
    read: int
    axis: int


def product(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """The term of every multiply-add."""
    return values[0] * values[1]


def value(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """The term that is what was read."""
    return values[0]


def unchanged(total: Any, cell: Index, p: Params) -> Any:
    """The finish that does nothing."""
    return total


@dataclass(frozen=True)
class Sweep:
    """The rule that fills tensor `writes`.

    Attributes:
        layer, name: the sweep is addressed as ``layer.name``.
        writes: the tensor it fills; its shape is `cells`.
        cells, cell_axes: extents and names of the cell's coordinates.
        taps, tap_axes: extents and names of the tap's; both empty for a cell of one term.
        reads: what a tap reads.
        where: ``(cell, tap, params)`` to one index for each read.
        term: ``(values, cell, tap, params)`` to the number that is folded.
        fold: None where the cell is its one term.
        start: what the fold starts from, a number or a tensor.
        finish: ``(total, cell, params)`` to the value of the cell.
        formula: the term for people; ``{0}`` is what the first read gave.
        maps: the sweep in terms of whole maps, ``Y{o} = b{o} + Σc(X{r0[1]} ⋆ W{o}{c})``: axes by
            name, ``r0[1]`` a coordinate of the first read, ``Σc(…)`` a sum over axis c of the tap.
        divisor: ``(cell, params)`` to what the finish divides by, for people.
        origins: where the coordinates of the reads come from.
        counts_macs: its taps are the multiply-adds that are numbered (conv2d and dense, forward).
        twin: for a gradient of such a layer, the forward ``(cell, tap)`` with the same product;
            a step carries that one's number.
        transcendental: the term calls exp or the like, whose last bit differs between libraries;
            such a sweep always runs on NumPy.
        is_update: it is the optimiser's; a constant called `rate` is the learning rate.
    """

    layer: str
    name: str
    writes: str
    cells: tuple[int, ...]
    cell_axes: tuple[str, ...]
    reads: tuple[Read, ...]
    where: Callable[[Index, Index, Params], tuple[Index, ...]]
    taps: tuple[int, ...] = ()
    tap_axes: tuple[str, ...] = ()
    term: Callable[[tuple[Any, ...], Index, Index, Params], Any] = value
    fold: Fold | None = None
    start: float | Start = 0.0
    finish: Callable[[Any, Index, Params], Any] = unchanged
    params: Params = ()
    formula: str = "{0}"
    maps: str = ""
    divisor: Callable[[Index, Params], Any] | None = None
    origins: tuple[Origin, ...] = ()
    counts_macs: bool = False
    twin: Callable[[Index, Index, Params], tuple[Index, Index]] | None = None
    transcendental: bool = False
    is_update: bool = False

    @cached_property
    def cell_count(self) -> int:
        """How many cells the sweep fills."""
        return prod(self.cells)

    @cached_property
    def tap_count(self) -> int:
        """How many taps each cell has; 1 for a cell of one term."""
        return prod(self.taps)

    @property
    def steps(self) -> int:
        """How many steps the sweep has."""
        return self.cell_count * self.tap_count

    @property
    def has_rate(self) -> bool:
        """Whether the learning rate is one of its constants."""
        return self.is_update and "rate" in getattr(self.params, "_fields", ())

    def params_at(self, rate: float) -> Params:
        """Its constants at a learning rate."""
        return self.params._replace(rate=rate) if self.has_rate else self.params

    @property
    def full_name(self) -> str:
        """``layer.name``, as in addresses."""
        return f"{self.layer}.{self.name}"

    @property
    def is_product(self) -> bool:
        """The term is the product of the first two reads."""
        return self.term is product

    @property
    def has_finish(self) -> bool:
        """The cell's value is not the fold itself."""
        return self.finish is not unchanged

    @property
    def tensors(self) -> tuple[str, ...]:
        """Every tensor that must exist before the sweep can run, the start's last."""
        names = [read.tensor for read in self.reads]
        if isinstance(self.start, Start):
            names.append(self.start.tensor)
        return tuple(dict.fromkeys(names))

    def finish_text(self, total: str, cell: tuple[int, ...]) -> str:
        """The finish of `cell` with its numbers, such as ``14 / 4``."""
        if self.divisor is None:
            return f"finish({total})"
        return f"{total} / {self.divisor(cell, self.params):.12g}"

    def fill_in(self, text: str, cell: tuple[int, ...], tap: tuple[int, ...]) -> str:
        """`text` with the names of axes and params replaced by their numbers."""
        numbers: dict[str, Any] = dict(self.params._asdict()) if self.params else {}
        numbers.update(zip(self.cell_axes, cell, strict=True))
        numbers.update(zip(self.tap_axes, tap, strict=True))
        return re.sub(r"[a-z_]+", lambda m: str(numbers.get(m[0], m[0])), text)
