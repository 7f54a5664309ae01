"""One matrix to draw: its values, what is known of them, and what to point out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.cells import draw_cells
from cnnsim.tui.drawing.numbers import decimals_for, format_number
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.drawing.pixels import draw_pixels

Cell = tuple[int, int]
Mode = Literal["numbers", "symbols", "colours"]
Mask = npt.NDArray[np.bool_]
NOTHING: frozenset[Cell] = frozenset()


@dataclass(frozen=True, eq=False)
class Plane:
    """A matrix of values (rows, cols) and its marks.

    Cells are (row, column) of the matrix without padding, so padding cells have negative
    coordinates or lie past the end. Masks have the shape of `values`.

    - known: False where a value is not computed yet; None = all are known
    - now: the cell of this step; field: the cells of the receptive field
    - padding: rings of padding cells shown at (top, left, bottom, right)
    - clipped, winner: cells that ReLU set to 0; cells that won their pool window
    - notes: last line of tall cells, such as `·−1 = −7` or `4 of 4`
    - scale: the |value| of full colour; picture: ink from 0 to scale instead of the sign map
    - first: index of values[0, 0] in the whole tensor; labels and symbols count from there
    - grid: columns of the whole grid where the cells are features, which labels number; 0: none
    - hover, also: the cell under the mouse; cells pointed out as where a value goes
    - decimals, power, text_width: number format; None = from the known values shown here
    - rgb: uint8 (rows, cols, 3), drawn by map classes in place of the values
    """

    values: npt.NDArray[np.floating[Any]]
    known: Mask | None = None
    now: Cell | None = None
    field: frozenset[Cell] | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    clipped: Mask | None = None
    winner: Mask | None = None
    notes: Mapping[Cell, str] = dataclasses.field(default_factory=dict)
    labels: bool = True
    symbols: Callable[[int, int], str] | None = None
    scale: float = 1.0
    picture: bool = False
    mode: Mode = "numbers"
    first: Cell = (0, 0)
    grid: int = 0
    hover: Cell | None = None
    also: frozenset[Cell] = NOTHING
    decimals: int | None = None
    power: int = 0
    text_width: int | None = None
    padding_text: str = "0"
    rgb: npt.NDArray[np.uint8] | None = None

    @property
    def rows(self) -> int:
        """Rows without padding."""
        return int(self.values.shape[0])

    @property
    def cols(self) -> int:
        """Columns without padding."""
        return int(self.values.shape[1])

    @property
    def outer(self) -> tuple[int, int]:
        """Rows and columns with padding."""
        top, left, bottom, right = self.padding
        return self.rows + top + bottom, self.cols + left + right

    @property
    def suffixed(self) -> bool:
        """Whether one-line cells keep a column for `▴` or `▁`."""
        return self.clipped is not None or self.winner is not None

    def number_format(self) -> tuple[int, int]:
        """Decimals and power of ten of the numbers here."""
        if self.decimals is not None:
            return self.decimals, self.power
        return decimals_for(self.values if self.known is None else self.values[self.known])

    def text_at(self, row: int, col: int, decimals: int, power: int) -> str:
        """What stands in a known cell: its symbol or number; an exact zero is a bare 0."""
        if self.mode == "symbols":
            row, col = row + self.first[0], col + self.first[1]
            return self.symbols(row, col) if self.symbols else f"{row},{col}"
        value = float(self.values[row, col])
        return "0" if value == 0 else format_number(value, decimals, power)

    def field_bounds(self) -> tuple[int, int, int, int] | None:
        """First and last row, first and last column of the field; None without one."""
        if not self.field:
            return None
        rows = [row for row, _ in self.field]
        cols = [col for _, col in self.field]
        return min(rows), max(rows), min(cols), max(cols)


def value_width(plane: Plane) -> int:
    """Columns that the widest value needs with a sign column and the suffix for marks."""
    if plane.text_width is not None:
        return plane.text_width + plane.suffixed
    decimals, power = plane.number_format()
    known = np.ones(plane.values.shape, dtype=np.bool_) if plane.known is None else plane.known
    where = np.argwhere(known | (plane.mode == "symbols")).tolist()
    texts = [plane.text_at(row, col, decimals, power) for row, col in where]
    if plane.mode == "symbols":
        return max(map(len, texts), default=1) + plane.suffixed
    return max((len(text.lstrip("−")) for text in texts), default=1) + 1 + plane.suffixed


def size_of(plane: Plane, cls: CellClass) -> tuple[int, int]:
    """Columns and rows that `draw_plane` covers, gutters included."""
    return cls.size(*plane.outer)


def draw_plane(
    canvas: Canvas, x: int, y: int, plane: Plane, cls: CellClass, palette: Palette
) -> None:
    """Draw a matrix with its gutters from (x, y) on, `size_of` large."""
    if plane.values.size == 0 and not all(plane.outer):
        return
    if cls.is_map:
        draw_pixels(canvas, x, y, plane, cls, palette)
    else:
        draw_cells(canvas, x, y, plane, cls, palette)


def cell_at(plane: Plane, cls: CellClass, dx: int, dy: int) -> Cell | None:
    """The cell drawn at an offset from the plane's corner; None in a gutter or outside.

    A row of half blocks shows two cells; the upper one is named.
    """
    rows, cols = plane.outer
    if cls.is_map:
        col, row = dx // cls.width, dy * 2 if cls.name == "map" else dy // cls.height
    else:
        col, across = divmod(dx - 1, cls.pitch_x)
        row, down = divmod(dy - cls.gap_y, cls.pitch_y)
        if across >= cls.width or down >= cls.height:
            return None
    if not (0 <= row < rows and 0 <= col < cols):
        return None
    return row - plane.padding[0], col - plane.padding[1]


def fit(plane: Plane, width: int, height: int, cls: CellClass) -> tuple[Plane, int]:
    """The plane averaged over n×n squares so that a map of it fits, and that factor n.

    A square is known when one of its cells is; the mean is over its known cells. Marks of single
    cells are dropped, `now` and the field move to their squares, padding is not shown.
    """
    bare = replace(plane, padding=(0, 0, 0, 0))
    step = step_for(plane.rows, plane.cols, width, height, cls)
    if step == 1:
        return (plane if _within(size_of(plane, cls), width, height) else bare), 1
    known = np.ones(plane.values.shape, dtype=np.bool_) if plane.known is None else plane.known
    weights = _squares(known.astype(np.float64), step)
    sums = _squares(np.where(known, plane.values, 0.0), step)
    means = sums / np.maximum(weights, 1)
    rgb = None
    if plane.rgb is not None:
        cells = _squares(np.ones(plane.rgb.shape[:2]), step)
        bands = [_squares(plane.rgb[:, :, band].astype(float), step) / cells for band in range(3)]
        rgb = np.stack(bands, axis=2).astype(np.uint8)

    def moved(cell: Cell) -> Cell:
        return cell[0] // step, cell[1] // step

    return replace(
        bare,
        values=means,
        known=weights > 0,
        now=moved(plane.now) if plane.now else None,
        field=frozenset(map(moved, plane.field)) if plane.field else None,
        clipped=None,
        winner=None,
        hover=moved(plane.hover) if plane.hover else None,
        also=frozenset(map(moved, plane.also)),
        rgb=rgb,
    ), step


def step_for(rows: int, cols: int, width: int, height: int, cls: CellClass) -> int:
    """The side of the smallest squares whose means fit into width x height."""
    step = 1
    while _covers(rows, cols, step, cls, width, height):
        step += 1
    return step


def _within(size: tuple[int, int], width: int, height: int) -> bool:
    return size[0] <= width and size[1] <= height


def _covers(rows: int, cols: int, step: int, cls: CellClass, width: int, height: int) -> bool:
    """Whether squares of that side are still too many for the room."""
    down, across = -(-rows // step), -(-cols // step)
    return step < max(rows, cols) and not _within(cls.size(down, across), width, height)


def _squares(array: npt.NDArray[np.floating[Any]], step: int) -> npt.NDArray[np.float64]:
    """Sums over step×step squares; squares at the edge may be cut short."""
    sums = np.add.reduceat(array.astype(np.float64), np.arange(0, array.shape[0], step), axis=0)
    result: npt.NDArray[np.float64] = np.add.reduceat(
        sums, np.arange(0, array.shape[1], step), axis=1
    )
    return result
