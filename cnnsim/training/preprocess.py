"""What a net sees of a picture from elsewhere: the steps by which its training pictures were made.

The pad's sheets and picture files take the same way.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cnnsim.network.layer import Shape
from cnnsim.scenario.picture import picture_size, read_picture

Ink = npt.NDArray[np.float64]

#: MNIST: digits are scaled into a box of this side, in a picture of that one.
BOX, SIDE = 20, 28
#: UCI's digits: sheets of this side, whose height they fill, and at most this much of the width.
SHEET, WIDEST = 32, 24
#: In a file, fainter ink than this share of the darkest does not count as drawn: the noise of a
#: photograph, or of JPEG. Larger pictures than `_LARGEST` are made smaller first.
_FAINT, _LARGEST = 0.1, 512
#: Side to which a picture is made smaller for a look at its edges.
_LOOK = 64


def is_centred(shape: Shape) -> bool:
    """Whether a net for pictures of `shape` [channels, height, width] learned centred ones."""
    return shape == (1, SIDE, SIDE)


def seen(ink: Ink, shape: Shape) -> Ink:
    """The picture [channels, height, width] that a net of input `shape` gets of a sheet.

    `ink` is [channels, height, width] in 0..1, light on dark. Nets for 28×28 get it centred as
    MNIST is, those for 8×8 the share of ink in each of 8×8 blocks as UCI's digits have it, others
    get it as it is.
    """
    if is_centred(shape):
        return centred(ink[0])[np.newaxis]
    if shape == (1, 8, 8):
        return count_blocks(ink[0], ink.shape[1] // 8)[np.newaxis]
    return ink


def read_seen(path: Path, shape: Shape, invert: bool = False) -> Ink:
    """The same of a picture file of any size; `invert` makes dark on light light on dark.

    What has the size of the pictures themselves, or of a sheet, is taken as it is. Raises
    UsageError where it is no picture.
    """
    counts = shape == (1, 8, 8)

    def ink_of(size: tuple[int, int]) -> Ink:
        ink = read_picture(path, shape[0] == 1, size)
        return 1 - ink if invert else ink

    rows, columns = picture_size(path)
    if (rows, columns) == shape[1:] or (counts and (rows, columns) == (SHEET, SHEET)):
        return seen(ink_of((rows, columns)), shape)
    if not (counts or is_centred(shape)):
        return seen(ink_of((shape[1], shape[2])), shape)
    share = min(1.0, _LARGEST / max(rows, columns))
    ink = ink_of((max(1, round(rows * share)), max(1, round(columns * share))))
    ink = np.where(ink > _FAINT * ink.max(initial=0.0), ink, 0.0)
    return seen(upright(ink[0])[np.newaxis] if counts else ink, shape)


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
