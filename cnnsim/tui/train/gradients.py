"""How large the gradients are, and how far an update moves each parameter."""

from __future__ import annotations

from math import log10

from cnnsim.amounts import counted
from cnnsim.tui.drawing.bar import draw_bar
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.numbers import measured, small
from cnnsim.tui.train.scene import Scene, Words

#: Where learning goes well: the share of a parameter's length by which an update moves it.
HEALTHY = (1e-4, 1e-2)
#: The ends of the bars.
_BAR = (1e-6, 1e-1)


def verdict(change: float) -> str:
    """`✓` where a parameter learns at a healthy pace, `<` too slowly, `>` too fast."""
    return "<" if change < HEALTHY[0] else ">" if change > HEALTHY[1] else "✓"


def draw_gradients(canvas: Canvas, scene: Scene) -> Words:
    """One line for each parameter."""
    palette, rows = scene.palette, scene.run.gradients
    title = (("gradients", palette.dim),)
    if not rows:
        text = scene.coming("They come with the first update.")
        if scene.end and (scene.run.has_ended or not scene.is_live):
            # No update follows the last one, and nobody measures them for those who watch.
            text = "← computes them for an update."
        return scene.say_instead(canvas, Words(title), scene.doing or text)
    name = min(max(max(len(row.name) for row in rows), 5), 14)
    at, then = 2 + name + 9, 2 + name + 18
    canvas.put(2, 1, "layer", palette.dim)
    canvas.put_right(at, 1, "‖g‖", palette.dim)
    canvas.put_right(then, 1, "‖Δw‖/‖w‖", palette.dim)
    room = canvas.height - 3
    for y, row in enumerate(rows[:room], 2):
        if y == room + 1 and len(rows) > room:
            canvas.put(2, y, f"… {len(rows) - room + 1} more", palette.dim)
            break
        canvas.put(2, y, row.name[:name], palette.base)
        norm = "·" if row.norm is None else measured(row.norm)
        canvas.put_right(at, y, norm, palette.base)
        if row.change is None:
            canvas.put_right(then, y, "·", palette.base)
            continue
        canvas.put_right(then, y, small(row.change), palette.base)
        mark = verdict(row.change)
        canvas.put(then + 1, y, mark, palette.good if mark == "✓" else palette.bold)
        width = canvas.width - then - 5
        if width >= 4:
            low, high = map(log10, _BAR)
            share = (log10(max(row.change, 1e-12)) - low) / (high - low)
            draw_bar(canvas, then + 3, y, width, min(max(share, 0.0), 1.0), palette)
    unwell = [row for row in rows if row.change is not None and verdict(row.change) != "✓"]
    bottom: tuple[Piece, ...] = (("healthy is 1e−4 … 1e−2", palette.dim),)
    if not unwell:
        bottom += (("  ✓ all", palette.good),)
    return Words(title, ((f"last {counted(rows[0].pictures, 'picture')}", palette.dim),), bottom)
