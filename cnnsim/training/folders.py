"""Pictures of one's own: a folder of class folders, idx files, or an npz file."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.npyio import NpzFile

from cnnsim.errors import UsageError, printable
from cnnsim.network.layer import Shape, times
from cnnsim.scenario.picture import read_picture
from cnnsim.training.idx import read_idx
from cnnsim.training.samples import Pictures, Samples, Split, split

#: The names of MNIST's files: pictures and labels, for training and for testing.
IDX_NAMES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".webp"}
_EXPECTED = (
    "expected are idx files (train-images-idx3-ubyte.gz and so on), one npz file, or one folder of "
    "pictures for each class"
)


def read_files(path: Path, shape: Shape, test_share: float, seed: int) -> Split:
    """The pictures at `path`, of the network's input `shape`. Raises UsageError."""
    where = printable(str(path))
    try:
        if path.is_file():
            if path.suffix == ".npz":
                return _npz(path, shape, test_share, seed)
            raise UsageError(f"{where} is no npz file", _EXPECTED)
        if not path.is_dir():
            raise UsageError(f"there are no pictures at {where}", _EXPECTED)
        if _idx_file(path, IDX_NAMES[0][0]) is not None:
            return read_idx_folder(path, shape, test_share, seed)
        if (path / "train").is_dir():
            return _class_folders(path, shape, test_share, seed)
        packed = sorted(path.glob("*.npz"))
        if len(packed) == 1:
            return _npz(packed[0], shape, test_share, seed)
        return _class_folders(path, shape, test_share, seed)
    except OSError as error:
        raise UsageError(f"{where} cannot be read: {error.strerror or error}") from None


# -- idx ------------------------------------------------------------------------------------------


def _idx_file(folder: Path, name: str) -> Path | None:
    # Some copies have a dot in place of the last dash.
    for candidate in (name, name.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            if (folder / f"{candidate}{ending}").is_file():
                return folder / f"{candidate}{ending}"
    return None


def read_idx_folder(folder: Path, shape: Shape, test_share: float, seed: int) -> Split:
    """MNIST's four files, or only those for training. Raises UsageError."""
    parts: list[Samples] = []
    for pictures, labels in IDX_NAMES:
        files = [_idx_file(folder, pictures), _idx_file(folder, labels)]
        if files == [None, None] and parts:
            break
        for name, file in zip((pictures, labels), files, strict=True):
            if file is None:
                raise UsageError(f"{printable(str(folder))} lacks {name} (or {name}.gz)")
        values, classes = read_idx(files[0], 3), read_idx(files[1], 1)  # type: ignore[arg-type]
        parts.append(_samples(printable(str(files[0])), values, classes, shape))
    return _split(parts, None, test_share, seed)


# -- npz ------------------------------------------------------------------------------------------

#: The names that arrays go by: pictures and labels, for training and for testing.
_NPZ_NAMES = (
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
    (("x", "y"), None),
    (("images", "labels"), None),
)


def _npz(path: Path, shape: Shape, test_share: float, seed: int) -> Split:
    where = printable(str(path))
    try:
        opened = np.load(path, allow_pickle=False)
        if not isinstance(opened, NpzFile):
            raise ValueError("it holds one array without a name")
        with opened as stored:
            held = set(stored.files)
            for names, test in _NPZ_NAMES:
                if held >= set(names):
                    if test and len(held & set(test)) == 1:
                        there, missing = sorted(test, key=lambda name: name not in held)
                        raise UsageError(f"{where} has {there} and lacks {missing}")
                    pairs = [names] + ([test] if test and held >= set(test) else [])
                    parts = [
                        _samples(where, _array(stored, pictures), _array(stored, labels), shape)
                        for pictures, labels in pairs
                    ]
                    return _split(parts, None, test_share, seed)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, KeyError) as error:
        # A RuntimeError: damage that looks like a password, or like another version of zip.
        raise UsageError(
            f"{where} is no npz file that can be read: {printable(str(error))}",
            "it may be cut off, or hold objects instead of numbers",
        ) from None
    raise UsageError(
        f"{where} holds {', '.join(sorted(map(printable, held))) or 'nothing'}",
        "name the arrays x_train, y_train, x_test, y_test, or x and y",
    )


def _array(stored: NpzFile, name: str) -> npt.NDArray[Any]:
    """The array `name`. Raises ValueError where its header is damaged, or it is no array."""
    try:
        # Of an array that Python 2 wrote NumPy says so.
        with warnings.catch_warnings(action="ignore"):
            found: Any = stored[name]
    except (TokenError, TypeError, MemoryError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{name} is no array")
    return found


# -- folders of pictures ---------------------------------------------------------------------------


def _class_folders(path: Path, shape: Shape, test_share: float, seed: int) -> Split:
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise UsageError(
            f"{printable(str(path))} is a folder of pictures, grey or in colour, and the "
            f"scenario's [input] is {times(shape)}",
            "give [input] one channel or three: [c, h, w]",
        )
    divided = (path / "train").is_dir()
    roots = [path / "train", path / "test"] if divided else [path]
    names: list[str] = []
    parts: list[Samples] = []
    for root in roots:
        if not root.is_dir():
            if not parts:
                raise UsageError(f"there is no folder {printable(str(root))}", _EXPECTED)
            break
        found = sorted(
            (each.name for each in root.iterdir() if each.is_dir() and each.name[0] != "."),
            # 2 before 10, and numbers before words.
            key=lambda name: (0, int(name), name) if name.isdecimal() else (1, 0, name),
        )
        if not names:
            names = found
        if len(names) < 2 or found != names:
            held = "no class folders"
            if found:
                kind = "only the class folder" if len(found) == 1 else "the class folders"
                held = f"{kind} {', '.join(map(printable, found))}"
            wanted = f" instead of {', '.join(map(printable, names))}" if len(names) > 1 else ""
            raise UsageError(f"{printable(str(root))} has {held}{wanted}", _EXPECTED)
        parts.append(_pictures_of(root, names, shape))
    return _split(parts, tuple(names), test_share, seed)


def _pictures_of(root: Path, names: list[str], shape: Shape) -> Samples:
    pictures = []
    classes = []
    channels, *size = shape
    for number, name in enumerate(names):
        # What systems leave beside pictures is hidden, and called as they are: ._1.png.
        files = sorted(
            file
            for file in (root / name).iterdir()
            if file.suffix.lower() in _PICTURES and file.name[0] != "."
        )
        if not files:
            raise UsageError(f"{printable(str(root / name))} holds no pictures", "use PNG or JPEG")
        for file in files:
            pixels = read_picture(file, channels == 1, (size[0], size[1]))
            pictures.append(pixels.astype(np.float32))
            classes.append(number)
    return Samples(np.stack(pictures), np.array(classes, np.int64))


# -- what all have in common -----------------------------------------------------------------------


def _samples(
    where: str, pictures: npt.NDArray[Any], classes: npt.NDArray[Any], shape: Shape
) -> Samples:
    if pictures.dtype.kind not in "uif":
        raise UsageError(f"{where}: its pictures should be numbers, not {pictures.dtype}")
    if classes.dtype.kind not in "ui" or classes.ndim != 1:
        found = f"{classes.dtype}, {times(classes.shape) or 'one of them'}"
        raise UsageError(
            f"{where}: its labels should be whole numbers, one for each picture, not {found}",
            "labels.ravel().astype(int) makes them so, labels.argmax(axis=1) of rows with a 1",
        )
    if not pictures.ndim or not len(pictures):
        raise UsageError(f"{where} holds no pictures")
    if len(pictures) != len(classes):
        raise UsageError(f"{where} has {len(pictures):,} pictures and {len(classes):,} labels")
    if (classes < 0).any() or classes.max() > 10_000:
        raise UsageError(f"{where}: labels should count the classes from 0")
    if pictures.ndim == 3:
        pictures = pictures[:, np.newaxis]
    elif pictures.ndim == 4 and (*pictures.shape[3:], *pictures.shape[1:3]) == shape:
        pictures = np.moveaxis(pictures, -1, 1)
    if pictures.shape[1:] != shape:
        found = times(pictures.shape[1:]) or "one number"
        raise UsageError(
            f"{where} has pictures of {found} and the scenario's [input] is {times(shape)}",
            "give [input] and the layers that size",
        )
    return Samples(_scaled(where, pictures), classes.astype(np.int64))


def _scaled(where: str, pictures: npt.NDArray[Any]) -> Pictures:
    """Whole numbers as shares of white, others as they are. Raises UsageError."""
    if pictures.dtype.kind == "f":
        with np.errstate(over="ignore"):
            found = np.ascontiguousarray(pictures, np.float32)
        if not np.isfinite(found).all():
            raise UsageError(f"{where} holds NaN, infinity, or numbers too large for float32")
        return found
    # In either order of bytes.
    white = 65535 if pictures.dtype.str[1:] == "u2" else 255
    if pictures.min() < 0 or pictures.max() > white:
        raise UsageError(
            f"{where} has pixels from {pictures.min()} to {pictures.max()}",
            "whole numbers should be 0 to 255, or 0 to 65535 as uint16; others as float",
        )
    # At once: 60,000 pictures of MNIST take 190 MB.
    shares: Pictures = np.divide(pictures, np.float32(white), dtype=np.float32)
    return shares


def _split(
    parts: list[Samples], names: tuple[str, ...] | None, test_share: float, seed: int
) -> Split:
    if names is None:
        count = 1 + max(int(part.classes.max()) for part in parts)
        names = tuple(str(number) for number in range(count))
    if len(parts) == 2:
        return Split(parts[0], parts[1], names)
    return split(parts[0], names, test_share, seed)
