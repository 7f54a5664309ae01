"""A grid of styled characters, exactly one character to a terminal cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cnnsim.tui.drawing.glyphs import to_ascii
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.drawing.styles import Ids, style_id, style_of

Codes = npt.NDArray[np.uint32]
Piece = tuple[str, Style]

_BLANK = ord(" ")
# The right half of a wide character; it is never printed.
_TAIL = "\0"
_WIDE = re.compile(f".{_TAIL}", re.DOTALL)


class Canvas:
    """width × height cells, blank in the base style; drawing outside is clipped."""

    def __init__(self, width: int, height: int, base: Style) -> None:
        self.width = max(width, 0)
        self.height = max(height, 0)
        self._codes: Codes = np.full((self.height, self.width), _BLANK, dtype=np.uint32)
        self._ids: Ids = np.full((self.height, self.width), style_id(base), dtype=np.int32)
        self._wide = False

    def style_at(self, x: int, y: int) -> Style:
        """The style of one cell; IndexError outside."""
        return style_of(int(self._ids[y, x]))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    # -- drawing --------------------------------------------------------------------------

    def put(self, x: int, y: int, text: str, style: Style) -> int:
        """Write text from column x on; return the column after it (also when clipped)."""
        codes, wide = cells_of(text)
        end = x + len(codes)
        if 0 <= y < self.height and x < self.width and end > 0:
            if x < 0 or end > self.width:
                codes = codes[max(-x, 0) : self.width - x]
            left = max(x, 0)
            self._codes[y, left : left + len(codes)] = codes
            self._ids[y, left : left + len(codes)] = style_id(style)
            self._wide = self._wide or wide
        return end

    def put_right(self, x_end: int, y: int, text: str, style: Style) -> int:
        """Write text so that it ends before column x_end; return its first column."""
        x = x_end - len(cells_of(text)[0])
        self.put(x, y, text, style)
        return x

    def pieces(self, x: int, y: int, pieces: Iterable[Piece]) -> int:
        """Write styled pieces one after another; return the column after the last."""
        for text, style in pieces:
            x = self.put(x, y, text, style)
        return x

    def fill(self, x: int, y: int, width: int, height: int, char: str, style: Style) -> None:
        """Fill a rectangle with one character."""
        area = self._area(x, y, width, height)
        self._codes[area] = cells_of(char)[0][0]
        self._ids[area] = style_id(style)

    def restyle(self, x: int, y: int, width: int, height: int, style: Style) -> None:
        """Give a rectangle a style and keep its characters."""
        self._ids[self._area(x, y, width, height)] = style_id(style)

    def overlay(self, x: int, y: int, width: int, height: int, style: Style) -> None:
        """Add a partial style (a ground, an underline) to what a rectangle has."""
        area = self._area(x, y, width, height)
        for number in np.unique(self._ids[area]).tolist():
            mixed = style_id(style_of(number) + style)
            self._ids[area][self._ids[area] == number] = mixed

    def stamp(self, x: int, y: int, codes: Codes, ids: Ids) -> None:
        """Lay a block of code points and style numbers (one-cell characters)."""
        rows, cols = codes.shape
        top, left = max(-y, 0), max(-x, 0)
        bottom, right = min(rows, self.height - y), min(cols, self.width - x)
        if top < bottom and left < right:
            area = (slice(y + top, y + bottom), slice(x + left, x + right))
            self._codes[area] = codes[top:bottom, left:right]
            self._ids[area] = ids[top:bottom, left:right]

    def stamp_through(
        self, x: int, y: int, codes: Codes, mask: npt.NDArray[np.bool_], style: Style
    ) -> None:
        """Lay those characters of a block that the mask names, all in one style."""
        old, ids = codes.copy(), np.zeros(codes.shape, dtype=np.int32)
        top, left = max(-y, 0), max(-x, 0)
        area = self._area(x, y, codes.shape[1], codes.shape[0])
        inside = self._codes[area].shape
        part = (slice(top, top + inside[0]), slice(left, left + inside[1]))
        old[part], ids[part] = self._codes[area], self._ids[area]
        number = style_id(style)
        self.stamp(x, y, np.where(mask, codes, old), np.where(mask, np.int32(number), ids))

    def codes_at(self, x: int, y: int, width: int, height: int) -> Codes:
        """The code points of a rectangle inside the canvas (a copy)."""
        return self._codes[self._area(x, y, width, height)].copy()

    def blit(self, other: Canvas, x: int, y: int) -> None:
        """Lay another canvas over this one."""
        self._wide = self._wide or other._wide
        self.stamp(x, y, other._codes, other._ids)

    def _area(self, x: int, y: int, width: int, height: int) -> tuple[slice, slice]:
        return (
            slice(max(y, 0), max(y + height, 0)),
            slice(max(x, 0), max(x + width, 0)),
        )

    # -- the border -----------------------------------------------------------------------

    def frame(
        self,
        palette: Palette,
        *,
        title: Sequence[Piece] = (),
        right: Sequence[Piece] = (),
        bottom_left: Sequence[Piece] = (),
        bottom_right: Sequence[Piece] = (),
        focused: bool = False,
    ) -> None:
        """Draw a rounded border round the canvas with titles in it.

        Pieces stand one blank clear of the line. Where both do not fit the right ones go;
        left ones that are still too long end in `…`. Corners stay free.
        """
        if self.width < 2 or self.height < 2:
            return
        style = palette.focus_line if focused else palette.line
        last_x, last_y = self.width - 1, self.height - 1
        rail = "─" * (self.width - 2)
        self.put(0, 0, f"╭{rail}╮", style)
        self.put(0, last_y, f"╰{rail}╯", style)
        self.fill(0, 1, 1, self.height - 2, "│", style)
        self.fill(last_x, 1, 1, self.height - 2, "│", style)
        self._border_titles(0, title, right)
        self._border_titles(last_y, bottom_left, bottom_right)

    def _border_titles(self, y: int, left: Sequence[Piece], right: Sequence[Piece]) -> None:
        room = self.width - 5  # corner, dash and blank before; blank and corner after
        taken = pieces_width(left)
        other = pieces_width(right)
        # Between the two: a blank, at least one dash, a blank; and a dash at the far corner.
        if right and 0 < other < room - (taken + 3 if taken else 0):
            start = self.width - 3 - other
            self.put(start - 1, y, " ", right[0][1])
            self.put(self.pieces(start, y, right), y, " ", right[-1][1])
        if taken and room > 0:
            pieces = cut_pieces(left, room)
            self.put(2, y, " ", pieces[0][1])
            self.put(self.pieces(3, y, pieces), y, " ", pieces[-1][1])

    # -- out ------------------------------------------------------------------------------

    def rows(self, ascii: bool = False) -> list[list[Segment]]:
        """Each row as segments, equal styles merged; every row is exactly `width` cells."""
        found = self.changed_rows(None, ascii)
        return [found[y] for y in range(self.height)]

    def changed_rows(self, before: Canvas | None, ascii: bool = False) -> dict[int, list[Segment]]:
        """The rows that differ from those of a canvas of the same size, by number."""
        if not self._codes.size:
            return {y: [] for y in range(self.height)}
        numbers = np.arange(self.height)
        if before is not None:
            same = (self._codes == before._codes) & (self._ids == before._ids)
            numbers = np.flatnonzero(~same.all(axis=1))
            if not numbers.size:
                return {}
        text = self._text(numbers)
        if ascii:
            text = to_ascii(text).replace(_TAIL, "?")
        ids = self._ids[numbers].ravel()
        change = np.ones(ids.shape, dtype=np.bool_)
        np.not_equal(ids[1:], ids[:-1], out=change[1:])
        change[:: self.width] = True
        starts = np.flatnonzero(change)
        bounds = starts.tolist()
        runs = [
            Segment(text[start:stop], style_of(number))
            for start, stop, number in zip(
                bounds, [*bounds[1:], len(text)], ids[starts].tolist(), strict=True
            )
        ]
        if self._wide:
            runs = [Segment(text.replace(_TAIL, ""), style) for text, style, _ in runs]
        counts = change.reshape(-1, self.width).sum(axis=1).cumsum().tolist()
        firsts = [0, *counts[:-1]]
        return {y: runs[a:b] for y, a, b in zip(numbers.tolist(), firsts, counts, strict=True)}

    def lines(self, ascii: bool = False) -> list[str]:
        """The plain text of each row, blanks at the end included."""
        return ["".join(text for text, _, _ in row) for row in self.rows(ascii)]

    def _text(self, rows: npt.NDArray[np.intp]) -> str:
        """The cells of `rows` in one string; halves of wide characters alone are mended."""
        text = self._codes[rows].tobytes().decode("utf-32-le")
        if not self._wide:
            return text
        chars = list(text)
        for at, char in enumerate(chars):
            first = at % self.width == 0
            if char == _TAIL:
                if first or cell_len(chars[at - 1]) != 2:
                    chars[at] = " "
            elif not char.isascii() and cell_len(char) == 2:
                last = (at + 1) % self.width == 0
                if last or chars[at + 1] != _TAIL:
                    chars[at] = "?"
        return "".join(chars)


@lru_cache(maxsize=8192)
def cells_of(text: str) -> tuple[Codes, bool]:
    """The code points of a text, one to a cell, and whether some character takes two cells.

    Control characters become blanks; characters without width are left out.
    """
    wide = False
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_cell, text))
        wide = _TAIL in text
    return codes_of(text), wide


def codes_of(text: str) -> Codes:
    """The code points of a text that is known to have one cell to a character."""
    codes: Codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    return codes


def narrowed(text: str, width: int) -> str:
    """A text in one-cell characters, ending in `…` where it is too long to stand whole."""
    text = single_cells(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def single_cells(text: str) -> str:
    """The text with one cell to every character; wide ones become `?`."""
    if text.isascii() and text.isprintable():
        return text
    return _WIDE.sub("?", "".join(map(_cell, text)))


@lru_cache(maxsize=1024)
def _cell(char: str) -> str:
    if char in "\t\n\r\xa0":
        return " "
    if 0x1F000 <= ord(char) <= 0x1FAFF:
        # Emoji join with their neighbours into widths of their own.
        return "?"
    size = cell_len(char)
    if size == 2:
        return char + _TAIL
    return char if size == 1 and char.isprintable() else ""


def pieces_width(pieces: Iterable[Piece]) -> int:
    """Cells that styled pieces take."""
    return sum(len(cells_of(text)[0]) for text, _ in pieces)


def cut_pieces(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """The pieces in at most width ≥ 1 cells, the last one ending in `…` where cut."""
    if pieces_width(pieces) <= width:
        return list(pieces)
    kept: list[Piece] = []
    room = width - 1
    for text, style in pieces:
        cells = "".join(map(chr, cells_of(text)[0].tolist()))
        if len(cells) > room:
            part = cells[:room]
            if cells[room] == _TAIL:
                part = part[:-1]
            kept.append((part.replace(_TAIL, "").rstrip() + "…", style))
            break
        kept.append((text, style))
        room -= len(cells)
    return kept
