"""The input as a picture with a field marked on it, at the size that fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.network.layer import Shape
from cnnsim.scenario.model import Input
from cnnsim.tui.drawing.cellclass import MAP, NUMBERS_LIMIT, CellClass, blocks, choose_class
from cnnsim.tui.drawing.colour import rgb_of
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.drawing.plane import Plane, cell_at, size_of, value_width
from cnnsim.tui.walk.sight import Sight

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Source:
    """The input's numbers [c,h,w] or [features], and how they are looked at.

    `is_picture`: ink rather than signs; `size` is the shape that the network is asked for, which
    differs from that of the values while a picture is stretched.
    """

    values: Floats
    size: Shape
    is_picture: bool
    scale: float

    @property
    def is_coloured(self) -> bool:
        """Three channels of a picture are red, green and blue."""
        return self.is_picture and len(self.values) == 3 and self.values.ndim == 3


def source_of(given: Input, values: npt.NDArray[Any], size: Shape) -> Source:
    """What to look at. A picture may have another size than the network is asked for."""
    is_picture = given.image is not None or given.digit is not None
    shown = np.asarray(values, np.float64)
    finite = shown[np.isfinite(shown)]
    scale = float(np.abs(finite).max()) if finite.size else 1.0
    return Source(shown, size, is_picture, scale or 1.0)


@dataclass(frozen=True, eq=False)
class View:
    """A plane to draw, its class, and how its cells map to pixels of the input.

    Inside a margin of `margin` cells, `cells` (rows, columns) stand for all `pixels`. The margin
    is there so that the ring round a field at the edge can be seen.
    """

    plane: Plane
    cls: CellClass
    pixels: tuple[int, int]
    cells: tuple[int, int]
    margin: int

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of characters."""
        return size_of(self.plane, self.cls)

    def pixel_at(self, dx: int, dy: int) -> tuple[float, float] | None:
        """The input pixel in the middle of the cell at an offset; None beside the picture."""
        place = cell_at(self.plane, self.cls, dx, dy)
        if place is None:
            return None
        half = (self.step - 1) / 2
        return tuple((at - self.margin) * self.step + half for at in place)  # type: ignore[return-value]


def view_of(
    source: Source,
    channel: int | None,
    sight: Sight | None,
    room: tuple[int, int],
    half_blocks: bool,
    palette: Palette,
) -> View:
    """The picture within `room` (columns, rows); `channel` None shows colours, or channel 0."""
    size = source.size
    rows, columns = size[1], size[2]
    plane = source.values[channel if channel is not None else 0]
    if source.is_coloured and channel is None:
        plane = source.values.mean(axis=0)
    base = Plane(plane, scale=source.scale, picture=source.is_picture)
    if max(rows, columns) <= NUMBERS_LIMIT and plane.shape == (rows, columns):
        view = _numbers(base, sight, room)
        if view is not None:
            return view
    width, height = max(room[0], 4), max(room[1], 2)
    cls, cells = _cells(rows, columns, width, height, half_blocks)
    values = resample(plane, *cells)
    bands = None
    if source.is_coloured and channel is None:
        bands = [resample(band, *cells) for band in source.values]
    rgb = _colours(values, bands, source, palette) if palette.tinted else None
    field = None
    if sight is not None and sight.inside is not None:
        (top, bottom), (left, right) = sight.inside
        field = frozenset(
            (row * cells[0] // rows + 1, column * cells[1] // columns + 1)
            for row, column in ((top, left), (bottom, right))
        )
    framed = replace(base, values=np.pad(values, 1), field=field, rgb=rgb)
    return View(framed, cls, (rows, columns), cells, 1)


def _colours(
    values: Floats, bands: list[Floats] | None, source: Source, palette: Palette
) -> npt.NDArray[np.uint8]:
    """A picture's own colours, ink or the sign map, in a margin of paper."""
    ground = palette.base.bgcolor
    paper = ground.triplet if ground and ground.triplet else (0, 0, 0)
    framed = np.empty((values.shape[0] + 2, values.shape[1] + 2, 3), np.uint8)
    framed[:] = paper
    if bands is not None:
        tinted = np.stack(bands, axis=2) * (255 / max(source.scale, 1.0))
        framed[1:-1, 1:-1] = np.rint(np.clip(tinted, 0, 255))
        return framed
    table = palette.ink_colours if source.is_picture else palette.bare_colours
    ids = palette.ink_ids if source.is_picture else palette.tile_ids
    framed[1:-1, 1:-1] = np.array([rgb_of(each) for each in table])[ids(values, source.scale)]
    return framed


def _numbers(plane: Plane, sight: Sight | None, room: tuple[int, int]) -> View | None:
    """Cells with numbers, with the padding that the field reaches, where there is room."""
    field = None
    padding = (0, 0, 0, 0)
    if sight is not None:
        (top, bottom), (left, right) = sight.rows, sight.columns
        if max(bottom - top, right - left) < 3 * NUMBERS_LIMIT:
            field = frozenset(
                (row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)
            )
        padding = (
            max(0, -top), max(0, -left), max(0, bottom - plane.rows + 1),
            max(0, right - plane.cols + 1),
        )  # fmt: skip
    for rings in (padding, (0, 0, 0, 0)):
        padded = replace(plane, field=field, padding=rings)
        cls = choose_class([padded.outer], *room, value_width(padded), frame=(0, 0))
        if not cls.is_map:
            whole = (plane.rows, plane.cols)
            return View(padded, cls, whole, whole, 0)
    return None


def _cells(
    rows: int, columns: int, width: int, height: int, half_blocks: bool
) -> tuple[CellClass, tuple[int, int]]:
    """The largest cells that fit, and how many of them (rows, columns) make up the picture."""
    # The margin takes a cell on each side.
    most = min(width // (2 * (columns + 2)), height // (rows + 2))
    if most >= 1:
        return blocks(2 * most, most), (rows, columns)
    if half_blocks:
        across, down, cls = width - 2, 2 * height - 2, MAP
    else:
        across, down, cls = width // 2 - 2, height - 2, blocks(2)
    scale = min(max(across, 1) / columns, max(down, 1) / rows, 1.0)
    return cls, (max(int(rows * scale), 1), max(int(columns * scale), 1))


def resample(values: Floats, rows: int, columns: int) -> Floats:
    """`values` as `rows` x `columns` means over equal parts, or repeated where there are fewer."""
    for axis, count in enumerate((rows, columns)):
        have = values.shape[axis]
        edges = np.arange(count) * have // count
        ends = np.append(edges[1:], have)
        if (ends > edges).all():
            sums = np.add.reduceat(values, edges, axis=axis)
            values = sums / np.expand_dims(ends - edges, 1 - axis)
        else:
            values = np.take(values, edges, axis=axis)
    return values
