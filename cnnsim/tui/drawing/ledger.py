"""The terms of one sum: the equation in columns for a few, the ledger for many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas, narrowed
from cnnsim.tui.drawing.glyphs import HALF_LEFT, HALF_RIGHT, MINUS, NOT_YET, PADDING
from cnnsim.tui.drawing.numbers import count, decimals_for, format_number, number, power_text
from cnnsim.tui.drawing.palette import Palette

State = Literal["done", "now", "later"]
#: Decimals, and the power of ten that a row of numbers is divided by.
Format = tuple[int, int]

COLUMN = 8  # characters of a ledger column, without the gap after it
WIDEST = 10  # characters of a number in an equation, `−1.234e+30`
LABELS = 15  # columns for the row names
NOW_COLUMN = 5  # the sixth
_WIDEST_PITCH = 18
_LEAST_TERM = 4
_RESULT = 7  # columns kept for the result, where there are as many


@dataclass(frozen=True)
class TermColumn:
    """One tap of a sum.

    tap: its index, `1,0`; reads: the numbers it reads (x, w), None where unknown; text: the
    formula, `7·(−1)`; term: the product; running: the sum after it; outside: `padding` or `hole`
    where the tap reads no element; names: what the reads are called, in place of their numbers.
    """

    tap: str
    reads: tuple[float | None, ...]
    text: str
    term: float | None
    running: float | None
    state: State
    outside: str | None = None
    names: tuple[str, ...] = ()


# -- the equation -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """Columns of an equation, from its left edge: the start value, the terms, the result."""

    start: int
    first: int
    pitch: int
    term: int
    result: int | None

    @property
    def operator(self) -> int:
        """How far before a term its `+` stands, clear of both plates."""
        return max(min((self.pitch - self.term) // 2, 5), 2)


def _layout(
    width: int, labels: int, lead: int, term: int, count: int, result: int | None
) -> _Layout | None:
    """The widest pitch with which all fits, a result of so many columns too; None if none does."""
    # Plus sign, a blank, and the edges of two plates.
    least = max(term + 4, WIDEST + 1)
    for pitch in range(max(_WIDEST_PITCH, least), least - 1, -1):
        first = labels + (lead + 4 if pitch == least else max(lead + 4, pitch - 1))
        end = first + count * pitch
        total = end - pitch + max(term + 1, WIDEST) if result is None else end + result
        if total <= width:
            return _Layout(labels, first, pitch, term, None if result is None else end)
    return None


def _equation_layout(
    width: int,
    start_text: str,
    terms: Sequence[TermColumn],
    start_label: str,
    labels: Sequence[str],
    result: int,
) -> _Layout | None:
    # From the formulas alone: they are known before their products, so nothing shifts later.
    term = max([len(term.text) for term in terms] + [_LEAST_TERM])
    lead = max(len(start_text), len(start_label))
    names = max(map(len, labels), default=0)
    for kept in (max(result, _RESULT), result, None):
        for gap in (5, 2):
            found = _layout(width, names + gap, lead, term, len(terms), kept)
            if found is not None:
                return found
    return None


def _labels(width: int, term_label: str, tap_label: str, what: str = "sum") -> tuple[str, ...]:
    return "terms", term_label, f"running {what}" if width >= 90 else what, tap_label


def draw_equation(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    start_text: str,
    terms: Sequence[TermColumn],
    palette: Palette,
    *,
    start_label: str = "bias",
    term_label: str = "product",
    tap_label: str = "tap",
    result: str | None = None,
    result_width: int = _RESULT,
    rows: int = 4,
    decimals: int | None = None,
    operator: str = "+",
    what: str = "sum",
) -> None:
    """Terms, products, running sums and taps in columns, now as a plate.

    `start_text` is the value that the sum begins with. `result` stands behind `=` where there is
    room of `result_width`, `·` while it is None. rows: 3 leaves out the taps. decimals: of products
    and sums; None = each has its own. Where not all terms fit, the last ones give way to `…`.
    """
    labels = _labels(width, term_label, tap_label, what)[:rows]
    layout = _equation_layout(width, start_text, terms, start_label, labels, result_width)
    shown = len(terms)
    while layout is None and shown:
        shown -= 1
        layout = _equation_layout(
            width - 2, start_text, terms[:shown], start_label, labels, result_width
        )
    for row, label in enumerate(labels):
        canvas.put(x, y + row, label, palette.dim)
    if layout is None:
        return
    for row, text in enumerate((start_text, start_label, start_text)[:rows]):
        canvas.put(x + layout.start, y + row, text, palette.dim if row == 1 else palette.base)
    for index, term in enumerate(terms[:shown]):
        at = x + layout.first + index * layout.pitch
        canvas.put(at - layout.operator, y, operator, palette.dim)
        _equation_column(canvas, at, y, term, palette, rows, decimals, layout.pitch, what == "sum")
    if shown < len(terms):
        canvas.put(x + width - 1, y, "…", palette.dim)
    elif layout.result is not None:
        at = x + layout.result
        canvas.put(at - layout.operator, y, "=", palette.dim)
        canvas.put(at, y, result or NOT_YET, palette.bold if result else palette.faint)


def _equation_column(
    canvas: Canvas,
    x: int,
    y: int,
    term: TermColumn,
    palette: Palette,
    rows: int,
    decimals: int | None,
    pitch: int,
    is_sum: bool,
) -> None:
    now, later = term.state == "now", term.state == "later"
    if now:
        plate(canvas, x, y, len(term.text), 1, palette)
    style = palette.now if now else palette.dim if later else palette.base
    canvas.put(x, y, term.text, style)
    values = (term.term, term.running)
    for row, value in enumerate(values[: rows - 1], start=1):
        if value is None:
            canvas.put(x, y + row, NOT_YET, palette.faint)
            continue
        how = None if decimals is None else (decimals, 0)
        text = _written(value, how, row == 1, is_sum)
        if now:
            style = _gold(palette, row == 2)
        else:
            style = sign_style(value, palette) if row == 1 else palette.base
        end = canvas.put(x, y + row, text, style)
        if row == 1 and term.outside:
            note = f" {term.outside}"
            fits = len(text) + len(note) + 1 < pitch
            canvas.put(end, y + row, note if fits else f" {PADDING}", palette.dim)
    if rows > 3:
        canvas.put(x, y + 3, term.tap, palette.now_text if now else palette.dim)


# -- the ledger -------------------------------------------------------------------------------


def ledger_columns(width: int) -> int:
    """How many taps a ledger of that width shows."""
    return max((width - LABELS + 1) // (COLUMN + 1), 1)


def ledger_window(now: int | None, total: int, width: int) -> range:
    """The taps to show: now in the sixth column, nearer an end of the sum as far as it goes."""
    columns = min(ledger_columns(width), total)
    before = min(NOW_COLUMN, max(columns - 1, 0) // 2)
    start = min(max((now or 0) - before, 0), total - columns)
    return range(start, start + columns)


def draw_ledger(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    terms: Sequence[TermColumn],
    palette: Palette,
    *,
    first: int = 0,
    tap_label: str = "tap index",
    read_labels: Sequence[str] = ("x", "· w"),
    term_label: str = "= product",
    what: str = "sum",
    formats: Sequence[Format] | None = None,
) -> None:
    """Rows: tap number, tap index, each read, product, running sum; one column to a tap.

    `terms` are those of `ledger_window`, the first of them being tap number `first`. formats:
    of each row from the first read on; None = from the values shown.
    """
    reads = len(read_labels)
    if formats is None:
        formats = [_format(_read(term, i) for term in terms) for i in range(reads)]
        sums = [value for term in terms for value in (term.term, term.running)]
        formats = [*formats, _format(sums), _format(sums)]
    names = ("tap", tap_label, *read_labels, term_label, f"running {what}")
    for row, name in enumerate(names):
        power = power_text(formats[row - 2][1]) if row > 1 else ""
        if power and len(name) + len(power) + 2 > LABELS:
            name = name.split()[-1]
        canvas.put(x, y + row, f"{name} {power}"[: LABELS - 1], palette.dim)
    for index, term in enumerate(terms[: ledger_columns(width)]):
        left = x + LABELS + index * (COLUMN + 1)
        _ledger_column(canvas, left, y, first + index, term, palette, formats, reads, what == "sum")


def _ledger_column(
    canvas: Canvas,
    x: int,
    y: int,
    number: int,
    term: TermColumn,
    palette: Palette,
    formats: Sequence[Format],
    reads: int,
    is_sum: bool,
) -> None:
    now, later = term.state == "now", term.state == "later"
    if now:
        plate(canvas, x, y, COLUMN, reads + 4, palette)
    plain = palette.now if now else palette.dim if later else palette.base
    quiet = palette.now if now else palette.dim
    end = x + COLUMN
    canvas.put_right(end, y, narrowed(count(number), COLUMN), quiet)
    canvas.put_right(end, y + 1, narrowed(term.tap, COLUMN), quiet)
    for index in range(reads):
        text = _read_text(term, index, formats[index])
        start = canvas.put_right(end, y + 2 + index, narrowed(text, COLUMN), plain)
        if term.outside and index == 0 and start - x >= 1:
            canvas.put(x, y + 2, PADDING * (start - x), palette.now_soft if now else palette.faint)
    for row, value in enumerate((term.term, term.running)):
        at = y + 2 + reads + row
        if value is None:
            canvas.put_right(end, at, NOT_YET, palette.now if now else palette.faint)
            continue
        text = _written(value, formats[reads + row], row == 0, is_sum)
        style = sign_style(value, palette) if row == 0 and not now else plain
        canvas.put_right(end, at, narrowed(text, COLUMN), style)


# -- shared -----------------------------------------------------------------------------------


def _written(value: float, how: Format | None, is_term: bool, is_sum: bool) -> str:
    """A term of a sum has its sign; an infinity that others are compared with is no alarm."""
    sign = is_term and is_sum
    if how is not None or not math.isfinite(value):
        text = format_number(value, *(how or (0, 0)), sign=sign)
    else:
        plus = "+" if sign and value >= 0 else ""
        text = plus + number(value)
        if len(text) > WIDEST:
            text = plus + f"{value:.3g}".replace("-", MINUS)
    return text if is_sum or math.isnan(value) else text.strip("+!")


def plate(canvas: Canvas, x: int, y: int, width: int, height: int, palette: Palette) -> None:
    """The plate of now, reaching half a column beyond both sides."""
    canvas.fill(x, y, width, height, " ", palette.now)
    for row in range(y, y + height):
        canvas.put(x - 1, row, HALF_RIGHT, palette.now_edge)
        canvas.put(x + width, row, HALF_LEFT, palette.now_edge)


def sign_style(value: float, palette: Palette) -> Style:
    """Blue below zero, red above, dim at zero, bold for NaN and infinities."""
    if not math.isfinite(value):
        return palette.bold
    return palette.minus if value < 0 else palette.plus if value > 0 else palette.dim


@lru_cache(maxsize=16)
def _gold(palette: Palette, bold: bool) -> Style:
    return palette.now_text + Style(bold=bold)


def _read(term: TermColumn, index: int) -> float | None:
    return term.reads[index] if index < len(term.reads) else None


def _read_text(term: TermColumn, index: int, how: Format) -> str:
    """A read as its name, or its number; a hole reads nothing."""
    value = _read(term, index)
    if term.outside == "hole":
        return "none"
    if term.names:
        return term.names[index]
    return NOT_YET if value is None else format_number(value, *how)


def _format(values: Iterable[float | None]) -> Format:
    return decimals_for([value for value in values if value is not None])
