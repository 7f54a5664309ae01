"""Which matrices get how much room side by side, and how large their cells are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from cnnsim.steps.sweep import Sweep
from cnnsim.tui.drawing.cellclass import (
    BLOCKS,
    NUMBERS_LIMIT,
    XL,
    CellClass,
    L,
    choose_class,
    extra_small,
    finest,
    small,
)
from cnnsim.tui.drawing.plane import step_for
from cnnsim.tui.places import Rect
from cnnsim.tui.stage.matrix import Matrix

#: Columns of the border and what it encloses at the sides.
_FRAME = (4, 2)
_GAP, _WIDEST_GAP = 1, 5
#: A map narrower than this shows nothing.
_LEAST_MAP = 12
#: So many numbers are read one by one: colours say nothing of them.
_FEW = 16
#: A title such as "conv1.w" needs this much; what stands around one; more columns for a sign.
_LEAST, _TITLED, _SIGN = 14, 5, 2
#: All signs that stand between matrices.
SIGNS = "⋆∗·="


@dataclass(frozen=True, slots=True)
class MatrixSlot:
    """A place for a matrix: its columns, and the class of its cells."""

    matrix: Matrix
    x: int
    width: int
    cls: CellClass


def lay_out(
    matrices: Sequence[Matrix], width: int, height: int, large: bool, half_blocks: bool = True
) -> list[MatrixSlot]:
    """Slots for as many of `matrices` as fit into width x height; numbers come before maps.

    All matrices of numbers share one class, or at least one height. Where they do not fit, a few
    features stand in two columns; then the largest becomes a map; then lenses do, so that both
    factors and the output stay; then the least needed is left out. `large` allows the largest
    cells.
    """
    for shown, coloured in _choices(matrices):
        numbers = [m for m in shown if not m.is_map and not m.is_lens]
        numbers.sort(key=lambda m: m.outer[0] * m.outer[1], reverse=True)
        fixed = {m.key for m in shown if m.is_map} | coloured
        narrow = [_narrowed(m) for m in shown]
        for count in range(len(numbers) + 1):
            as_maps = fixed | {m.key for m in numbers[:count]}
            for tried in (shown, narrow):
                slots = _try(tried, as_maps, width, height, large, half_blocks)
                if slots is not None:
                    return slots
    return []


def is_few(matrix: Matrix) -> bool:
    """Whether its numbers can be read one by one."""
    return matrix.outer[0] * matrix.outer[1] <= _FEW


def _narrowed(matrix: Matrix) -> Matrix:
    """A few features in two columns."""
    cut = matrix.slice
    if not cut.is_grid or matrix.is_lens or cut.columns <= 2 or not is_few(matrix):
        return matrix
    features = cut.shape[-1]
    return replace(matrix, slice=replace(cut, rows=ceil(features / 2), columns=2))


def _choices(matrices: Sequence[Matrix]) -> Iterator[tuple[list[Matrix], set[str]]]:
    """What may stand side by side, the best first, and which lenses are maps there.

    A field is a map of its own. A window around the tap says nothing in colours: what it looks
    into stands there instead.
    """
    lenses = [m for m in matrices if m.is_lens]
    for count in range(len(lenses) + 1):
        given_up = lenses[len(lenses) - count :]
        coloured = {m.key for m in given_up if m.is_field}
        shown = [m for m in matrices if m not in given_up or m.key in coloured]
        yield shown, coloured
        read_by_lens = {m.read for m in shown if m.is_lens}
        for whole in [m for m in reversed(shown) if m.is_map and m.read in read_by_lens]:
            shown = [m for m in shown if m is not whole]
            yield shown, coloured
    while len(shown) > 1:
        least = _least_needed(shown)
        shown = [m for m in shown if m is not least]
        yield shown, coloured


def _least_needed(matrices: Sequence[Matrix]) -> Matrix:
    """The last of the further reads goes first, then the first read; the output last."""
    others = [m for m in matrices if m.read not in (0, None)]
    return others[-1] if others else next(m for m in matrices if m.read is not None)


def _try(
    matrices: Sequence[Matrix],
    as_maps: set[str],
    width: int,
    height: int,
    large: bool,
    half_blocks: bool,
) -> list[MatrixSlot] | None:
    """The slots with the matrices `as_maps` drawn as maps; None where they do not fit."""
    maps = [m for m in matrices if m.key in as_maps]
    numbers = [m for m in matrices if m.key not in as_maps]
    fields = {m.read for m in maps if m.is_lens}
    # Beside a field in colours the whole matrix is worth less than the signs.
    gap = _SIGN if any(m.read in fields and not m.is_lens for m in maps) else _GAP
    gaps = gap * (len(matrices) - 1)
    room = width - gaps - (_LEAST_MAP + _FRAME[0]) * len(maps)
    widths: dict[str, int] = {}
    classes: dict[str, CellClass] = {}
    if numbers:
        found = _number_classes(numbers, room, height, large, half_blocks)
        if found is None:
            return None
        classes.update(found)
        least = min(_LEAST, room // len(numbers))
        for matrix in numbers:
            own = classes[matrix.key].size(*matrix.outer)[0] + _FRAME[0]
            widths[matrix.key] = max(own, least)
        spare = room - sum(widths.values())
        if spare < 0:
            return None
        spare = max(spare - _SIGN * (len(matrices) - 1), 0)
        for matrix in numbers:
            # Titles get what numbers and signs leave.
            more = min(max(matrix.title_width + _TITLED - widths[matrix.key], 0), spare)
            widths[matrix.key] += more
            spare -= more
    left = width - gaps - sum(widths.values())
    dots = finest(not half_blocks)
    for number, matrix in enumerate(maps):
        share = left // (len(maps) - number)
        if share < _LEAST_MAP + 2:
            return None
        rows, columns = matrix.outer
        roomy = BLOCKS.size(rows, columns)
        fits = roomy[0] + 2 <= share and roomy[1] + 2 <= height
        classes[matrix.key] = BLOCKS if fits else dots
        # A map that is averaged because it is too high is less wide, too.
        step = step_for(rows, columns, share - 2, height - 2, classes[matrix.key])
        wanted = classes[matrix.key].size(ceil(rows / step), ceil(columns / step))[0] + 2
        titled = min(share - _SIGN, matrix.title_width + _TITLED)
        widths[matrix.key] = max(min(share, wanted), min(share, _LEAST_MAP + _FRAME[0]), titled)
        left -= widths[matrix.key]
    spare = width - sum(widths.values()) - gaps
    more, rest = divmod(spare, max(len(matrices) - 1, 1))
    slots = []
    x = 0
    for number, matrix in enumerate(matrices):
        each = widths[matrix.key]
        slots.append(MatrixSlot(matrix, x, each, classes[matrix.key]))
        x += each + min(gap + more + (number < rest), _WIDEST_GAP)
    return slots


def _number_classes(
    matrices: Sequence[Matrix], width: int, height: int, large: bool, half_blocks: bool
) -> dict[str, CellClass] | None:
    """The class that all of them share, or low cells as wide as each needs; None without room."""
    shared = choose_class(
        [m.outer for m in matrices],
        width,
        height,
        max(m.text_width for m in matrices),
        gap=0,
        frame=_FRAME,
        largest=XL if large else L,
        half_blocks=half_blocks,
    )
    if not shared.is_map:
        return {m.key: shared for m in matrices}
    for low in (small, extra_small):
        found = {m.key: low(m.text_width) for m in matrices}
        sizes = [found[m.key].size(*m.outer) for m in matrices]
        across = sum(size[0] + _FRAME[0] for size in sizes)
        down = max(size[1] for size in sizes) + _FRAME[1]
        if (
            across <= width
            and down <= height
            and all(
                m.text_width <= found[m.key].width and max(m.outer) <= NUMBERS_LIMIT
                for m in matrices
            )
        ):
            return found
    return None


def sign_of(sweep: Sweep) -> str:
    """What stands between the two factors: ⋆ cross-correlation, ∗ convolution, · a product."""
    if not sweep.is_product:
        return ""
    return next((sign for sign in "⋆∗" if sign in sweep.maps), "·")


def signs_between(slots: Sequence[MatrixSlot], sign: str) -> list[tuple[int, int, str]]:
    """(column, width, sign) for the gaps wide enough for one: ``x ⋆ w = y``."""
    found = []
    for left, right in pairwise(slots):
        column = left.x + left.width
        gap = right.x - column
        if gap < 2:
            continue
        if right.matrix.read is None:
            found.append((column, gap, "="))
        elif sign and left.matrix.read == 0 and right.matrix.read == 1:
            found.append((column, gap, sign))
    return found


def places_of(slots: Sequence[MatrixSlot], sign: str, room: Rect) -> dict[str, Rect]:
    """Where the matrices stand in `room`, by their keys, and the signs between them."""
    x, y, _, height = room
    found = {slot.matrix.key: (x + slot.x, y, slot.width, height) for slot in slots}
    for column, gap, text in signs_between(slots, sign):
        found[text] = (x + column, y, gap, height)
    return found
