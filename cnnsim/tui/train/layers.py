"""What every layer puts out, in numbers: mean, deviation, and how many units say nothing."""

from __future__ import annotations

from cnnsim.amounts import counted
from cnnsim.tui.drawing.canvas import Canvas, narrowed
from cnnsim.tui.drawing.numbers import measured
from cnnsim.tui.train.scene import Scene, Words

#: Columns of the mean, and of what stands behind the deviation, up to the frame.
_MEAN, _REST = 9, 7


def draw_layers(canvas: Canvas, scene: Scene) -> Words:
    """One line for each layer; a unit is dead where it puts out 0 for every specimen."""
    palette, rows = scene.palette, scene.run.layers
    title = (("activations", palette.dim),)
    if not rows:
        text = scene.doing or scene.coming("They come with the first updates.")
        return scene.say_instead(canvas, Words(title), text)
    longest = max(len("layer"), *(len(row.name) for row in rows))
    across = canvas.width - 2 - _MEAN - _REST
    spread = "deviation" if longest + len(" deviation") <= across else "std"
    # A number has up to seven digits.
    column = max(len(spread), 7) + 1
    name = min(longest, across - column)
    ends = [2 + name + _MEAN, 2 + name + _MEAN + column]
    canvas.put(2, 1, "layer", palette.dim)
    for end, text in zip(ends, ("mean", spread), strict=True):
        canvas.put_right(end, 1, text, palette.dim)
    canvas.put(ends[1] + 1, 1, "dead", palette.dim)
    room = canvas.height - 3
    for y, row in enumerate(rows[:room], 2):
        if y == room + 1 and len(rows) > room:
            canvas.put(2, y, f"… {len(rows) - room + 1} more", palette.dim)
            break
        canvas.put(2, y, narrowed(row.name, name), palette.base)
        canvas.put_right(ends[0], y, measured(row.mean), palette.base)
        canvas.put_right(ends[1], y, measured(row.deviation), palette.base)
        share = row.dead / row.units
        room_left = canvas.width - ends[1] - 3
        text = f"{share:.0%} {row.dead} of {row.units}" if row.dead else "·"
        if len(text) > room_left:
            text = f"{share:.0%}"
        style = palette.faint if not row.dead else palette.bold if share > 0.5 else palette.base
        canvas.put(ends[1] + 1, y, text, style)
    return Words(title, ((f"of {counted(rows[0].pictures, 'test picture')}", palette.dim),))
