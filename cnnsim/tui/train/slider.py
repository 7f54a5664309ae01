"""The slider: all updates of a run on one line, with its epochs."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.drawing.timeline import Tick, draw_timeline
from cnnsim.tui.train.axis import round_numbers
from cnnsim.tui.train.scene import Scene

#: Columns of the words where there is one row.
_WORDS = 24


def rail_of(width: int, height: int) -> tuple[int, int]:
    """First column and length of the rail; in a single row the words stand before it."""
    left = _WORDS + 3 if height == 1 else 2
    return left, max(width - left - 2, 1)


def draw_slider(canvas: Canvas, scene: Scene, focused: bool = False) -> None:
    """The rail, and the epochs and where the slider stands."""
    palette = scene.palette
    x, width = rail_of(canvas.width, canvas.height)
    if not scene.end:
        canvas.put(x, 0, "─" * width, palette.line)
        return
    ticks = ticks_of(scene, width)
    rail = Canvas(width, 2, palette.base)
    draw_timeline(rail, 0, 0, width, ticks, fraction(scene), palette)
    canvas.blit(rail, x, 0)
    if canvas.height == 1:
        canvas.put(2, 0, _short_words(scene), palette.now_text)
    if focused:
        canvas.put(0, 0, "▸", palette.now_text)


def fraction(scene: Scene) -> float:
    """Where the slider stands, 0..1."""
    return scene.place / scene.end if scene.end else 0.0


def words(scene: Scene) -> str:
    """`update 1,240 of 2,700   computing 40%`."""
    if scene.at is None:
        state = "the latest" if scene.run.state in ("running", "watching", "starting") else "now"
        if scene.run.state == "finished":
            state = "the end"
        text = f"update {count(scene.end)}, {state}"
    else:
        text = f"update {count(scene.place)} of {count(scene.end)}"
    return f"{text}   {scene.busy}" if scene.busy else text


def _short_words(scene: Scene) -> str:
    """The same where there is one row: the first form that fits, with at least its first word."""
    full, at = words(scene), count(scene.place)
    forms = [full, full.removeprefix("update ")]
    if scene.busy:
        forms = [f"{at} {scene.busy}", f"{at} {scene.busy.split()[0]}"]
    return next((form for form in forms if len(form) <= _WORDS), forms[-1])


def ticks_of(scene: Scene, width: int) -> list[Tick]:
    """A tick for each epoch that has a round number, and the words at the slider."""
    ticks = [Tick(fraction(scene), words(scene), True)]
    if each := scene.run.each:
        epochs = scene.end // each
        for epoch in [0, *round_numbers(1, max(epochs, 1), max(width // 8, 1))]:
            place = epoch * each / scene.end
            if epoch == int(epoch) and place <= 1:
                label = f"epoch {int(epoch)}" if not epoch else f"{int(epoch)}"
                ticks.append(Tick(place, label))
    return ticks
