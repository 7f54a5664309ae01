"""Which class was taken for which, counted."""

from __future__ import annotations

import numpy as np
from rich.cells import set_cell_size
from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import finest
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit
from cnnsim.tui.train.scene import Scene, Words


def draw_confusion(canvas: Canvas, scene: Scene) -> Words:
    """Rows are the truth, columns what it was taken for; without room for numbers, colours."""
    palette, tested = scene.palette, scene.run.tested
    title: tuple[Piece, ...] = (("confusion", palette.dim),)
    right = (("rows truth, columns said", palette.dim),)
    if tested is None:
        text = scene.doing or scene.no_test or scene.coming("It comes after the first epoch.")
        return scene.say_instead(canvas, Words(title, right), text)
    title = (*title, (f"  {scene.tested_after}", palette.dim))
    matrix = tested.confusion
    if matrix is None:
        canvas.put(2, 1, f"{len(tested.names)} classes are too many to show.", palette.dim)
        return Words(title, right, _wrong(scene))
    wrong = matrix * (1 - np.eye(len(matrix), dtype=np.int64))
    most = max(int(wrong.max()), 1)
    digits = len(str(int(matrix.max())))
    room = (canvas.width - 4, canvas.height - 2)
    widest = max(map(len, tested.names))
    cell = next(
        (
            size
            for size in (6, 5, max(digits, min(widest, 4)) + 1, digits + 1)
            if len(matrix) * size + min(widest, 8) + 1 <= room[0]
        ),
        0,
    )
    high = room[1] >= len(matrix)
    if not (cell and high):
        plane = Plane(np.where(wrong > 0, wrong, 0).astype(np.float64), scale=float(most),
                      mode="colours")  # fmt: skip
        cls = finest(scene.ascii)
        small, _ = fit(plane, *room, cls)
        draw_plane(canvas, 2, 1, small, cls, palette)
        return Words(title, right, _wrong(scene))
    head = min(widest, 8)
    left = 2 + head + 1 + max((room[0] - head - 1 - len(matrix) * cell) // 2, 0)
    has_names = room[1] > len(matrix)
    pitch = 2 if room[1] >= 2 * len(matrix) + 1 else 1
    top = 1 + has_names
    for column, name in enumerate(tested.names if has_names else ()):
        text = set_cell_size(name, min(len(name), cell - 1))
        canvas.put_right(left + (column + 1) * cell, 1, text, palette.dim)
    for row, name in enumerate(tested.names):
        y = top + row * pitch
        canvas.put_right(left - 1, y, set_cell_size(name, min(len(name), head)), palette.dim)
        for column in range(len(matrix)):
            number = int(matrix[row, column])
            at = left + column * cell
            if not number:
                canvas.put_right(at + cell, y, "·", palette.faint)
            elif row == column:
                canvas.put(at, y, f"{number:>{cell}}", palette.selection)
            else:
                style = palette.tile(0.35 + 0.65 * number / most)
                canvas.put(at, y, f"{number:>{cell}}", style + Style(bold=True))
    return Words(title, right, _wrong(scene))


def _wrong(scene: Scene) -> tuple[Piece, ...]:
    """How many are wrong, and what happens most."""
    palette, tested = scene.palette, scene.run.tested
    assert tested is not None, "it has been drawn"
    pieces: list[Piece] = [
        (count(tested.pictures - tested.right), palette.bold),
        (f" of {count(tested.pictures)} wrong", palette.dim),
    ]
    if tested.confusion is not None:
        wrong = tested.confusion * (1 - np.eye(len(tested.names), dtype=np.int64))
        if wrong.any():
            row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
            names = f"{tested.names[int(row)]}→{tested.names[int(column)]}"
            pieces += [("   most ", palette.dim), (names, palette.bold),
                       (f" {int(wrong.max())}×", palette.dim)]  # fmt: skip
    return tuple(pieces)
