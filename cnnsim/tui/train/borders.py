"""What stands in the border of a panel: figures that are whole or left out."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from cnnsim.tui.drawing.canvas import Piece, pieces_width

#: A number with the words that belong to it.
Figure = Sequence[Piece]

#: Blanks between two figures, as many as there is room for.
_GAPS = (2, 1)
#: Columns of a border that hold no words.
_CORNERS = 5


def whole(figures: Sequence[Figure], width: int, rest: Style | None = None) -> tuple[Piece, ...]:
    """As many figures as the border of a panel of `width` has room for, from the first on.

    With the style `rest` it is counted how many are left out: ``+3``.
    """
    for kept in range(len(figures), 0, -1):
        shown = list(figures[:kept])
        if rest is not None and kept < len(figures):
            shown.append([(f"+{len(figures) - kept}", rest)])
        for gap in _GAPS:
            pieces = _joined(shown, gap)
            if pieces_width(pieces) <= width - _CORNERS:
                return pieces
    return ()


def _joined(figures: Sequence[Figure], gap: int) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for figure in figures:
        if pieces:
            pieces.append((" " * gap, figure[0][1]))
        pieces += figure
    return tuple(pieces)
