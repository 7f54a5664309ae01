"""Sweeps of one term a cell whose reads all lie at the cell's own index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from cnnsim.network.layer import Place
from cnnsim.steps.sweep import Index, Read, Sweep


def _one(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    return (cell,)


def _two(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    return cell, cell


def _three(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    return cell, cell, cell


def _four(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    return cell, cell, cell, cell


#: Written out: the compiler does not multiply tuples.
_AT_CELL = (_one, _two, _three, _four)


@cache
def at_cell(count: int) -> Callable[[Index, Index, Any], tuple[Index, ...]]:
    """The rule that reads `count` tensors at the cell's own index."""
    if count <= len(_AT_CELL):
        return _AT_CELL[count - 1]

    def where(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
        return (cell,) * count

    return where


def pointwise(place: Place, name: str, role: str, reads: Sequence[str], **rule: Any) -> Sweep:
    """The sweep `name` that fills ``place.tensor(role)``, of the output's shape."""
    return Sweep(
        layer=place.name,
        name=name,
        writes=place.tensor(role),
        cells=place.cells,
        cell_axes=place.axes,
        reads=tuple(Read(tensor) for tensor in reads),
        where=at_cell(len(reads)),
        **rule,
    )


def total(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """The sum, from left to right."""
    result = values[0]
    for other in values[1:]:
        result = result + other
    return result


def sum_of(tensors: Sequence[str], **rule: Any) -> Sweep:
    """The sweep that adds up tensors of one shape."""
    return Sweep(
        reads=tuple(Read(name) for name in tensors),
        where=at_cell(len(tensors)),
        term=total,
        formula=" + ".join(f"{{{number}}}" for number in range(len(tensors))),
        **rule,
    )
