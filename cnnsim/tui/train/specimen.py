"""One test picture, and the maps that the layers make of it."""

from __future__ import annotations

import numpy as np

from cnnsim.network.graph import INPUT
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import ENLARGED, CellClass, finest
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit
from cnnsim.tui.train.scene import Scene, Words
from cnnsim.tui.train.view import LayerMaps

#: Columns between two layers that stand side by side.
_GAP = 3


def draw_specimen(canvas: Canvas, scene: Scene) -> Words:
    """The picture and the maps of each layer, as many as there is room for.

    One layer below the other, or side by side where there is room for one row only.
    """
    palette, specimen = scene.palette, scene.run.specimen
    title: tuple[Piece, ...] = (("activations of a digit", palette.dim),)
    if specimen is None:
        text = scene.doing or scene.coming("They come with the first updates.")
        return scene.say_instead(canvas, Words(title), text)
    title = (("activations of ", palette.dim), (specimen.truth, palette.bold),
             (f"   test picture {specimen.picture}", palette.dim))  # fmt: skip
    layers = _shown(specimen.layers)
    room = (canvas.width - 4, canvas.height - 2)
    cls = _class(layers, *room, scene.ascii)
    x, y, end = 2, 1, 1 + room[1]
    beside = room[1] < 2 * (cls.size(*layers[0].values.shape[1:])[1] + 1)
    for layer in layers:
        width, height = _draw_layer(canvas, scene, layer, (x, y, room[0] + 2 - x, end - y), cls)
        if not height:
            break
        x, y = (x + width + _GAP, y) if beside else (x, y + height)
    return Words(title, (("c ", palette.bold), ("another", palette.dim)))


def _draw_layer(
    canvas: Canvas, scene: Scene, layer: LayerMaps, room: tuple[int, int, int, int], cls: CellClass
) -> tuple[int, int]:
    """The columns and rows that its maps took, nothing where not one had room."""
    x, y, width, height = room
    count, rows, columns = layer.values.shape
    step = 1
    while cls.size(1, -(-columns // step))[0] > width and step < columns:
        step += 1
    wide, high = cls.size(-(-rows // step), -(-columns // step))
    across = (width + 1) // (wide + 1)
    if height < 1 + high or across < 1:
        return 0, 0
    # Rows of maps have a blank one between them.
    shown = min(count, across * max(height // (high + 1), 1))
    of = f" {shown} of {layer.count}" if layer.count > shown else ""
    canvas.put(x, y, f"{layer.name}{of}"[:width], scene.palette.dim)
    finite = layer.values[np.isfinite(layer.values)]
    scale = float(np.abs(finite).max()) if finite.size else 0.0
    for place in range(shown):
        values = layer.values[place]
        plane = Plane(values, scale=scale or 1.0, mode="colours", picture=layer.name == INPUT)
        small = fit(plane, wide, high, cls)[0] if step > 1 else plane
        left, top = x + place % across * (wide + 1), y + 1 + place // across * (high + 1)
        draw_plane(canvas, left, top, small, cls, scene.palette)
    down = -(-shown // across)
    return min(shown, across) * (wide + 1) - 1, 1 + down * (high + 1) - (down == 1)


def _shown(layers: tuple[LayerMaps, ...]) -> list[LayerMaps]:
    """The layers without those whose values the next one only bends, as a ReLU does."""
    behind = [*layers[1:], None]
    return [
        layer
        for layer, after in zip(layers, behind, strict=True)
        if after is None or layer.name == INPUT or not after.bends
    ]


def _class(layers: list[LayerMaps], width: int, height: int, ascii: bool) -> CellClass:
    """The largest pixels in which the picture and some maps of the first layer have room."""
    smallest = finest(ascii)
    for cls in (*ENLARGED[2:], smallest):
        rows = [cls.size(*layer.values.shape[1:]) for layer in layers[:2]]
        wide = max(size[0] * min(layer.count, 8) for size, layer in zip(rows, layers, strict=False))
        if sum(size[1] + 1 for size in rows) <= height and wide <= width:
            return cls
    return smallest
