"""What a net sees of a picture from elsewhere: the steps by which its training pictures were made.

The pad's sheets and picture files take the same way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from cnnsim.network.layer import Shape
from cnnsim.scenario.picture import picture_size, read_picture

Ink = npt.NDArray[np.float64]
#: As whose pictures those of a run were made: MNIST's, UCI's digits, or nobody's in particular.
Way = Literal["mnist", "digits", ""]

#: MNIST: digits are scaled into a box of this side, in a picture of that one.
BOX, SIDE = 20, 28
#: UCI's digits: sheets of this side, whose height they fill, and at most this much of the width.
SHEET, WIDEST = 32, 24
#: In a file, fainter ink than this share of the darkest does not count as drawn: the noise of a
#: photograph, or of JPEG. Larger pictures than `_LARGEST` are made smaller first.
_FAINT, _LARGEST = 0.1, 512
#: Side to which a picture is made smaller for a look at its edges.
_LOOK = 64
#: Pictures that are looked at, and the share of them that must be centred where all are.
_SOME, _MOST = 256, 0.95


def are_centred(pictures: npt.NDArray[np.float32]) -> bool:
    """Whether pictures [n, channels, height, width] are digits that were centred as MNIST's are.

    So are copies of MNIST, by whatever name, and parts of it.
    """
    if pictures.shape[1:] != (1, SIDE, SIDE):
        return False
    some = pictures[:: max(1, len(pictures) // _SOME), 0]
    return len(some) > 0 and sum(map(_is_centred, some)) >= _MOST * len(some)


def _is_centred(picture: npt.NDArray[np.float32]) -> bool:
    """The longer side fills the box, give or take what is faint; the mass is in the middle."""
    ink = np.where(picture > _FAINT, picture, 0).astype(np.float64)
    if abs(max(_drawn(ink).shape) - BOX + 1) > 1:
        return False
    places = np.arange(SIDE)
    centre = np.array([ink.sum(axis=1) @ places, ink.sum(axis=0) @ places]) / ink.sum()
    # MNIST has the middle at (14, 14), `centred` at (13.5, 13.5): both round to whole pixels.
    return bool((np.abs(centre - SIDE / 2 + 0.25) < 1).all())


def seen(ink: Ink, way: Way) -> Ink:
    """The picture [channels, height, width] that a net gets of a sheet.

    `ink` is [channels, height, width] in 0..1, light on dark. Nets that learned from MNIST get it
    centred as MNIST is, those that learned from UCI's digits the share of ink in each of 8×8
    blocks, others get it as it is.
    """
    if way == "mnist":
        return centred(ink[0])[np.newaxis]
    if way == "digits":
        return count_blocks(ink[0], ink.shape[1] // 8)[np.newaxis]
    return ink


def read_seen(path: Path, shape: Shape, way: Way, invert: bool = False) -> Ink:
    """The same of a picture file of any size, for a net of input `shape`.

    `invert` makes dark on light light on dark. What has the size of the pictures themselves, or of
    a sheet, is taken as it is. Raises UsageError where it is no picture.
    """
    counts = way == "digits"

    def ink_of(size: tuple[int, int]) -> Ink:
        ink = read_picture(path, shape[0] == 1, size)
        return 1 - ink if invert else ink

    rows, columns = picture_size(path)
    if (rows, columns) == shape[1:] or (counts and (rows, columns) == (SHEET, SHEET)):
        return seen(ink_of((rows, columns)), way)
    if not way:
        return ink_of((shape[1], shape[2]))
    share = min(1.0, _LARGEST / max(rows, columns))
    ink = ink_of((max(1, round(rows * share)), max(1, round(columns * share))))
    ink = np.where(ink > _FAINT * ink.max(initial=0.0), ink, 0.0)
    return seen(upright(ink[0])[np.newaxis] if counts else ink, way)


def is_dark_on_light(path: Path) -> bool:
    """Whether a picture file is light along its edges, as paper is. Raises UsageError."""
    ink = read_picture(path, True, (_LOOK, _LOOK))[0]
    edges = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    return bool(np.median(edges) > 0.5)


def count_blocks(ink: Ink, block: int = 4) -> Ink:
    """The share of ink in every block of `block` × `block` pixels.

    UCI's digits are 32 × 32 bits counted in blocks of 4 × 4, 0 to 16; as shares, 0 to 1.
    """
    rows, columns = ink.shape
    blocks = ink.reshape(rows // block, block, columns // block, block)
    shares: Ink = blocks.mean(axis=(1, 3))
    return shares


def as_bits(picture: Ink, block: int = 4) -> Ink:
    """Bits that `count_blocks` counts to `picture`; which of a block were set nobody knows.

    Those are set where the picture, smoothed, is darkest, so that strokes hang together.
    """
    smooth = _stretched(_stretched(picture, block).T, block).T
    rows, columns = picture.shape
    blocks = smooth.reshape(rows, block, columns, block).transpose(0, 2, 1, 3)
    order = np.argsort(-blocks.reshape(rows, columns, -1), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1)
    counts = np.round(picture * block * block)[..., np.newaxis]
    bits = (rank < counts).reshape(rows, columns, block, block).transpose(0, 2, 1, 3)
    return bits.reshape(rows * block, columns * block).astype(np.float64)


def _stretched(picture: Ink, block: int) -> Ink:
    """`picture` with `block` rows for each one, along straight lines between their middles."""
    rows = picture.shape[0]
    at = (np.arange(rows * block) + 0.5) / block - 0.5
    low = np.clip(np.floor(at).astype(int), 0, rows - 1)
    high = np.minimum(low + 1, rows - 1)
    share = np.clip(at - low, 0.0, 1.0)[:, np.newaxis]
    stretched: Ink = picture[low] * (1 - share) + picture[high] * share
    return stretched


def centred(ink: Ink, side: int = SIDE, box: int = BOX) -> Ink:
    """As MNIST: what is drawn is scaled into a box, and put with its centre of mass in the middle.

    Sides keep their proportion. A blank sheet stays blank.
    """
    picture = np.zeros((side, side))
    drawn = _drawn(ink)
    if not drawn.size:
        return picture
    scale = box / max(drawn.shape)
    height, width = (max(1, round(extent * scale)) for extent in drawn.shape)
    small = _scaled(drawn, height, width)
    mass = small.sum()
    # The picture's middle lies between its two middle pixels.
    middle = (side - 1) / 2
    down = (small.sum(axis=1) @ np.arange(height)) / mass
    across = (small.sum(axis=0) @ np.arange(width)) / mass
    top = int(np.clip(round(middle - down), 0, side - height))
    left = int(np.clip(round(middle - across), 0, side - width))
    picture[top : top + height, left : left + width] = small
    return picture


def upright(ink: Ink, side: int = SHEET, widest: int = WIDEST) -> Ink:
    """As UCI's sheets: what is drawn is scaled to the full height, in the middle of the width.

    Sides keep their proportion up to the widest. A blank sheet stays blank.
    """
    sheet = np.zeros((side, side))
    drawn = _drawn(ink)
    if not drawn.size:
        return sheet
    height, width = drawn.shape
    width = min(widest, max(1, round(width * side / height)))
    left = (side - width) // 2
    sheet[:, left : left + width] = _scaled(drawn, side, width)
    return sheet


def _drawn(ink: Ink) -> Ink:
    """The smallest part that has all the ink; nothing of a blank sheet."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return ink[:0, :0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(ink: Ink, height: int, width: int) -> Ink:
    from PIL import Image

    image = Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    scaled: Ink = np.clip(np.asarray(image, np.float64), 0.0, 1.0)
    return scaled
