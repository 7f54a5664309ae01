"""Styles by number. One table serves all canvases, so a number means the same on each of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from rich.style import Style

Ids = npt.NDArray[np.int32]

_STYLES: list[Style] = []
_NUMBERS: dict[Style, int] = {}
# Look-up tables by the identity of the tuple they were made of, which is kept alive with them.
_TABLES: dict[int, tuple[tuple[Style, ...], Ids]] = {}


def style_id(style: Style) -> int:
    """The number of a style; the same style always has the same number."""
    number = _NUMBERS.get(style)
    if number is None:
        number = _NUMBERS[style] = len(_STYLES)
        _STYLES.append(style)
    return number


def style_ids(styles: Iterable[Style]) -> Ids:
    """The number of each, as a look-up table; of a tuple it is made once."""
    if not isinstance(styles, tuple):
        return np.array([style_id(style) for style in styles], dtype=np.int32)
    known = _TABLES.get(id(styles))
    if known is None:
        table = np.array([style_id(style) for style in styles], dtype=np.int32)
        known = _TABLES[id(styles)] = (styles, table)
    return known[1]


def style_of(number: int) -> Style:
    """The style that a number stands for."""
    return _STYLES[number]
