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
from cnnsim.tui.stage.slice import slice_at
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
class PictureView:
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
        row, column = (
            (at - self.margin + 0.5) * pixels / cells - 0.5
            for at, pixels, cells in zip(place, self.pixels, self.cells, strict=True)
        )
        return row, column


def view_of(
    source: Source,
    channel: int | None,
    sight: Sight | None,
    room: tuple[int, int],
    half_blocks: bool,
    palette: Palette,
) -> PictureView:
    """The picture within `room` (columns, rows); `channel` None shows colours, or channel 0."""
    plane, (rows, columns) = _matrix(source, channel)
    known = np.isfinite(plane) if len(source.size) == 1 else None
    base = Plane(plane, known, scale=source.scale, picture=source.is_picture)
    if max(rows, columns) <= NUMBERS_LIMIT and plane.shape == (rows, columns):
        view = _numbers(base, sight, room)
        if view is not None:
            return view
    width, height = max(room[0], 4), max(room[1], 2)
    cls, cells = _cells(rows, columns, width, height, half_blocks)
    values = resample(np.nan_to_num(plane, posinf=0.0, neginf=0.0), *cells)
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
    framed = replace(base, values=np.pad(values, 1), known=None, field=field, rgb=rgb)
    if not palette.tinted and source.is_picture:
        framed = replace(framed, values=_two_toned(framed, cls.name == "map"), scale=1.0)
    return PictureView(framed, cls, (rows, columns), cells, 1)


def _matrix(source: Source, channel: int | None) -> tuple[Floats, tuple[int, int]]:
    """The numbers to draw, and how many rows and columns of the input they stand for."""
    size = source.size
    if len(size) != 3:
        cut = slice_at(size, (0,) * len(size))
        return cut.values(source.values), (cut.rows, cut.columns)
    if source.is_coloured and channel is None:
        return source.values.mean(axis=0), (size[1], size[2])
    plane: Floats = source.values[channel if channel is not None else 0]
    return plane, (size[1], size[2])


#: Thresholds of ordered dithering, 4x4.
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 + 1 / 32


def _two_toned(plane: Plane, dithered: bool) -> Floats:
    """A picture for terminals without tints: full contrast in few tones, the ring set free."""
    values = plane.values[1:-1, 1:-1].astype(np.float64)
    low, high = np.percentile(values, 2), np.percentile(values, 98)
    share = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    if dithered:
        down, across = -(-values.shape[0] // 4), -(-values.shape[1] // 4)
        thresholds = np.tile(_BAYER, (down, across))[: values.shape[0], : values.shape[1]]
        toned = (share > thresholds).astype(np.float64)
    else:
        # Blank, light and full are what blocks can show.
        toned = np.select([share < 1 / 3, share < 2 / 3], [0.0, 0.25], 1.0)
    framed: Floats = np.pad(toned, 1)
    bounds = plane.field_bounds()
    if bounds is not None:
        top, bottom, left, right = bounds
        inside = framed[top + 1 : bottom, left + 1 : right].copy()
        framed[max(top - 2, 0) : bottom + 3, max(left - 2, 0) : right + 3] = 0
        framed[top + 1 : bottom, left + 1 : right] = inside
    return framed


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


def _numbers(plane: Plane, sight: Sight | None, room: tuple[int, int]) -> PictureView | None:
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
            return PictureView(padded, cls, whole, whole, 0)
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
