"""The worst mistakes as pictures, the smallest share of the right class first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnnsim.training.samples import Pictures
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import ENLARGED, CellClass, finest
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit
from cnnsim.tui.train.scene import Scene, Words
from cnnsim.tui.train.view import Tested

#: Columns of `▸2→3◂ 9.9%`, and of one that is not chosen with a name as short.
_LABEL = 10
#: What the labels say: in a row above the pictures, or beside them where there are few rows.
_CAPTION = ("is → said,", "share of the", "right class")
_LOW = 8
#: As many should fit, if need be with smaller pixels.
_WANTED, _LEAST = 6, 3


@dataclass(frozen=True)
class Tier:
    """Rows of pictures of one size: their pixels, shrunk by `step`; from row `top` on."""

    cls: CellClass
    step: int
    across: int
    down: int
    pitch: tuple[int, int]
    top: int = 1

    @property
    def count(self) -> int:
        """How many pictures."""
        return self.across * self.down

    def place(self, number: int) -> tuple[int, int]:
        """Column and row of a picture in its panel."""
        row, column = divmod(number, self.across)
        return 2 + column * self.pitch[0], self.top + row * self.pitch[1]

    def at(self, x: int, y: int) -> int | None:
        """The number of the picture at a place of the panel."""
        column, row = (x - 2) // self.pitch[0], (y - self.top) // self.pitch[1]
        if 0 <= column < self.across and 0 <= row < self.down:
            return row * self.across + column
        return None


#: Rows of large pictures, then of small ones.
Grid = tuple[Tier, ...]


def grid_of(scene: Scene, width: int, height: int) -> Grid:
    """Where mistakes stand in a panel of that size; empty where there is nothing to show."""
    tested, pictures = scene.run.tested, scene.pictures
    if tested is None or not tested.mistakes or pictures is None:
        return ()
    _, room, top = _rooms(width, height)
    rows, columns = pictures.shape[2:]
    widest = max(len(tested.names[m.truth]) + len(tested.names[m.guess]) for m in tested.mistakes)
    label = min(_LABEL + widest - 2, 24)
    wanted = min(len(tested.mistakes), _WANTED)
    smallest = finest(scene.ascii)
    classes = (*ENLARGED[1:], smallest)
    for place, cls in enumerate(classes):
        tier = _tier(cls, 1, rows, columns, label, room)
        if tier.count >= wanted:
            return (replace(tier, top=top),)
        # One row of these, and what is left of the height in the next smaller ones.
        rest = room[1] - tier.pitch[1]
        if tier.across >= min(wanted, _LEAST) and tier.down and place + 1 < len(classes):
            small = _tier(classes[place + 1], 1, rows, columns, label, (room[0], rest))
            if tier.across + small.count >= wanted:
                return replace(tier, down=1, top=top), replace(small, top=top + tier.pitch[1])
    for step in range(1, max(rows, columns) + 1):
        tier = _tier(smallest, step, rows, columns, label, room)
        if tier.count >= min(wanted, _LEAST):
            return (replace(tier, top=top),)
    return ()


def _rooms(width: int, height: int) -> tuple[list[tuple[int, int, str]], tuple[int, int], int]:
    """The caption's pieces and where they stand; columns and rows for pictures; their first row."""
    room = (width - 4, height - 2)
    line, wide = " ".join(_CAPTION), max(map(len, _CAPTION))
    if room[1] >= _LOW and room[0] >= len(line):
        return [(2, 1, line)], (room[0], room[1] - 1), 2
    if room[1] >= len(_CAPTION) and room[0] >= 4 * wide:
        left = 2 + room[0] - wide
        return [(left, 1 + y, t) for y, t in enumerate(_CAPTION)], (room[0] - wide - 2, room[1]), 1
    return [], room, 1


def number_at(grid: Grid, x: int, y: int) -> int | None:
    """The number of the picture at a place of the panel."""
    before = 0
    for tier in grid:
        found = tier.at(x, y)
        if found is not None:
            return before + found
        before += tier.count
    return None


def page_of(grid: Grid, mistake: int) -> int:
    """The first mistake that is shown together with this one."""
    many = max(sum(tier.count for tier in grid), 1)
    return mistake // many * many


def _tier(
    cls: CellClass, step: int, rows: int, columns: int, label: int, room: tuple[int, int]
) -> Tier:
    wide, high = cls.size(-(-rows // step), -(-columns // step))
    pitch = (max(wide, label) + 1, high + 1)
    return Tier(cls, step, (room[0] + 1) // pitch[0], max(room[1], 0) // pitch[1], pitch)


def draw_mistakes(canvas: Canvas, scene: Scene) -> Words:
    """Pictures with `truth→said` and a share, and what that is; the chosen one has the plate."""
    palette, tested = scene.palette, scene.run.tested
    title = (("worst mistakes", palette.dim),)
    grid = grid_of(scene, canvas.width, canvas.height)
    if tested is None or not grid or scene.pictures is None:
        text = scene.no_test or scene.coming("They come after the first epoch.")
        if tested is not None and not tested.mistakes:
            text = "Not one test picture is wrong."
        elif tested is not None:
            text = "Reading the pictures." if scene.pictures is None else "No room for them here."
        return scene.say_instead(canvas, Words(title), scene.doing or text)
    for x, y, text in _rooms(canvas.width, canvas.height)[0]:
        canvas.put(x, y, text, palette.dim)
    number = page_of(grid, scene.mistake)
    for tier in grid:
        for place in range(min(tier.count, len(tested.mistakes) - number)):
            _draw(canvas, scene, tier, place, number, tested)
            number += 1
    bottom = (
        (f"{scene.mistake + 1}", palette.bold),
        (f" of {len(tested.mistakes)}   after {scene.tested_after}", palette.dim),
    )
    return Words(title, (), bottom, (("enter", palette.bold), (" steps into it", palette.dim)))


def _draw(
    canvas: Canvas, scene: Scene, tier: Tier, place: int, number: int, tested: Tested
) -> None:
    """One picture with its words."""
    assert scene.pictures is not None, "there is a grid"
    palette, mistake = scene.palette, tested.mistakes[number]
    x, y = tier.place(place)
    plane = _plane(scene.pictures, mistake.picture)
    if tier.step > 1:
        small = tier.cls.size(-(-plane.rows // tier.step), -(-plane.cols // tier.step))
        plane, _ = fit(plane, *small, tier.cls)
    draw_plane(canvas, x, y, plane, tier.cls, palette)
    y += tier.pitch[1] - 1
    share = f"{mistake.share:.{0 if mistake.share >= 0.0995 else 1}%}"
    text = f"{tested.names[mistake.truth]}→{tested.names[mistake.guess]}"
    if number == scene.mistake:
        end = canvas.put(x, y, f"▸{text}◂", palette.now)
        canvas.put(end, y, f" {share}", palette.now_text)
    else:
        end = canvas.put(x + 1, y, text, palette.base)
        canvas.put(end + 1, y, f" {share}", palette.dim)


def _plane(pictures: Pictures, number: int) -> Plane:
    picture = pictures[number]
    grey = np.asarray(picture.mean(axis=0), np.float64)
    rgb = None
    if len(picture) == 3:
        rgb = np.clip(np.rint(picture.transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)
    return Plane(grey, scale=1.0, picture=True, mode="colours", rgb=rgb)
