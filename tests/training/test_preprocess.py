"""Picture files and the pad's sheets: a net sees the same of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps

from cnnsim.scenario.bundled import bundled_folder
from cnnsim.scenario.picture import picture_size, read_picture
from cnnsim.training.preprocess import (
    Way,
    are_centred,
    count_blocks,
    is_dark_on_light,
    read_seen,
    seen,
    upright,
)

Ink = npt.NDArray[np.float64]
Shape = tuple[int, int, int]
#: The shape of the pictures that were made in a way, and the way.
MNIST: tuple[Shape, Way] = ((1, 28, 28), "mnist")
DIGITS: tuple[Shape, Way] = ((1, 8, 8), "digits")


def seven(side: int, thick: int) -> Ink:
    """A 7 in the left upper part of a sheet, with a soft edge."""
    ink = np.zeros((side, side))
    ink[2 : 2 + thick, 3 : side // 2] = 1.0
    for row in range(2, side * 2 // 3):
        ink[row, side // 2 - row // 3 : side // 2 - row // 3 + thick] = 1.0
    ink[2 + thick, 3 : side // 2] = np.maximum(ink[2 + thick, 3 : side // 2], 0.4)
    return ink


def saved(path: Path, ink: Ink) -> Path:
    Image.fromarray(np.rint(ink * 255).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("shape", "way", "side"),
    [(*MNIST, 28), (*DIGITS, 32), ((1, 12, 12), "", 12), ((1, 28, 28), "", 28), ((1, 8, 8), "", 8)],
)
def test_a_sheet_that_was_saved_looks_like_the_sheet(
    tmp_path: Path, shape: Shape, way: Way, side: int
) -> None:
    ink = seven(side, 2)
    file = saved(tmp_path / "sheet.png", ink)
    # A PNG has 255 steps.
    expected = seen(ink[np.newaxis], way)
    assert expected.shape == shape
    if not way:
        np.testing.assert_array_equal(expected[0], ink)
    np.testing.assert_allclose(read_seen(file, shape, way), expected, atol=1 / 255)
    dark = saved(tmp_path / "dark.png", 1 - ink)
    np.testing.assert_allclose(read_seen(dark, shape, way, invert=True), expected, atol=1 / 255)


def test_where_and_how_large_a_digit_stands_does_not_matter(tmp_path: Path) -> None:
    """MNIST's digits fill 20 pixels, and their centre of mass is the middle of the picture."""
    whole = np.zeros((300, 400))
    digit = np.kron(seven(28, 3), np.ones((5, 5)))
    whole[140:280, 210:350] = digit
    first = read_seen(saved(tmp_path / "large.png", whole), *MNIST)
    second = read_seen(saved(tmp_path / "other.png", digit), *MNIST)
    np.testing.assert_allclose(first, second, atol=0.15)
    assert np.abs(first - second).mean() < 0.01
    rows, columns = np.nonzero(first[0] > 0.05)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
    mass = first[0].sum()
    middle = [(first[0].sum(axis=1 - axis) @ np.arange(28)) / mass for axis in (0, 1)]
    assert middle == pytest.approx([13.5, 13.5], abs=0.5)


def test_noise_on_the_paper_is_no_ink(tmp_path: Path) -> None:
    ink = np.zeros((112, 112))
    ink[60:100, 50:58] = 1.0
    clean = read_seen(saved(tmp_path / "clean.png", ink), *MNIST)
    noise = np.random.default_rng(3).uniform(0, 0.08, ink.shape)
    noisy = read_seen(saved(tmp_path / "noisy.png", np.maximum(ink, noise)), *MNIST)
    np.testing.assert_allclose(noisy, clean, atol=0.02)


def test_what_has_been_centred_stays_where_it_is(tmp_path: Path) -> None:
    once = seen(seven(28, 2)[np.newaxis], "mnist")
    np.testing.assert_array_equal(seen(once, "mnist"), once)


def test_which_pictures_were_centred(tmp_path: Path) -> None:
    """One of MNIST, as it is, moved, halved; and what `seen` makes of a sheet."""
    zero = read_picture(bundled_folder() / "mnist_zero.png", True, None)[np.newaxis]
    zero = zero.astype(np.float32)
    assert zero.shape == (1, 1, 28, 28)
    assert are_centred(zero)
    assert not are_centred(np.roll(zero, 3, axis=2))
    assert not are_centred(np.roll(zero, -3, axis=3))
    assert not are_centred(np.pad(zero[:, :, ::2, ::2], ((0, 0), (0, 0), (7, 7), (7, 7))))
    assert not are_centred(np.zeros_like(zero))
    sheet = seven(28, 2)[np.newaxis]
    assert are_centred(seen(sheet, "mnist")[np.newaxis].astype(np.float32))
    assert not are_centred(sheet[np.newaxis].astype(np.float32))
    # One that is not among very many is an accident, and half of them are none.
    every = np.repeat(zero, 100, axis=0)
    every[7] = 0
    assert are_centred(every)
    every[::2] = 0
    assert not are_centred(every)


@pytest.mark.parametrize("times", [1, 3, 12])
def test_a_digit_fills_the_height_as_those_of_uci_do(tmp_path: Path, times: int) -> None:
    """Wherever it stands, however large: all 8 rows, the middle of the columns."""
    digit = np.kron(seven(28, 3), np.ones((times, times)))
    whole = np.zeros((400, 500))
    whole[30 : 30 + len(digit), 40 : 40 + len(digit)] = digit
    found = read_seen(saved(tmp_path / "large.png", whole), *DIGITS)[0]
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    assert rows.tolist() == list(range(8))
    assert columns[0] + columns[-1] == 7
    cropped = digit[np.ix_(digit.any(axis=1), digit.any(axis=0))]
    np.testing.assert_allclose(found, count_blocks(upright(cropped)), atol=0.1)


def test_how_wide_a_digit_gets() -> None:
    sizes = {}
    for height, width in ((40, 10), (40, 30), (40, 80), (10, 40)):
        sheet = upright(np.ones((height, width)))
        assert sheet.all(axis=1).sum() == 0
        assert (sheet.any(axis=1)).all()
        sizes[height, width] = int(sheet[0].sum())
    # In proportion, up to three fourths of the sheet.
    assert sizes == {(40, 10): 8, (40, 30): 24, (40, 80): 24, (10, 40): 24}
    assert not upright(np.zeros((5, 9))).any()


@pytest.mark.parametrize("ink_is_dark", [True, False])
@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_what_is_transparent_is_paper(tmp_path: Path, mode: str, ink_is_dark: bool) -> None:
    """As drawing programs export it: ink, and nothing below."""
    ink = (seven(32, 4) > 0.5).astype(np.float64)
    grey = np.zeros_like(ink) if ink_is_dark else np.ones_like(ink)
    both = np.rint(255 * np.stack([grey, ink], axis=-1)).astype(np.uint8)
    picture = Image.fromarray(both, "LA").convert("RGBA")
    if mode == "P":
        picture = picture.quantize(4, Image.Quantize.FASTOCTREE)
    elif mode == "LA":
        picture = picture.convert("LA")
    picture.save(tmp_path / "ink.png")
    found = read_seen(tmp_path / "ink.png", *DIGITS, invert=ink_is_dark)
    np.testing.assert_allclose(found[0], count_blocks(ink), atol=1e-12)
    assert is_dark_on_light(tmp_path / "ink.png") == ink_is_dark


@pytest.mark.parametrize("white", [255, 65535])
@pytest.mark.parametrize("held", range(10))
def test_a_photograph_is_seen_upright(tmp_path: Path, held: int, white: int) -> None:
    """Pillow's own turning is the oracle; what means nothing turns nothing."""
    depth = np.uint8 if white == 255 else np.uint16
    picture = Image.fromarray(np.rint(white * seven(40, 5)[:, :30]).astype(depth))
    exif = Image.Exif()
    exif[0x0112] = held or 6
    told = exif.tobytes()
    if not held:
        # A text in place of a number.
        told = told.replace(b"\x01\x12\x00\x03", b"\x01\x12\x00\x02")
    picture.save(tmp_path / "held.png", exif=told)
    with Image.open(tmp_path / "held.png") as photograph:
        upright = ImageOps.exif_transpose(photograph)
    upright.save(tmp_path / "upright.png", exif=Image.Exif())
    held_, straight = tmp_path / "held.png", tmp_path / "upright.png"
    assert picture_size(held_) == picture_size(straight) == upright.size[::-1]
    for way in (MNIST, DIGITS):
        np.testing.assert_array_equal(read_seen(held_, *way), read_seen(straight, *way))
