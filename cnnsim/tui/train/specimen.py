"""One test picture, and the maps that the layers make of it."""

from __future__ import annotations

import numpy as np

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import MAP, CellClass, blocks
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit
from cnnsim.tui.train.scene import Scene, Words
from cnnsim.tui.train.view import LayerMaps


def draw_specimen(canvas: Canvas, scene: Scene) -> Words:
    """A row of maps for the picture and each layer, as many rows as there is room for."""
    palette, specimen = scene.palette, scene.run.specimen
    title: tuple[Piece, ...] = (("activations of a digit", palette.dim),)
    if specimen is None:
        canvas.put(2, 1, "They come with the first updates.", palette.dim)
        return Words(title)
    title = (("activations of ", palette.dim), (specimen.truth, palette.bold),
             (f"   test picture {specimen.picture}", palette.dim))  # fmt: skip
    width, height = canvas.width - 4, canvas.height - 2
    y, end = 1, 1 + height
    cls = _class(specimen.layers, width, height, scene.ascii)
    for layer in specimen.layers:
        count, rows, columns = layer.values.shape
        step = 1
        while cls.size(1, -(-columns // step))[0] > width and step < columns:
            step += 1
        wide, high = cls.size(-(-rows // step), -(-columns // step))
        across = max((width + 1) // (wide + 1), 1)
        if y + 1 + high > end:
            break
        shown = min(count, across)
        of = f" {shown} of {layer.count}" if layer.count > shown else ""
        canvas.put(2, y, f"{layer.name}{of}"[:width], palette.dim)
        finite = layer.values[np.isfinite(layer.values)]
        scale = float(np.abs(finite).max()) if finite.size else 0.0
        for place in range(shown):
            values = layer.values[place]
            plane = Plane(values, scale=scale or 1.0, mode="colours", picture=layer.name == "input")
            small = fit(plane, wide, high, cls)[0] if step > 1 else plane
            draw_plane(canvas, 2 + place * (wide + 1), y + 1, small, cls, palette)
        y += high + 1
    right = (("c ", palette.bold), ("another", palette.dim))
    return Words(title, right)


def _class(layers: tuple[LayerMaps, ...], width: int, height: int, ascii: bool) -> CellClass:
    """The largest pixels in which the picture and the first layer of maps have their rows."""
    smallest = blocks(1) if ascii else MAP
    for cls in (*(blocks(*size) for size in ((4, 2), (2, 1))), smallest):
        rows = [cls.size(*layer.values.shape[1:]) for layer in layers[:3]]
        wide = max(size[0] * min(layer.count, 4) for size, layer in zip(rows, layers, strict=False))
        if sum(size[1] + 1 for size in rows) <= height and wide <= width:
            return cls
    return smallest
