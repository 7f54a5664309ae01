"""Inputs that come from somewhere else: a picture file, or one of the shipped digits."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, printable
from cnnsim.scenario.files import obstacle

if TYPE_CHECKING:
    from PIL import Image

Floats = npt.NDArray[np.float64]


#: A larger picture is refused before it is decoded.
MOST_PIXELS = 50_000_000
#: The tag of EXIF that says how a camera was held.
_ORIENTATION = 0x0112
#: Where it says so rows and columns are exchanged.
_EXCHANGED = (5, 6, 7, 8)


def picture_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture file, without decoding it. Raises UsageError."""
    with _opened(path) as picture:
        # A photograph may lie on its side; what else stands there turns nothing.
        turned = picture.getexif().get(_ORIENTATION) in _EXCHANGED
        return (picture.width, picture.height) if turned else (picture.height, picture.width)


def read_picture(path: Path, grey: bool, size: tuple[int, int] | None) -> Floats:
    """The picture as [channels, height, width] in 0..1, resized to `size` if given.

    Raises UsageError where the file is missing, no picture, broken or absurdly large.
    """
    from PIL import Image, ImageOps

    with _opened(path) as picture:
        # Of PGM files Pillow makes 16 bits in mode I, of TIFF files 32.
        if picture.mode == "F" or (picture.mode == "I" and picture.format == "TIFF"):
            raise UsageError(
                f"{printable(str(path))} has 32 bits a pixel, without a range of their own",
                "save it as PNG",
            )
        deep = picture.mode.startswith("I")
        upright = ImageOps.exif_transpose(picture)
        if deep:
            # Pillow would clip 16 bits to 8: these pixels are scaled, and stay grey.
            converted = Image.fromarray(np.asarray(upright, np.float32) / np.float32(257))
        else:
            converted = _opaque(upright).convert("L" if grey else "RGB")
        if size is not None and converted.size != (size[1], size[0]):
            converted = converted.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        pixels = np.asarray(converted, np.float64) / 255
        if deep and not grey:
            pixels = np.stack([pixels] * 3, axis=-1)
    return pixels[np.newaxis] if grey else np.moveaxis(pixels, -1, 0).copy()


def _opaque(picture: Image.Image) -> Image.Image:
    """Transparent pixels become paper: white where the ink is dark, black where it is light."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture
    layers = picture.convert("RGBA")
    ink = np.asarray(layers.convert("L"), np.float64)
    opacity = np.asarray(layers.getchannel("A"), np.float64)
    mean = (ink * opacity).sum() / max(opacity.sum(), 1.0)
    paper = (255, 255, 255, 255) if mean < 128 else (0, 0, 0, 255)
    return Image.alpha_composite(Image.new("RGBA", layers.size, paper), layers)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture file; whatever Pillow and the file system raise becomes one clear error."""
    from PIL import Image, UnidentifiedImageError

    where = printable(str(path))
    if what := obstacle(path):
        raise UsageError(f"{where} {what}", "name a PNG or JPEG file")
    try:
        # Pillow warns of much that does not matter here, or that is told in other words.
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UsageError(
                    f"{where} has {picture.width * picture.height:,} pixels",
                    f"make it smaller; {MOST_PIXELS:,} are the most",
                )
            yield picture
    except UnidentifiedImageError:
        raise UsageError(f"{where} is no picture that can be read", "use PNG or JPEG") from None
    except Image.DecompressionBombError:
        raise UsageError(f"{where} has too many pixels", "make it smaller") from None
    except (OSError, ValueError, SyntaxError, NotImplementedError) as error:
        # The last is what Pillow says of forms of a format that it does not know.
        raise UsageError(f"{where} cannot be read: {printable(str(error))}") from None


@cache
def digits() -> tuple[Floats, npt.NDArray[np.int64]]:
    """The 1,797 UCI digits: pictures [1797, 8, 8] in 0..1 and their classes.

    E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, doi 10.24432/C50P49,
    CC BY 4.0. A pixel counts the set bits of a 4x4 block (0..16), here divided by 16.
    """
    packed = files("cnnsim.data").joinpath("digits.csv.gz").read_bytes()
    rows = np.loadtxt(gzip.decompress(packed).decode("ascii").splitlines(), delimiter=",")
    return rows[:, :-1].reshape(-1, 8, 8) / 16, rows[:, -1].astype(np.int64)


def digit_picture(digit: int, number: int) -> Floats:
    """The `number`-th picture of class `digit`, [1, 8, 8]. Raises UsageError beyond the last."""
    pictures, classes = digits()
    found = np.flatnonzero(classes == digit)
    if number >= len(found):
        raise UsageError(f"there are {len(found)} pictures of the digit {digit}, from 0 on")
    picture: Floats = pictures[found[number]][np.newaxis]
    return picture
