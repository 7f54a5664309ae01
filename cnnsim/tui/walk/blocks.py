"""The network as a row of blocks: height √side, width √channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.walk.table import Line

_EIGHTHS = " ▁▂▃▄▅▆▇█"
#: No block is wider.
_WIDEST = 10


@dataclass(frozen=True, slots=True)
class Block:
    """A layer's block: its columns, its height in eighths of a row, and its label's room."""

    line: Line
    x: int
    width: int
    eighths: int
    label: str

    @property
    def reach(self) -> int:
        """Columns from its left edge that belong to it."""
        return max(self.width, len(self.label))


def lay_blocks(
    lines: Sequence[Line], width: int, rows: int, selected: str
) -> tuple[list[Block], int]:
    """The blocks within width x rows (labels not counted), and how many are left out before them.

    Labels go where they do not fit; what is still too much is shown around the selected one.
    """
    shown = [line for line in lines if line.shape]
    if not shown or width < 1 or rows < 1:
        return [], 0
    names = [line.name for line in shown]
    at = names.index(selected) if selected in names else 0
    loud = {line.name for line in shown if not line.quiet}
    for labelled in ({*names}, loud | {selected}, {selected}):
        for widest in range(_WIDEST, 0, -1):
            blocks = _try(shown, widest, rows, labelled)
            # A single label may stand to the left of its block.
            if blocks[-1].x + (blocks[-1].reach if len(labelled) > 1 else widest) <= width:
                return blocks, 0
    room = max((width + 1) // 2 - 6, 1)
    first = min(max(at - room // 2, 0), max(len(shown) - room, 0))
    return _try(shown[first : first + room], 1, rows, {selected}), first


def _try(lines: Sequence[Line], widest: int, rows: int, labelled: set[str]) -> list[Block]:
    depths = [sqrt(line.shape[0]) for line in lines if line.shape and len(line.shape) == 3]
    sides = [sqrt(max(line.shape[1:])) for line in lines if line.shape and len(line.shape) == 3]
    features = [sqrt(line.shape[0]) for line in lines if line.shape and len(line.shape) != 3]
    blocks = []
    x = 0
    for line in lines:
        shape = line.shape or (1,)
        if len(shape) == 3:
            size = max(round(widest * sqrt(shape[0]) / max(depths)), 1)
            share = sqrt(max(shape[1:])) / max(sides)
        else:
            # A row of features stands upright, measured against the longest row.
            size, share = 1, sqrt(shape[0]) / max(features)
        label = line.name if line.name in labelled else ""
        block = Block(line, x, size, max(round(share * rows * 8), 1), label)
        blocks.append(block)
        x += (block.reach if len(labelled) > 1 else size) + 1
    return blocks


def draw_blocks(
    canvas: Canvas,
    x: int,
    y: int,
    rows: int,
    blocks: Sequence[Block],
    selected: str,
    palette: Palette,
) -> None:
    """Draw the blocks standing on row y + rows − 1, their labels below."""
    for block in blocks:
        chosen = block.line.name == selected
        counted = block.line.params or block.line.macs or not block.x
        style = palette.now_edge if chosen else palette.focus_line if counted else palette.line
        full, part = divmod(block.eighths, 8)
        left = x + block.x
        canvas.fill(left, y + rows - full, block.width, full, "█", style)
        if part and full < rows:
            canvas.fill(left, y + rows - full - 1, block.width, 1, _EIGHTHS[part], style)
        if block.label:
            text = palette.now_text + Style(bold=True) if chosen else palette.dim
            label = min(left, max(canvas.width - 2 - len(block.label), x))
            canvas.put(label, y + rows, block.label, text)


def block_at(blocks: Sequence[Block], x: int) -> str | None:
    """The layer whose block stands at column x of the drawing."""
    for block in blocks:
        if block.x <= x < block.x + max(block.reach, 1) + 1:
            return block.line.name
    return None
