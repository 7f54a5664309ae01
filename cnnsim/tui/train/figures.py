"""The numbers above the panels: how far it is, how good, how fast."""

from __future__ import annotations

from cnnsim.amounts import percent
from cnnsim.tui.drawing.bar import draw_bar
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import count, measured
from cnnsim.tui.train.scene import Scene
from cnnsim.tui.train.view import RunView


def draw_figures(canvas: Canvas, scene: Scene) -> None:
    """Two rows: names, and numbers with their trends."""
    palette, run = scene.palette, scene.run
    wide = canvas.width >= 100
    # Shares of the width at which the columns begin.
    stops = (2, 28, 43, 58, 84, 106) if wide else (1, 13, 23, 34, 56, 68)
    x = [stop * canvas.width // (120 if wide else 80) for stop in stops]
    names = (
        (
            "epochs done",
            "batch loss" if scene.at is not None else "train loss",
            "test loss",
            "test accuracy",
            "pictures a second",
            "left",
        )
        if wide
        else (
            "epochs done" if x[1] > x[0] + len("epochs done") else "epochs",
            "batch" if scene.at is not None else "train",
            "test",
            "accuracy",
            "img/s",
            "left",
        )
    )
    for at, name in zip(x, names, strict=True):
        canvas.put(at, 0, name, palette.dim)
    of = f" of {count(run.epochs)}"
    end = canvas.put(x[0], 1, count(scene.then.done), palette.bold)
    if end + len(of) < x[1]:
        end = canvas.put(end, 1, of, palette.dim)
    if wide and x[1] - end > 6:
        share = run.share
        if scene.at is not None and run.iterations:
            share = scene.place / run.iterations
        draw_bar(canvas, end + 2, 1, x[1] - end - 4, share, palette, palette.now_text)
    if scene.at is not None:
        _draw_moment(canvas, scene, x)
        return
    last = run.rows[-1] if run.rows else None
    before = run.rows[-2] if len(run.rows) > 1 else None
    loss = last.train_loss if last else run.loss
    if loss is not None:
        at = canvas.put(x[1], 1, measured(loss, 0), palette.bold)
        if last and before:
            _trend(canvas, at + 1, last.train_loss, before.train_loss, scene, less_is_good=True)
    if last is not None:
        at = canvas.put(x[2], 1, measured(last.test_loss, 0), palette.bold)
        if before:
            _trend(canvas, at + 1, last.test_loss, before.test_loss, scene, less_is_good=True)
        at = canvas.put(x[3], 1, percent(last.accuracy), palette.bold)
        if before:
            _trend(canvas, at + 1, last.accuracy, before.accuracy, scene, less_is_good=False)
        if run.best is not None:
            # Beside the trend, which is not its own.
            best = f"│ best {percent(run.best.accuracy)}"
            if at + 3 + len(best) < x[4]:
                canvas.put(at + 3, 1, best, palette.dim)
    canvas.put(x[4], 1, count(round(run.speed)) if run.speed else "·", palette.bold)
    canvas.put(x[5], 1, left_text(run), palette.bold)


def _draw_moment(canvas: Canvas, scene: Scene, x: list[int]) -> None:
    """The numbers at the slider."""
    palette, run = scene.palette, scene.run
    if run.batch_loss is not None:
        canvas.put(x[1], 1, measured(run.batch_loss, 0), palette.bold)
    tested = scene.tested_here
    if tested is not None:
        canvas.put(x[2], 1, measured(tested.loss, 0), palette.bold)
        text = percent(tested.right / tested.pictures)
        at = canvas.put(x[3], 1, text, palette.bold)
        of = f"  of {count(tested.pictures)}"
        if at + len(of) < x[4]:
            canvas.put(at, 1, of, palette.dim)
    canvas.put(x[4], 1, count(round(run.speed)) if run.speed else "·", palette.bold)
    canvas.put(x[5], 1, left_text(run), palette.bold)


def _trend(
    canvas: Canvas, x: int, now: float, before: float, scene: Scene, less_is_good: bool
) -> None:
    if now == before:
        return
    is_good = (now < before) == less_is_good
    mark = "▲" if now > before else "▼"
    canvas.put(x, 1, mark, scene.palette.good if is_good else scene.palette.dim)


def left_text(run: RunView) -> str:
    """`0:06`, `1:02:00`; a dot where nobody knows."""
    left = run.left
    if left is None:
        return "·"
    minutes, seconds = divmod(round(left), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
