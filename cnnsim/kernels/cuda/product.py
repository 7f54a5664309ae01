"""Products of matrices: all that a dense layer is, forward and backward.

A block makes a tile of the result from strips in shared memory, a thread 4x4 numbers of it. Where
tiles are few, the sum is cut into parts, which are added up in their order afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.activations import NONE, Activation
from cnnsim.kernels.cuda.digits import split
from cnnsim.kernels.cuda.jit import SIMULATED, Kernel, device, grid
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.tasks import Task, launched
from cnnsim.kernels.cuda.tile import clear, outer4

#: Terms of the sum whose strips lie in shared memory together, and blocks that fill a large GPU.
_DEEP, _BLOCKS = (4, 3) if SIMULATED else (16, 132)
#: Sides of a tile, of which a thread has a quarter of four.
_SMALL, _LARGE = (16, 16) if SIMULATED else (32, 64)


class Matrix(NamedTuple):
    """Entry (row, column) lies at `at` + row · `down` + column · `across`."""

    at: int
    down: int
    across: int


@dataclass(frozen=True)
class Finish:
    """What becomes of a sum.

    Attributes:
        bias: where there is a number for each column to add.
        activation: what is applied then.
        known, slope: where the output of a layer lies, as the result does, by whose slope to
            multiply.
        ones: where the sums of the left matrix's rows go: the right one has a last column of ones.
    """

    bias: int | None = None
    activation: Activation = NONE
    known: int | None = None
    slope: Activation = NONE
    ones: int | None = None


class Parts(NamedTuple):
    """Sums that lie in parts, to be added up.

    Attributes:
        sums: how many there are, in the order of the result.
        add: ``add(arena, number)`` adds one of them up in the order of its parts, and finishes it.
        name: for people who wait for the compiler.
    """

    sums: int
    add: Callable[[Any, int], None]
    name: str

    @property
    def task(self) -> Task:
        """What adds up all of them."""
        count, add = self.sums, self.add
        blocks, threads = grid(count)

        @device
        def add_up(arena: Any, block: int) -> None:
            for number in range(block * threads + cuda.threadIdx.x, count, blocks * threads):
                add(arena, number)

        return Task(add_up, blocks, threads, 0, self.name)


class Product(NamedTuple):
    """The multiplication, and what it leaves in parts where it is cut."""

    multiply: Task
    parts: Parts | None

    @property
    def kernels(self) -> list[Kernel]:
        """All of it, by itself."""
        return launched([self.multiply], [self.parts.task] if self.parts else [])


def product(
    rows: int,
    columns: int,
    depth: int,
    left: Matrix,
    right: Matrix,
    result: Matrix,
    scratch: Callable[[int], int],
    finish: Finish = Finish(),
    name: str = "",
) -> Product:
    """What fills `result` [rows, columns] with left [rows, depth] · right.

    `scratch` gives room for so many numbers, where the sums are cut.
    """
    has_ones, ones_at = finish.ones is not None, finish.ones or 0
    wide = columns + (1 if has_ones else 0)
    side = _LARGE if -(-rows // _LARGE) * -(-wide // _LARGE) >= _BLOCKS else _SMALL
    tiles_down, tiles_across = -(-rows // side), -(-wide // side)
    parts = max(1, min(_BLOCKS // (tiles_down * tiles_across), depth // (4 * _DEEP)))
    share = -(-depth // (parts * _DEEP)) * _DEEP
    parts = -(-depth // share)
    finished = _finish(finish, columns, result, ones_at)
    part_at = scratch(parts * rows * wide) if parts > 1 else 0
    multiply = _multiply(
        rows, columns, wide, depth, left, right, has_ones, side, parts, share, part_at, finished
    )
    threads = (side // 4) ** 2
    shared = 4 * 2 * _DEEP * (side + 4)
    blocks = tiles_down * tiles_across * parts
    task = Task(multiply, blocks, threads, shared, name)
    if parts == 1:
        return Product(task, None)
    count = rows * wide

    @device
    def add(arena: Any, number: int) -> None:
        total = float32(0.0)
        for part in range(parts):
            total += ld1(arena, part_at + part * count + number)
        row, column = split(number, wide)
        finished(arena, row, column, total)

    return Product(task, Parts(count, add, f"{name} sum"))


def _finish(finish: Finish, columns: int, result: Matrix, ones_at: int) -> Any:
    """What stores a sum."""
    at, down, across = result
    has_bias, bias_at = finish.bias is not None, finish.bias or 0
    has_slope, known_at = finish.known is not None, finish.known or 0
    apply, slope = finish.activation.apply, finish.slope.slope

    @device
    def finished(arena: Any, row: int, column: int, total: Any) -> None:
        if column == columns:
            st1(arena, ones_at + row, total)
        else:
            place = row * down + column * across
            if has_bias:
                total += ld1(arena, bias_at + column)
            if has_slope:
                total *= slope(ld1(arena, known_at + place))
            st1(arena, at + place, apply(total))

    return finished


def _shared_out(side: int, threads: int, by_term: bool) -> tuple[Any, tuple[int, int]]:
    """What says which term and row, or column, a thread brings first, and how far on the next is.

    Whole rounds of threads take either all terms of some rows or all rows of some terms.
    """
    fast = _DEEP if by_term else side
    assert threads % fast == 0

    @device
    def place(thread: int) -> Any:
        inner, outer = thread % fast, thread // fast
        return (inner, outer) if by_term else (outer, inner)

    return place, (0, threads // fast) if by_term else (threads // fast, 0)


def _multiply(
    rows: int, columns: int, wide: int, depth: int, left: Matrix, right: Matrix, has_ones: bool,
    side: int, parts: int, share: int, part_at: int, finished: Any,
) -> Any:  # fmt: skip
    left_at, left_down, left_across = left
    right_at, right_down, right_across = right
    # Strips are [term][row or column], and read four at once.
    line = side + 4
    strip, across = _DEEP * line, side // 4
    threads = across * across
    tiles_across = -(-wide // side)
    tiles = -(-rows // side) * tiles_across
    deep, is_cut = _DEEP, parts > 1
    # Neighbouring threads read neighbouring numbers.
    left_place, left_steps = _shared_out(side, threads, left_across == 1)
    right_place, right_steps = _shared_out(side, threads, right_down == 1)
    turns = deep * side // threads
    left_term, left_other = left_steps
    right_term, right_other = right_steps

    @device
    def bring_left(arena: Any, shared: Any, begin: int, last: int, first_row: int) -> None:
        term, other = left_place(cuda.threadIdx.x)
        for _ in range(turns):
            value, row = float32(0.0), first_row + other
            if row < rows and begin + term < last:
                value = ld1(arena, left_at + row * left_down + (begin + term) * left_across)
            st1(shared, term * line + other, value)
            term, other = term + left_term, other + left_other

    @device
    def bring_right(arena: Any, shared: Any, begin: int, last: int, first_column: int) -> None:
        term, other = right_place(cuda.threadIdx.x)
        for _ in range(turns):
            value, column = float32(0.0), first_column + other
            if begin + term < last:
                if column < columns:
                    value = ld1(
                        arena, right_at + (begin + term) * right_down + column * right_across
                    )
                elif has_ones and column == columns:
                    value = float32(1.0)
            st1(shared, strip + term * line + other, value)
            term, other = term + right_term, other + right_other

    @device
    def store(arena: Any, part: int, row: int, column: int, total: Any) -> None:
        if row < rows and column < wide:
            if is_cut:
                st1(arena, part_at + (part * rows + row) * wide + column, total)
            else:
                finished(arena, row, column, total)

    @device
    def multiply(arena: Any, block: int) -> None:
        shared = cuda.shared.array(0, float32, alignment=16)
        sums = cuda.local.array(16, float32)
        clear(sums, 16)
        mine = cuda.threadIdx.x
        tile, part = block % tiles, block // tiles
        first_row, first_column = tile // tiles_across * side, tile % tiles_across * side
        my_row, my_column = mine // across * 4, mine % across * 4
        last = min((part + 1) * share, depth)
        for begin in range(part * share, last, deep):
            cuda.syncthreads()
            bring_left(arena, shared, begin, last, first_row)
            bring_right(arena, shared, begin, last, first_column)
            cuda.syncthreads()
            for term in range(0, deep, 4):
                x, w = term * line + my_row, strip + term * line + my_column
                for _ in range(4):
                    a, b, c, d = ld4(shared, x)
                    outer4(sums, 0, a, b, c, d, ld4(shared, w))
                    x, w = x + line, w + line
        row, column = first_row + my_row, first_column + my_column
        store(arena, part, row, column, sums[0])
        store(arena, part, row + 1, column, sums[1])
        store(arena, part, row + 2, column, sums[2])
        store(arena, part, row + 3, column, sums[3])
        store(arena, part, row, column + 1, sums[4])
        store(arena, part, row + 1, column + 1, sums[5])
        store(arena, part, row + 2, column + 1, sums[6])
        store(arena, part, row + 3, column + 1, sums[7])
        store(arena, part, row, column + 2, sums[8])
        store(arena, part, row + 1, column + 2, sums[9])
        store(arena, part, row + 2, column + 2, sums[10])
        store(arena, part, row + 3, column + 2, sums[11])
        store(arena, part, row, column + 3, sums[12])
        store(arena, part, row + 1, column + 3, sums[13])
        store(arena, part, row + 2, column + 3, sums[14])
        store(arena, part, row + 3, column + 3, sums[15])

    return multiply
