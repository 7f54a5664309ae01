"""Pictures of one's own: idx and npz files, a folder for each class, and how they can be wrong."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nets import ARTICLE
from PIL import Image

from cnnsim.errors import UsageError
from cnnsim.scenario.reader import parse_scenario
from cnnsim.training.folders import read_files
from cnnsim.training.idx import read_idx
from cnnsim.training.load import load

SHAPE = (1, 5, 4)


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def some(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(seed)
    classes = stream.permutation(count) % 3
    return stream.integers(0, 256, (count, *SHAPE[1:])).astype(np.uint8), classes


def idx_folder(folder: Path, pack: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for prefix, count in (("train", 12), ("t10k", 6)):
        for kind, array in zip(("images-idx3", "labels-idx1"), some(count), strict=True):
            name = f"{prefix}-{kind}-ubyte"
            data = idx(array)
            path = folder / (f"{name}.gz" if pack else name)
            path.write_bytes(gzip.compress(data) if pack else data)
    return folder


@pytest.mark.parametrize("pack", [True, False])
def test_a_folder_of_idx_files(tmp_path: Path, pack: bool) -> None:
    found = read_files(idx_folder(tmp_path / "idx", pack), SHAPE, 0.2, 42)
    pictures, classes = some(12)
    assert found.train.classes.tolist() == classes.tolist()
    expected = pictures[:, np.newaxis].astype(np.float32) / np.float32(255)
    assert (found.train.pictures == expected).all()
    assert len(found.test) == 6
    assert found.names == ("0", "1", "2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-3], "its header promises"),
        (lambda data: data + b"x", "its header promises"),
        (lambda data: data[:10], "ends within its header"),
        (lambda data: b"PK" + data[2:], "is no idx file"),
        (lambda data: data[:2] + b"\x0d" + data[3:], "numbers of type 0x0d"),
        (lambda data: idx(np.zeros(4)), "has 1 axes and pictures should have 3"),
        (lambda data: gzip.compress(data)[:-9], "ends too early|no gzip file"),
        (lambda data: b"\x1f\x8b" + b"nonsense" * 9, "no gzip file"),
        (lambda data: b"", "is no idx file"),
        (lambda data: struct.pack(">HBBIII", 0, 8, 3, 2**31, 2**31, 2**31), "says that it holds"),
    ],
)
def test_damaged_idx_files(tmp_path: Path, change, message: str) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(change(idx(some(4)[0])))
    with pytest.raises(UsageError, match=message):
        read_idx(path, 3)


def test_idx_files_that_are_missing_or_do_not_match(tmp_path: Path) -> None:
    folder = idx_folder(tmp_path / "idx")
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(5))))
    with pytest.raises(UsageError, match="has 12 pictures and 5 labels"):
        read_files(folder, SHAPE, 0.2, 42)
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UsageError, match="lacks train-labels-idx1-ubyte"):
        read_files(folder, SHAPE, 0.2, 42)
    with pytest.raises(UsageError, match=r"there are no pictures at .*nowhere"):
        read_files(tmp_path / "nowhere", SHAPE, 0.2, 42)
    with pytest.raises(UsageError, match=r"pictures of 1x5x4 and the scenario's .* 1x28x28"):
        read_files(idx_folder(tmp_path / "small"), (1, 28, 28), 0.2, 42)


def test_npz_files(tmp_path: Path) -> None:
    pictures, classes = some(20)
    np.savez(tmp_path / "one.npz", x=pictures, y=classes)
    found = read_files(tmp_path / "one.npz", SHAPE, 0.25, 42)
    assert (len(found.train), len(found.test)) == (15, 5)
    np.savez(tmp_path / "two.npz", x_train=pictures, y_train=classes, x_test=pictures[:4],
             y_test=classes[:4])  # fmt: skip
    assert len(read_files(tmp_path / "two.npz", SHAPE, 0.25, 42).test) == 4
    coloured = np.zeros((6, 5, 4, 3), np.float32)
    np.savez(tmp_path / "three.npz", images=coloured, labels=np.arange(6) % 2)
    assert read_files(tmp_path / "three.npz", (3, 5, 4), 0.5, 42).train.pictures.shape[1] == 3
    np.savez(tmp_path / "names.npz", a=pictures)
    with pytest.raises(UsageError, match="holds a"):
        read_files(tmp_path / "names.npz", SHAPE, 0.25, 42)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:300])
    with pytest.raises(UsageError, match="no npz file that can be read"):
        read_files(tmp_path / "cut.npz", SHAPE, 0.25, 42)


@pytest.mark.parametrize(
    ("labels", "units", "message"),
    [
        (3, 2, "there are 3 classes and the last layer has 2 outputs"),
        (3, 4, "there are 3 classes and the last layer has 4 outputs; .* units = 3"),
        (3, 1, "there are 3 classes and the last layer has one output"),
        (1, 1, "all of one class"),
        (1, 2, "all of one class"),
        (2, 1, ""),
        (3, 3, ""),
    ],
)
def test_each_class_of_the_files_needs_an_output(
    tmp_path: Path, labels: int, units: int, message: str
) -> None:
    np.savez(tmp_path / "own.npz", x=np.zeros((12, 8, 8)), y=np.arange(12) % labels)
    settings = [f"data.source={tmp_path / 'own.npz'}", f"layers.fc.units={units}", "loss.target=0"]
    if units == 1:
        settings.append("loss.type=binary_cross_entropy")
    scenario = parse_scenario("t", ARTICLE, settings=settings)
    if not message:
        assert len(load(scenario).names) == labels
        return
    with pytest.raises(UsageError, match=message):
        load(scenario)


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for each in range(5):
            Image.new("RGB", (8, 10), (number * 255,) * 3).save(
                tmp_path / "pets" / name / f"{each}.png"
            )
    # As some systems leave beside what they copy.
    for name in ("._1.png", ".DS_Store"):
        (tmp_path / "pets" / "cat" / name).write_bytes(b"\0\5\x16\7")
    found = read_files(tmp_path / "pets", SHAPE, 0.2, 1)
    assert found.names == ("cat", "dog")
    assert len(found.test) == 2
    assert (found.train.pictures.mean(axis=(1, 2, 3)) == found.train.classes).all()
    (tmp_path / "pets" / "dog" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"bad.png is no picture"):
        read_files(tmp_path / "pets", SHAPE, 0.2, 1)
    with pytest.raises(UsageError, match=r"cat has no class folders\n"):
        read_files(tmp_path / "pets" / "cat", SHAPE, 0.2, 1)
    with pytest.raises(UsageError, match=r"has only the class folder pets\n"):
        read_files(tmp_path, SHAPE, 0.2, 1)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([], "no class folders instead of cat, dog"),
        (["cat"], "only the class folder cat instead of cat, dog"),
        (["cat", "cow"], "the class folders cat, cow instead of cat, dog"),
    ],
)
def test_test_pictures_of_other_classes(tmp_path: Path, held: list[str], words: str) -> None:
    for each in ("train/cat", "train/dog", "test", *(f"test/{name}" for name in held)):
        (tmp_path / each).mkdir(parents=True, exist_ok=True)
        if "/" in each:
            Image.new("L", (4, 5)).save(tmp_path / each / "1.png")
    with pytest.raises(UsageError, match=rf"test has {words}\n"):
        read_files(tmp_path, SHAPE, 0.5, 1)


def test_classes_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10", "b", "02", "1", "3", "a"):
        (tmp_path / name).mkdir()
        for each in range(2):
            Image.new("L", (4, 5)).save(tmp_path / name / f"{each}.png")
    assert read_files(tmp_path, SHAPE, 0.5, 1).names == ("1", "02", "3", "10", "a", "b")


@pytest.mark.parametrize(
    ("dtype", "white"),
    [
        (np.uint8, 255), ("<u2", 65535), (">u2", 65535), (np.int64, 255), (">i4", 255),
        (np.float32, 1), (">f4", 1),
    ],
)  # fmt: skip
def test_white_is_1_whatever_the_type(tmp_path: Path, dtype: Any, white: int) -> None:
    from cnnsim.training.folders import read_files

    x = np.zeros((10, 2, 2), dtype)
    x[:, 0, 0] = white
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(10) % 2)
    found = read_files(tmp_path / "d.npz", (1, 2, 2), 0.2, 0)
    assert found.train.pictures.dtype == np.float32
    assert {*found.train.pictures.ravel().tolist()} == {0.0, 1.0}


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((4, 2, 2), 300), "pixels from 300 to 300"),
        (np.full((4, 2, 2), -1), "pixels from -1 to -1"),
        (np.full((4, 2, 2), 1e300), "too large for float32"),
        (np.zeros((4, 1, 6, 5)), "pictures of 1x6x5"),
        (np.zeros(4), "pictures of one number and"),
        (np.array(7), "holds no pictures"),
        (np.zeros((0, 2, 2)), "holds no pictures"),
        (np.zeros((3, 2, 2)), "has 3 pictures and 4 labels"),
    ],
)
def test_pictures_that_do_not_fit_are_told(tmp_path: Path, x: Any, message: str) -> None:
    from cnnsim.training.folders import read_files

    np.savez(tmp_path / "d.npz", x=x, y=np.arange(4) % 2)
    with pytest.raises(UsageError, match=message):
        read_files(tmp_path / "d.npz", (1, 2, 2), 0.2, 0)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            np.zeros((4, 2, 2), np.bool_),
            np.arange(4) % 2,
            "its pictures should be numbers, not bool",
        ),
        (np.zeros((4, 2, 2)), np.zeros(4), "its labels should be whole numbers, .* not float64, 4"),
        (np.zeros((4, 2, 2)), np.eye(4, 2, dtype=np.int64), "one for each picture, not int64, 4x2"),
    ],
)
def test_arrays_of_other_types_are_told(tmp_path: Path, x: Any, y: Any, message: str) -> None:
    np.savez(tmp_path / "d.npz", x=x, y=y)
    with pytest.raises(UsageError, match=message):
        read_files(tmp_path / "d.npz", (1, 2, 2), 0.2, 0)


@pytest.mark.parametrize("there", ["x_test", "y_test"])
def test_half_of_the_test_pictures_is_told(tmp_path: Path, there: str) -> None:
    """Nobody wants to be tested with training pictures instead."""
    from cnnsim.training.folders import read_files

    arrays = {"x": np.zeros((4, 2, 2)), "y": np.arange(4) % 2}
    parts = ("train", "test")
    whole = {f"{name}_{part}": arrays[name] for name in arrays for part in parts}
    missing = ({"x_test", "y_test"} - {there}).pop()
    del whole[missing]
    np.savez(tmp_path / "d.npz", **whole)
    with pytest.raises(UsageError, match=rf"d.npz has {there} and lacks {missing}"):
        read_files(tmp_path / "d.npz", (1, 2, 2), 0.2, 0)


def test_one_array_is_no_npz_file(tmp_path: Path) -> None:
    from cnnsim.training.folders import read_files

    np.save(tmp_path / "a.npy", np.zeros((4, 2, 2)))
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(UsageError, match="is no npz file that can be read"):
        read_files(tmp_path / "a.npz", (1, 2, 2), 0.2, 0)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_npz_file_is_told(tmp_path: Path, save: Callable[..., None]) -> None:
    """Whatever byte is another one, and wherever it is cut off."""
    from cnnsim.training.folders import read_files

    path = tmp_path / "d.npz"
    pictures = np.random.default_rng(0).integers(0, 256, (20, 2, 2)).astype(np.uint8)
    save(path, x=pictures, y=np.arange(20) % 2)
    data = path.read_bytes()
    damaged = [data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :] for at in range(len(data))]
    damaged += [data[:at] for at in range(0, len(data), 7)]
    told = 0
    for each in damaged:
        path.write_bytes(each)
        try:
            read_files(path, (1, 2, 2), 0.2, 0)
        except UsageError:
            told += 1
    assert told > len(damaged) / 2, "of times and the like nobody takes notice"


def header(words: str) -> bytes:
    """The beginning of an npy file that describes its array in `words`."""
    text = words.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("ascii")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (b"junk", "x is no array"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2, }"), "EOF"),
        (header("{'descr': '<f4', b'fortran_order': False, 'shape': (4, 2, 2)}"), "bytes"),
        (
            header("{'descr': '<f4', 'fortran_order': False, 'shape': (1%s, 2)}" % (15 * "0")),
            "allocate",
        ),
    ],
)
def test_what_stands_in_the_place_of_an_array_is_told(
    tmp_path: Path, x: bytes, message: str
) -> None:
    np.savez(tmp_path / "d.npz", y=np.arange(4) % 2)
    with zipfile.ZipFile(tmp_path / "d.npz", "a") as packed:
        packed.writestr("x.npy", x)
    with pytest.raises(UsageError, match=f"d.npz is no npz file that can be read: .*{message}"):
        read_files(tmp_path / "d.npz", (1, 2, 2), 0.2, 0)


@pytest.mark.parametrize("shape", [(16,), (2, 4, 4)])
def test_a_folder_of_pictures_needs_one_channel_or_three(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name / "1.png")
    with pytest.raises(UsageError, match=r"\[input\] is (16|2x4x4)\ngive .* one channel or three"):
        read_files(tmp_path, shape, 0.2, 0)
