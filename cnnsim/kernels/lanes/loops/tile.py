"""Tiles: tuples of vectors in registers, and the one step that all matrix-like kernels repeat.

``acc = outer(acc, a, b)`` adds a[i] · b[j] to acc[i][j]: rows · columns multiply-adds from
rows + columns loads. Every kernel only chooses what a and b are: samples times weights in a
convolution and in a dense layer, inputs times gradients in a kernel gradient. The counts of a tile
are constants, so that its vectors stay in registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from llvmlite import ir
from numba import types

from cnnsim.kernels.lanes.loops.compiling import primitive, primitive_of_constants
from cnnsim.kernels.lanes.loops.vector import (
    INT,
    beats,
    call,
    lanes_of,
    load_at,
    read_at,
    spread_out,
    store_at,
    vector_of,
)
from cnnsim.kernels.lanes.plan import shapes_of

_uni_tuple: Any = types.UniTuple
#: Emits the vector that belongs to a place: of a builder, a count of lanes, an array, the place.
_Read = Callable[[Any, int, Any, Any], Any]


def _tile(m: Any, count: int) -> Any:
    return _uni_tuple(vector_of(m), count)


def _spread_at(builder: Any, lanes: int, array: Any, place: Any) -> Any:
    """The float at `place`, spread over a vector: a `_Read`, as `load_at` is one."""
    return spread_out(builder, read_at(builder, array, place), lanes)


def _of_each(read: _Read) -> Any:
    """Emit the tile of what `read` finds at each of a tuple of places.

    A further number, where the primitive takes one, is the place that they are counted from.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, places, *further = args
        base = builder.gep(array, further) if further else array
        where = [builder.extract_value(places, i) for i in range(sig.return_type.count)]
        found = [read(builder, lanes_of(sig.args[0]), base, place) for place in where]
        return context.make_tuple(builder, sig.return_type, found)

    return emit


def _apart(read: _Read) -> Any:
    """Emit the tile of what `read` finds from a place on, a step apart."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, at, step = args[:3]
        found = []
        for _ in range(sig.return_type.count):
            found.append(read(builder, lanes_of(sig.args[0]), array, at))
            at = builder.add(at, step)
        return context.make_tuple(builder, sig.return_type, found)

    return emit


def _zeros(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Emit the zeros of the tile that `sig` returns."""
    return ir.Constant(context.get_value_type(sig.return_type), None)


def _load_line(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Load the vectors of the tile that `sig` returns, one after the other from a place on."""
    m, array, start = sig.args[0], args[0], args[1]
    steps = [start.type(i * lanes_of(m)) for i in range(sig.return_type.count)]
    found = [load_at(builder, lanes_of(m), array, builder.add(start, step)) for step in steps]
    return context.make_tuple(builder, sig.return_type, found)


@primitive
def outer(typing: Any, acc: Any, a: Any, b: Any) -> Any:
    """acc[i · columns + j] + a[i] · b[j] for every row i and column j."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total, left, right = args
        rows = [builder.extract_value(left, i) for i in range(a.count)]
        columns = [builder.extract_value(right, j) for j in range(b.count)]
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                at = i * b.count + j
                one = call(builder, "fmuladd", row, column, builder.extract_value(total, at))
                total = builder.insert_value(total, one, at)
        return total

    return acc(acc, a, b), emit


@primitive_of_constants
def zeros(typing: Any, m: Any, count: Any) -> Any:
    """A tile of `count` vectors of zeros."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    return _tile(m, count.literal_value)(m, count), _zeros


@primitive
def at_each(typing: Any, m: Any, places: Any) -> Any:
    """The vectors at each of a tuple of places."""
    return _tile(m, places.count)(m, places), _of_each(load_at)


@primitive
def load_each(typing: Any, m: Any, places: Any, further: Any) -> Any:
    """The vectors `further` floats behind each of a tuple of places."""
    return _tile(m, places.count)(m, places, types.int64), _of_each(load_at)


@primitive
def spread_each(typing: Any, m: Any, places: Any, further: Any) -> Any:
    """The floats `further` behind each of a tuple of places, each spread over a vector."""
    return _tile(m, places.count)(m, places, types.int64), _of_each(_spread_at)


@primitive_of_constants
def spreads(typing: Any, m: Any, place: Any, step: Any, count: Any) -> Any:
    """`count` floats from `place` on, `step` apart, each spread over a vector."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    tile = _tile(m, count.literal_value)
    return tile(m, types.int64, types.int64, count), _apart(_spread_at)


@primitive
def spread_panel(typing: Any, m: Any, place: Any, step: Any) -> Any:
    """As many spread floats as a vector has lanes, from `place` on, `step` apart."""
    return _tile(m, lanes_of(m))(m, types.int64, types.int64), _apart(_spread_at)


@primitive
def zero_panel(typing: Any, m: Any) -> Any:
    """A tile of zeros with as many vectors as a vector has lanes."""
    return _tile(m, lanes_of(m))(m), _zeros


@primitive
def load_panel(typing: Any, m: Any, place: Any, step: Any) -> Any:
    """As many vectors as a vector has lanes, from `place` on, `step` floats apart."""
    return _tile(m, lanes_of(m))(m, types.int64, types.int64), _apart(load_at)


@primitive_of_constants
def load_shape(typing: Any, m: Any, place: Any, shape: Any) -> Any:
    """A tile of one of `shapes_of`, its vectors stored one after the other from `place` on."""
    if not isinstance(shape, types.IntegerLiteral):
        return None
    rows, taps, vectors = shapes_of(lanes_of(m))[shape.literal_value]
    return _tile(m, rows * taps * vectors)(m, types.int64, shape), _load_line


@primitive_of_constants
def zero_shape(typing: Any, m: Any, shape: Any) -> Any:
    """A tile of zeros of one of `shapes_of`."""
    if not isinstance(shape, types.IntegerLiteral):
        return None
    rows, taps, vectors = shapes_of(lanes_of(m))[shape.literal_value]
    return _tile(m, rows * taps * vectors)(m, shape), _zeros


@primitive_of_constants
def taps_of_shape(typing: Any, m: Any, place: Any, row: Any, shape: Any) -> Any:
    """The spread values of a shape: neighbours are a vector apart, kernel rows `row` floats."""
    if not isinstance(shape, types.IntegerLiteral):
        return None
    width = lanes_of(m)
    rows, taps, _ = shapes_of(width)[shape.literal_value]
    tile = _tile(m, rows * taps)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, start, down, _ = args
        found = []
        for _ in range(rows):
            for tap in range(taps):
                at = builder.add(start, start.type(tap * width))
                found.append(_spread_at(builder, width, array, at))
            start = builder.add(start, down)
        return context.make_tuple(builder, tile, found)

    return tile(m, types.int64, types.int64, shape), emit


@primitive_of_constants
def vectors_of_shape(typing: Any, m: Any, place: Any, shape: Any) -> Any:
    """The vectors of a shape, one after the other from `place` on."""
    if not isinstance(shape, types.IntegerLiteral):
        return None
    _, _, vectors = shapes_of(lanes_of(m))[shape.literal_value]
    return _tile(m, vectors)(m, types.int64, shape), _load_line


@primitive
def keep(typing: Any, m: Any, place: Any, step: Any, acc: Any) -> Any:
    """Store the vectors of a tile from `place` on, `step` floats apart."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, at, apart, tile = args
        for i in range(acc.count):
            store_at(builder, array, at, builder.extract_value(tile, i))
            at = builder.add(at, apart)
        return context.get_dummy_value()

    return types.void(m, types.int64, types.int64, acc), emit


@primitive_of_constants
def keep_rows(typing: Any, m: Any, place: Any, row: Any, rows: Any, acc: Any) -> Any:
    """The same in so many rows, `row` floats apart, of vectors one after the other."""
    if not isinstance(rows, types.IntegerLiteral):
        return None
    columns = acc.count // rows.literal_value

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _, start, apart, _, tile = args
        for i in range(acc.count):
            at = builder.add(start, start.type(i % columns * lanes_of(m)))
            store_at(builder, args[0], at, builder.extract_value(tile, i))
            if (i + 1) % columns == 0:
                start = builder.add(start, apart)
        return context.get_dummy_value()

    return types.void(m, types.int64, types.int64, rows, acc), emit


def _masks(count: int, half: int) -> list[Any]:
    """Sort two vectors: into their even stretches of `half` lanes, and into their odd ones."""
    low = [i if not i & half else count + i - half for i in range(count)]
    high = [i + half if not i & half else count + i for i in range(count)]
    return [ir.Constant(ir.VectorType(INT, count), places) for places in (low, high)]


def _halvings(count: int) -> Iterator[tuple[int, list[Any]]]:
    """Half of `count`, a quarter and so on down to 1; each with its masks."""
    half = count // 2
    while half:
        yield half, _masks(count, half)
        half //= 2


@primitive
def transpose(typing: Any, acc: Any) -> Any:
    """A square tile with rows and columns exchanged: as many vectors as a vector has lanes.

    Halves are exchanged, then quarters, and so on.
    """
    count = acc.count

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = [builder.extract_value(args[0], i) for i in range(count)]
        for half, masks in _halvings(count):
            for i in range(count):
                if not i & half:
                    pair = rows[i], rows[i + half]
                    rows[i], rows[i + half] = (
                        builder.shuffle_vector(*pair, mask) for mask in masks
                    )
        return context.make_tuple(builder, acc, rows)

    return acc(acc), emit


@primitive
def largest_of_four(typing: Any, acc: Any) -> Any:
    """Of a tile of four rows the largest of each column, then which row it was, as floats.

    The first one wins a tie, and what is no number everything.
    """
    columns = acc.count // 4
    tile = _uni_tuple(acc.dtype, 2 * columns)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (value,) = args
        kind = context.get_value_type(acc.dtype)
        largest, winners = [], []
        for column in range(columns):
            best = builder.extract_value(value, column)
            winner = ir.Constant(kind, [0.0] * kind.count)
            for row in range(1, 4):
                other = builder.extract_value(value, row * columns + column)
                is_larger = beats(builder, other, best)
                number = ir.Constant(kind, [float(row)] * kind.count)
                winner = builder.select(is_larger, number, winner)
                best = builder.select(is_larger, other, best)
            largest.append(best)
            winners.append(winner)
        return context.make_tuple(builder, tile, [*largest, *winners])

    return tile(acc), emit


@primitive
def evens(typing: Any, a: Any) -> Any:
    """The lanes 0, 2, 4, … of a vector, side by side; and again."""
    count = a.lanes

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        mask = ir.Constant(ir.VectorType(INT, count), [2 * i % count for i in range(count)])
        return builder.shuffle_vector(args[0], args[0], mask)

    return a(a), emit


@primitive
def totals(typing: Any, acc: Any) -> Any:
    """The sum of each vector's lanes, side by side: as many vectors as a vector has lanes.

    Pairs of vectors are folded into one that has half of each sum, until one is left.
    """
    count = acc.count

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = [builder.extract_value(args[0], i) for i in range(count)]
        for half, masks in _halvings(count):
            pairs = zip(rows[:half], rows[half:], strict=True)
            rows = [
                builder.fadd(*(builder.shuffle_vector(a, b, mask) for mask in masks))
                for a, b in pairs
            ]
        return rows[0]

    return acc.dtype(acc), emit
