"""How large the cells of a matrix are drawn, and which size fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ClassName = Literal["XL", "L", "M", "S", "XS", "blocks", "map"]
Shape = tuple[int, int]

# Over this many cells on a side a matrix is a map.
NUMBERS_LIMIT = 12
NARROWEST, WIDEST = 3, 7


@dataclass(frozen=True)
class CellClass:
    """Cell size in characters. Number classes have gutters of one column, and `gap_y` rows.

    `map` draws two rows of the matrix in one row of half blocks; `blocks` draws pixels of 2×1 or
    any other size.
    """

    name: ClassName
    width: int
    height: int = 1
    gap_y: int = 1

    @property
    def is_map(self) -> bool:
        """Whether cells are coloured pixels without room for a number."""
        return self.name in ("map", "blocks")

    @property
    def tall(self) -> bool:
        """Whether a cell has lines for its index and a note."""
        return self.height >= 3

    @property
    def pitch_x(self) -> int:
        """Columns from one cell to the next."""
        return self.width if self.is_map else self.width + 1

    @property
    def pitch_y(self) -> int:
        """Rows from one cell to the next (`map`: one row carries two cells)."""
        return self.height + self.gap_y

    def size(self, rows: int, cols: int) -> tuple[int, int]:
        """Columns and rows of a whole matrix, gutters on all four sides included."""
        if self.name == "map":
            return cols, (rows + 1) // 2
        if self.name == "blocks":
            return cols * self.width, rows * self.height
        return cols * self.pitch_x + 1, rows * self.pitch_y + self.gap_y


XL = CellClass("XL", 11, 5)
L = CellClass("L", 9, 3)
M = CellClass("M", 7, 3)
MAP = CellClass("map", 1, 1, 0)
BLOCKS = CellClass("blocks", 2, 1, 0)


def blocks(width: int, height: int = 1) -> CellClass:
    """Pixels of width × height characters, for small maps with much room and for ASCII."""
    return CellClass("blocks", width, height, 0)


#: Enlarged pixels, the largest first: a character is about twice as high as wide.
ENLARGED = tuple(blocks(*size) for size in ((8, 4), (6, 3), (4, 2), (2, 1)))


def finest(ascii: bool) -> CellClass:
    """The smallest pixels: ASCII has no half blocks."""
    return blocks(1) if ascii else MAP


def small(value_width: int) -> CellClass:
    """Class S for numbers of that width: one row, gutters all round."""
    return CellClass("S", min(max(value_width, NARROWEST), WIDEST))


def extra_small(value_width: int) -> CellClass:
    """Class XS for numbers of that width: one row, no gutters between rows."""
    return CellClass("XS", min(max(value_width, NARROWEST), WIDEST), gap_y=0)


def choose_class(
    shapes: Sequence[Shape],
    width: int,
    height: int,
    value_width: int,
    *,
    gap: int = 1,
    frame: tuple[int, int] = (2, 2),
    largest: CellClass = XL,
    limit: int = NUMBERS_LIMIT,
    half_blocks: bool = True,
) -> CellClass:
    """The largest class in which matrices of these shapes stand side by side.

    Counted are, for each matrix, its cells with the gutters between and around them
    (`CellClass.size`; shapes include any padding rings) and `frame` columns and rows of border,
    and `gap` columns between two matrices. `value_width` is the widest number with its sign
    column and mark. A side over `limit` cells makes all of them maps; where not even `map` fits,
    `fit` averages the matrix down. Without `half_blocks` (ASCII) the smallest pixel is 1×1.
    """

    def fits(cls: CellClass) -> bool:
        sizes = [cls.size(rows, cols) for rows, cols in shapes]
        across = sum(size[0] + frame[0] for size in sizes) + gap * (len(sizes) - 1)
        down = max((size[1] for size in sizes), default=0) + frame[1]
        return across <= width and down <= height

    numbers = [XL, L, M, small(value_width), extra_small(value_width)]
    if any(max(shape) > limit for shape in shapes):
        numbers = []
    for cls in numbers:
        within = cls.width <= largest.width and cls.height <= largest.height
        if within and value_width <= cls.width and fits(cls):
            return cls
    return BLOCKS if fits(BLOCKS) else finest(not half_blocks)
