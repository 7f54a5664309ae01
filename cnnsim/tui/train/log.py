"""The epochs as lines, the latest first, and the learning rates that were set."""

from __future__ import annotations

from cnnsim.training.schedule import Change
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.numbers import count, measured
from cnnsim.tui.train.rates import rate_text
from cnnsim.tui.train.scene import Scene, Words, write_wrapped


def draw_log(canvas: Canvas, scene: Scene) -> Words:
    """Epoch, test loss, test accuracy; a triangle at the best."""
    palette, run = scene.palette, scene.then
    best = run.best
    end = canvas.height - 1
    y = write_wrapped(canvas, run.note, palette.bold)
    changes = list(run.changes)
    wide = len(str(run.epochs))
    for row in reversed(run.rows):
        while changes and y < end and run.each and changes[-1].iteration >= row.epoch * run.each:
            y = _change(canvas, y, scene, changes.pop())
        if y >= end:
            break
        x = canvas.pieces(2, y, [("epoch ", palette.dim), (f"{row.epoch:>{wide}}", palette.base)])
        x = canvas.pieces(
            x, y, [("  test ", palette.dim), (measured(row.test_loss, 0), palette.base)]
        )
        x = canvas.put(x, y, f"  {row.accuracy:6.1%}", palette.base)
        if best is not None and row.epoch == best.epoch:
            canvas.put(x + 1, y, "▲", palette.good)
        y += 1
    while changes and y < end:
        y = _change(canvas, y, scene, changes.pop())
    if y == 1:
        canvas.put(2, 1, "A line for each epoch.", palette.dim)
    bottom: tuple[Piece, ...] = ((_tail(run.folder, canvas.width - 5), palette.dim),)
    legend = () if best is None else (("▲ best, saved", palette.dim),)
    return Words((("log", palette.dim),), legend, bottom)


def _tail(path: str, room: int) -> str:
    """The end of a path, which tells most, in so many characters."""
    return path if len(path) <= room else "…" + path[len(path) - room + 1 :]


def _change(canvas: Canvas, y: int, scene: Scene, change: Change) -> int:
    palette = scene.palette
    canvas.pieces(2, y, [("base η ", palette.dim), (rate_text(change.rate), palette.bold),
                         (f" from update {count(change.iteration)}", palette.dim)])  # fmt: skip
    return y + 1
