"""Matrices drawn as numbers in cells: tiles, marks, the field's box and the now plate."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rich.style import Style

from cnnsim.tui.drawing import glyphs
from cnnsim.tui.drawing.canvas import Canvas, Codes, codes_of, narrowed, single_cells
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.fieldbox import corner_of, draw_field
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.drawing.styles import Ids, style_id, style_ids

if TYPE_CHECKING:
    from cnnsim.tui.drawing.plane import Plane

UNDERLINE = Style(underline=True)
_BLANK = ord(" ")
_PAD = ord(glyphs.PADDING)
Mask = npt.NDArray[np.bool_]


class _Grid:
    """Code points and style numbers, indexed [row, line in cell, column, character in cell]."""

    def __init__(self, rows: int, cols: int, cls: CellClass, base: Style) -> None:
        shape = (rows, cls.pitch_y, cols, cls.pitch_x)
        self.codes: Codes = np.full(shape, _BLANK, dtype=np.uint32)
        self.ids: Ids = np.full(shape, style_id(base), dtype=np.int32)
        self.cls = cls

    def write(self, line: int, texts: list[str], where: tuple[slice, slice]) -> None:
        """One text per cell of a block, each exactly as wide as the cell, into one line."""
        rows, cols = where
        block = self.codes[rows, line, cols, : self.cls.width]
        block[...] = codes_of("".join(texts)).reshape(block.shape)

    def stamp(self, canvas: Canvas, x: int, y: int) -> None:
        rows, lines, cols, chars = self.codes.shape
        flat = (rows * lines, cols * chars)
        canvas.stamp(x, y, self.codes.reshape(flat), self.ids.reshape(flat))


def draw_cells(
    canvas: Canvas, x: int, y: int, plane: Plane, cls: CellClass, palette: Palette
) -> None:
    """Draw a plane in a number class, gutters included, from (x, y) on."""
    top, left, _, _ = plane.padding
    rows, cols = plane.outer
    grid = _Grid(rows, cols, cls, palette.base)
    inner = (slice(top, top + plane.rows), slice(left, left + plane.cols))
    padded = np.ones((rows, cols), dtype=np.bool_)
    padded[inner] = False
    known = np.ones(plane.values.shape, np.bool_) if plane.known is None else plane.known
    hole = _holes(plane)

    if plane.values.size:
        _tiles(grid, plane, palette, known, hole, inner)
        _texts(grid, plane, known, inner, signs=not palette.tinted)
    if padded.any():
        _padding(grid, plane, palette, padded)
    if cls.tall:
        _notes(grid, plane, palette)
    canvas.stamp(x, y, *_gutters(rows, cols, cls, palette))
    grid.stamp(canvas, x + 1, y + cls.gap_y)
    draw_field(canvas, x, y, plane, cls, palette)
    _pointers(canvas, x, y, plane, cls, palette)


def _value_line(cls: CellClass) -> int:
    return cls.height // 2


def _gutters(rows: int, cols: int, cls: CellClass, palette: Palette) -> tuple[Codes, Ids]:
    """A blank block the size of the plane, so that no old drawing shows through."""
    width, height = cls.size(rows, cols)
    codes: Codes = np.full((height, width), _BLANK, dtype=np.uint32)
    return codes, np.full((height, width), style_id(palette.base), dtype=np.int32)


def _holes(plane: Plane) -> Mask | None:
    """Inner cells inside the field's rectangle that a dilated field skips; None if none."""
    bounds = plane.field_bounds()
    if bounds is None or plane.field is None:
        return None
    top, bottom, left, right = bounds
    if len(plane.field) == (bottom - top + 1) * (right - left + 1):
        return None
    mask = np.zeros(plane.values.shape, dtype=np.bool_)
    mask[max(top, 0) : max(bottom + 1, 0), max(left, 0) : max(right + 1, 0)] = True
    for row, col in plane.field:
        if 0 <= row < plane.rows and 0 <= col < plane.cols:
            mask[row, col] = False
    return mask


def _tiles(
    grid: _Grid,
    plane: Plane,
    palette: Palette,
    known: Mask,
    hole: Mask | None,
    inner: tuple[slice, slice],
) -> None:
    """Grounds and text styles of the inner cells."""
    cls, values = grid.cls, plane.values
    colours = plane.mode == "colours"
    if plane.picture:
        steps = palette.ink_ids(values, plane.scale)
        plain, bold, soft = palette.inks, palette.bold_inks, palette.soft_inks
    else:
        steps = palette.tile_ids(values, plane.scale)
        plain, bold, soft = palette.tiles, palette.bold_tiles, palette.soft_tiles
        if colours:
            plain = bold = soft = palette.bares
    rows, cols = inner
    block = grid.ids[rows, : cls.height, cols, : cls.width]
    line = _value_line(cls)
    if cls.tall:
        block[...] = style_ids(soft)[steps][:, None, :, None]
        block[:, line] = style_ids(bold)[steps][:, :, None]
    else:
        block[:, line] = style_ids(plain)[steps][:, :, None]

    def paint(lines: int | slice, mask: Mask, style: Style) -> None:
        number = style_id(style)
        for row, col in np.argwhere(mask).tolist():
            block[row, lines, col] = number

    every = slice(None)
    finite = np.isfinite(values)
    zero = palette.on(palette.dim, palette.inks[0]) if plane.picture else palette.zero_tile
    paint(line, known & (values == 0), zero)
    paint(every, known & ~finite, palette.bold)
    if plane.clipped is not None:
        paint(every, known & plane.clipped, palette.dim)
    paint(every, ~known, palette.dim if plane.mode == "symbols" else palette.faint)
    if cls.tall:
        paint(0, ~known, palette.dim)
    if hole is not None:
        paint(every, hole, palette.dim)


def _texts(grid: _Grid, plane: Plane, known: Mask, inner: tuple[slice, slice], signs: bool) -> None:
    """Values, marks and index labels of the inner cells; signs stand in for missing colours."""
    cls = grid.cls
    rows, cols = plane.rows, plane.cols
    if cls.tall and plane.labels:
        grid.write(0, _labels(plane.first, rows, cols, cls.width, plane.grid), inner)
    decimals, power = plane.number_format()

    def text(row: int, col: int, shown: bool) -> str:
        if not shown and plane.mode != "symbols":
            return glyphs.NOT_YET
        if plane.mode == "colours":
            return _sign(float(plane.values[row, col])) if signs else ""
        return plane.text_at(row, col, decimals, power)

    texts = [
        [text(row, col, shown) for col, shown in enumerate(line)]
        for row, line in enumerate(known.tolist())
    ]
    marks = [[" "] * cols for _ in range(rows)]
    for mask, mark in ((plane.clipped, glyphs.CLIPPED), (plane.winner, glyphs.WINNER)):
        if mask is not None:
            for row, col in np.argwhere(mask & known).tolist():
                marks[row][col] = mark
    widest = _text_width(plane, texts)
    placed = [
        _placed(text, mark, widest, plane.suffixed, cls)
        for line, line_marks in zip(texts, marks, strict=True)
        for text, mark in zip(line, line_marks, strict=True)
    ]
    grid.write(_value_line(cls), placed, inner)


def _sign(value: float) -> str:
    return "+" if value > 0 else glyphs.MINUS if value < 0 else ""


def _text_width(plane: Plane, texts: list[list[str]]) -> int:
    """Columns of the right-aligned block of values: widest value and its sign column."""
    if plane.text_width is not None:
        return plane.text_width
    if plane.mode == "symbols":
        return max((len(text) for line in texts for text in line), default=1)
    return 1 + max((len(text.lstrip(glyphs.MINUS)) for line in texts for text in line), default=1)


@lru_cache(maxsize=4096)
def _placed(text: str, mark: str, widest: int, suffixed: bool, cls: CellClass) -> str:
    """A value in its cell: centred block in tall cells, flush right in low ones."""
    width = cls.width
    if cls.tall:
        end = max((width - widest) // 2 + widest, len(text))
        if suffixed or mark != " ":
            # The mark stands alone at the edge, or right behind a number that needs the room.
            return narrowed(text, width - 1).rjust(min(end, width - 1)).ljust(width - 1) + mark
        return narrowed(text, width).rjust(min(end, width)).ljust(width)
    if mark != " " or (suffixed and len(text) < width):
        return narrowed(text, width - 1).rjust(width - 1) + mark
    return narrowed(text, width).rjust(width)


@lru_cache(maxsize=64)
def _labels(first: tuple[int, int], rows: int, cols: int, width: int, grid: int) -> list[str]:
    """` 0,1     ` for each cell, row by row; in a grid of so many columns ` 1     `."""
    places = [(first[0] + row, first[1] + col) for row in range(rows) for col in range(cols)]
    texts = [f"{row * grid + col}" if grid else f"{row},{col}" for row, col in places]
    return [f" {text}"[:width].ljust(width) for text in texts]


def _padding(grid: _Grid, plane: Plane, palette: Palette, padded: Mask) -> None:
    """`░` round a dim 0."""
    cls = grid.cls
    width = cls.width
    zero = style_id(palette.dim)
    faint = style_id(palette.faint)
    line = _value_line(cls)
    text = single_cells(plane.padding_text)[:width]
    end = width
    if cls.tall:
        end = (width + len(text) + 1) // 2
        value = text.rjust(end).ljust(width)
    else:
        value = text.rjust(width, glyphs.PADDING)
    codes = codes_of(value)
    for row, col in np.argwhere(padded).tolist():
        grid.codes[row, : cls.height, col, :width] = _PAD
        grid.codes[row, line, col, :width] = codes
        grid.ids[row, : cls.height, col, :width] = faint
        grid.ids[row, line, col, end - len(text) : end] = zero


def _notes(grid: _Grid, plane: Plane, palette: Palette) -> None:
    """The last line of tall cells."""
    cls, (top, left, _, _) = grid.cls, plane.padding
    rows, cols = plane.outer
    dim = style_id(palette.dim)
    faint = style_id(palette.faint)
    for (row, col), note in plane.notes.items():
        at_row, at_col = row + top, col + left
        if 0 <= at_row < rows and 0 <= at_col < cols:
            codes = codes_of(_note(note, cls.width))
            grid.codes[at_row, cls.height - 1, at_col, : cls.width] = codes
            ids = grid.ids[at_row, cls.height - 1, at_col, : cls.width]
            ids[ids == faint] = dim


@lru_cache(maxsize=1024)
def _note(note: str, width: int) -> str:
    """A note centred in its cell; its result goes first and all of it next if it is too long."""
    note = single_cells(note)
    if len(note) > width:
        note = note.partition(" = ")[0]
    if len(note) > width:
        note = ""
    return note.rjust((width + len(note) + 1) // 2).ljust(width)


def _shown(plane: Plane, cell: tuple[int, int]) -> bool:
    row, col = cell[0] + plane.padding[0], cell[1] + plane.padding[1]
    rows, cols = plane.outer
    return 0 <= row < rows and 0 <= col < cols


def _pointers(
    canvas: Canvas, x: int, y: int, plane: Plane, cls: CellClass, palette: Palette
) -> None:
    """Where a value goes, the cell under the mouse, and the plate of now."""
    line = _value_line(cls)
    for cell in plane.also:
        if _shown(plane, cell) and cell != plane.now:
            left, top = corner_of(x, y, plane, cls, cell)
            canvas.fill(left - 1, top, 1, cls.height, "│", palette.past)
            canvas.fill(left + cls.width, top, 1, cls.height, "│", palette.past)
    if plane.now is not None and _shown(plane, plane.now):
        left, top = corner_of(x, y, plane, cls, plane.now)
        canvas.restyle(left, top, cls.width, cls.height, palette.now_soft)
        canvas.restyle(left, top + line, cls.width, 1, palette.now)
        if cls.tall:
            canvas.restyle(left, top + cls.height - 1, cls.width, 1, _note_on_plate(palette))
        canvas.fill(left - 1, top, 1, cls.height, glyphs.HALF_RIGHT, palette.now_edge)
        canvas.fill(left + cls.width, top, 1, cls.height, glyphs.HALF_LEFT, palette.now_edge)
    if plane.hover is not None and _shown(plane, plane.hover):
        left, top = corner_of(x, y, plane, cls, plane.hover)
        canvas.overlay(left, top + line, cls.width, 1, UNDERLINE)


@lru_cache(maxsize=16)
def _note_on_plate(palette: Palette) -> Style:
    """The running product on the plate is read at once, so it keeps full contrast."""
    return palette.now + Style(bold=False)
