"""What a scenario names: weights in safetensors, pictures."""

from __future__ import annotations

import os
import re
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from checks import attempt, check_file
from PIL import Image
from safetensors.numpy import save_file
from texts import dense, layer

from cnnsim.errors import CnnsimError, FileError, UsageError, unprintable
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper

NET = f"""\
title = "t"
weights = "w.safetensors"
[input]
ramp = [1, 4, 4]
{layer("conv2d", "conv1", filters=2, size=3)}
{layer("batch_norm2d", "bn")}
{dense(3, bias="none")}
"""
SHAPES = {
    "conv1.weight": (2, 1, 3, 3),
    "conv1.bias": (2,),
    "bn.weight": (2,),
    "bn.bias": (2,),
    "bn.running_mean": (2,),
    "bn.running_var": (2,),
    "fc.weight": (3, 8),
}


def tensors(dtype: str = "float32") -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.random(shape).astype(dtype) for name, shape in SHAPES.items()}


def net_file(folder: Path, stored: dict[str, np.ndarray] | bytes) -> str:
    (folder / "net.toml").write_text(NET)
    if isinstance(stored, bytes):
        (folder / "w.safetensors").write_bytes(stored)
    else:
        save_file(stored, folder / "w.safetensors")
    return str(folder / "net.toml")


def complaint(file: str) -> str:
    """What is said about a file whose neighbour is bad: by validation, and when it is opened."""
    (said,) = check_file(file)
    with pytest.raises(CnnsimError) as caught:
        Stepper(read_scenario(file))
    assert str(caught.value) == said
    assert unprintable(said) is None
    return said


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_weights_by_the_names_of_torch(tmp_path: Path, dtype: str) -> None:
    stored = tensors(dtype)
    file = net_file(tmp_path, {**stored, "more.weight": np.zeros(3, np.float32)})
    assert check_file(file) == []
    stepper = Stepper(read_scenario(file))
    for name, own in {
        "conv1.weight": "conv1.w", "conv1.bias": "conv1.b", "bn.weight": "bn.w", "bn.bias": "bn.b",
        "bn.running_mean": "bn.mean", "bn.running_var": "bn.variance", "fc.weight": "fc.w",
    }.items():  # fmt: skip
        assert (stepper.values[own] == stored[name]).all()
        assert stepper.values[own].dtype in (np.float32, np.float64)
    x = np.arange(1.0, 17).reshape(4, 4)
    first = (x[:3, :3] * stored["conv1.weight"][0, 0].astype(float)).sum()
    first += float(stored["conv1.bias"][0])
    assert stepper.values["conv1.y"][0, 0, 0, 0] == pytest.approx(first)


@pytest.mark.parametrize("missing", SHAPES)
def test_a_tensor_is_missing(tmp_path: Path, missing: str) -> None:
    stored = tensors()
    del stored[missing]
    assert f"no tensor '{missing}'" in complaint(net_file(tmp_path, stored))


def test_a_tensor_has_another_shape(tmp_path: Path) -> None:
    stored = {**tensors(), "fc.weight": np.zeros((8, 3), np.float32)}
    said = complaint(net_file(tmp_path, stored))
    for part in ("fc.weight", "[8, 3]", "[3, 8]"):
        assert part in said


@pytest.mark.parametrize("data", [b"", b"x" * 7, b"\xff" * 100, b'\x08\0\0\0\0\0\0\0{"a": 3', None])
def test_weights_that_are_none(tmp_path: Path, data: bytes | None) -> None:
    if data is None:
        save_file(tensors(), tmp_path / "good")
        data = (tmp_path / "good").read_bytes()[:-20]
    file = net_file(tmp_path, data)
    assert complaint(file).startswith(f"{file}:2: weights: {tmp_path / 'w.safetensors'} is ")


@pytest.mark.parametrize("key", ["weights", "image"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("", "should name a file"),
        (".", "is a folder"),
        ("folder", "is a folder"),
        ("folder/none", "is not there"),
        ("net.toml/none", "is not there"),
        ("loop", "is a link that leads back to itself"),
        ("pipe", "is a pipe or a device, not a file"),
        ("n" * 5000, "is too long a name"),
        ("~nobody-is-called-this/x", "~nobody-is-called-this is no home folder here"),
    ],
)
def test_what_is_no_file(tmp_path: Path, key: str, name: str, what: str) -> None:
    """One line with the place and the reason; and nothing waits for what a pipe may bring."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    text = NET.replace("w.safetensors", name)
    if key == "image":
        text = "\n".join(NET.replace("ramp = [1, 4, 4]", f'image = "{name}"').split("\n")[2:])
    (tmp_path / "net.toml").write_text(text if key == "weights" else f'title = "t"\n{text}')
    said = complaint(str(tmp_path / "net.toml"))
    place = {"weights": "2: weights", "image": "3: input.image"}[key]
    assert said.startswith(f"{tmp_path / 'net.toml'}:{place}: ")
    assert what in said
    assert "\n" not in said


def test_a_name_may_begin_at_a_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the scenario is; with ./ before it the sign is a letter of the name."""
    monkeypatch.setenv("HOME", "/home/somebody")
    file = tmp_path / "net.toml"
    assert beside(file, "~/w.safetensors") == Path("/home/somebody/w.safetensors")
    assert beside(file, "./~w.safetensors") == tmp_path / "~w.safetensors"
    assert beside(file, "w~") == tmp_path / "w~"
    with pytest.raises(UsageError, match=re.escape("~w.safetensors is no home folder here")):
        beside(file, "~w.safetensors")


def test_files_named_in_a_setting_are_looked_up_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = net_file(tmp_path / "elsewhere", tensors())
    other = {name: tensor + 1 for name, tensor in tensors().items()}
    save_file(other, tmp_path / "w.safetensors")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "p.png")
    monkeypatch.chdir(tmp_path)
    for picture in ("input.image=p.png", 'input={image="p.png", grey=true}'):
        settings = ["weights=w.safetensors", "input={grey=true, image='x'}", picture]
        leaves = read_scenario(file, settings).leaves()
        assert (leaves["fc.w"] == other["fc.weight"]).all()
        assert not leaves["input"].any()
    for setting in ("weights", "input.image"):
        with pytest.raises(FileError) as caught:
            read_scenario(file, ["input={image='p.png',grey=true}", f"{setting}=none"]).leaves()
        # Not what stands in the file is wrong.
        said = f"--set {setting}=none: {tmp_path / 'none'} is not there"
        assert str(caught.value).startswith(said)


def test_no_weights_file(tmp_path: Path) -> None:
    file = net_file(tmp_path, tensors())
    (tmp_path / "w.safetensors").unlink()
    assert "w.safetensors" in complaint(file)
    (tmp_path / "w.safetensors").mkdir()
    assert "w.safetensors" in complaint(file)


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "bool", "complex64"])
def test_weights_that_are_no_floats(tmp_path: Path, dtype: str) -> None:
    """Whole numbers are numbers; what is no real number is refused."""
    stored = {**tensors(), "conv1.weight": np.ones((2, 1, 3, 3), dtype)}
    file = net_file(tmp_path, stored)
    if dtype == "complex64":
        assert "conv1.weight" in complaint(file)
    else:
        assert check_file(file) == []
        stepper = Stepper(read_scenario(file))
        assert stepper.values["conv1.w"].dtype in (np.float32, np.float64)
        assert stepper.read(0).right == 1


def test_brain_floats(tmp_path: Path) -> None:
    """A dtype that NumPy does not have: its bits are the upper half of a float32."""
    import json
    import struct

    header = {}
    data = b""
    for name, array in tensors().items():
        raw = (array.view(np.uint32) >> 16).astype(np.uint16).tobytes()
        header[name] = {
            "dtype": "BF16", "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }  # fmt: skip
        data += raw
    encoded = json.dumps(header).encode()
    file = net_file(tmp_path, struct.pack("<Q", len(encoded)) + encoded + data)
    said = complaint(file)
    assert "BF16" in said
    assert "float32" in said


def picture_file(folder: Path, keys: str = "") -> str:
    (folder / "net.toml").write_text(
        f'title = "t"\n[input]\nimage = "p.png"\n{keys}\n[[layers]]\ntype = "relu"\nname = "r"\n'
    )
    return str(folder / "net.toml")


def pixels(file: str) -> np.ndarray:
    assert check_file(file) == []
    return read_scenario(file).leaves()["input"]


COLOURS = np.random.default_rng(3).integers(0, 256, (3, 4, 3), np.uint8)


def test_colours(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "p.png")
    x = pixels(picture_file(tmp_path))
    assert x.shape == (1, 3, 3, 4)
    np.testing.assert_allclose(x[0], np.moveaxis(COLOURS, -1, 0) / 255)


def test_grey(tmp_path: Path) -> None:
    """ITU-R 601: 0.299 red + 0.587 green + 0.114 blue."""
    Image.fromarray(COLOURS).save(tmp_path / "p.png")
    x = pixels(picture_file(tmp_path, "grey = true"))
    assert x.shape == (1, 1, 3, 4)
    np.testing.assert_allclose(x[0, 0] * 255, COLOURS @ [0.299, 0.587, 0.114], atol=1)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA", "I;16", "CMYK"])
def test_other_kinds_of_pixels(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(COLOURS[:, :, 0] // 200 * 255).convert("RGB")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    name = "p.tiff" if mode in ("CMYK", "I;16") else "p.png"
    picture.save(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "p.png")
    x = pixels(picture_file(tmp_path))
    assert x.shape == (1, 3, 3, 4)
    np.testing.assert_allclose(x[0], [COLOURS[:, :, 0] // 200] * 3, atol=1 / 255)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_pixels_of_32_bits_have_no_white(tmp_path: Path, dtype: type[np.generic]) -> None:
    Image.fromarray(np.full((3, 4), 70_000, dtype)).save(tmp_path / "p.png", format="TIFF")
    with pytest.raises(FileError, match=r"p\.png has 32 bits a pixel"):
        read_scenario(picture_file(tmp_path)).leaves()


def test_16_bits_of_a_pgm_file(tmp_path: Path) -> None:
    """Its white is 65,535."""
    (tmp_path / "p.png").write_bytes(b"P5 2 1 65535\n" + bytes([255, 255, 64, 0]))
    found = pixels(picture_file(tmp_path, "grey = true"))
    np.testing.assert_allclose(found, [[[[1.0, 0x4000 / 0xFFFF]]]], atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_what_pillow_warns_of_is_not_said(tmp_path: Path) -> None:
    """What a camera noted is cut off: the pixels are all there."""
    cut = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01"
    Image.fromarray(COLOURS).save(tmp_path / "p.png", format="JPEG", exif=cut)
    with pytest.warns(UserWarning, match="Corrupt EXIF"), Image.open(tmp_path / "p.png") as plain:
        plain.getexif()
    assert pixels(picture_file(tmp_path)).shape == (1, 3, *COLOURS.shape[:2])


def test_resized(tmp_path: Path) -> None:
    left_right = np.zeros((8, 8, 3), np.uint8)
    left_right[:, 4:] = 255
    Image.fromarray(left_right).save(tmp_path / "p.png")
    x = pixels(picture_file(tmp_path, "size = [2, 4]"))
    assert x.shape == (1, 3, 2, 4)
    assert x[0, 0].tolist()[0][0] < 0.1
    assert x[0, 0].tolist()[0][3] > 0.9
    assert (x[0, 0, 0] == x[0, 2, 1]).all()


def test_a_jpeg_under_the_name_of_a_png(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "p.png", format="JPEG")
    assert pixels(picture_file(tmp_path)).shape == (1, 3, 3, 4)


def test_no_picture(tmp_path: Path) -> None:
    assert "p.png is not there" in complaint(picture_file(tmp_path))
    (tmp_path / "p.png").mkdir()
    assert "p.png" in complaint(picture_file(tmp_path))


#: The head of a DDS picture that is 1 by 1, with pixels of no known form.
_DDS = b"DDS " + struct.pack("<7I44s8I5I", 124, 0x1007, 1, 1, 0, 0, 0, b"", 32, *[0] * 12)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, _DDS]
)
@pytest.mark.parametrize("keys", ["", "size = [4, 4]"])
def test_what_is_no_picture(tmp_path: Path, data: bytes, keys: str) -> None:
    (tmp_path / "p.png").write_bytes(data)
    assert "p.png" in complaint(picture_file(tmp_path, keys))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_truncated_pictures(tmp_path: Path, kind: str, share: float) -> None:
    """Cut off anywhere: one clear error, or the pixels where the format forgives it."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.png", format=kind)
    data = (tmp_path / "p.png").read_bytes()
    (tmp_path / "p.png").write_bytes(data[: int(len(data) * share)])
    file = picture_file(tmp_path)
    said = check_file(file)
    if said:
        assert "p.png" in complaint(file)
    else:
        assert pixels(file).shape == (1, 3, 40, 40)


def test_damaged_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    Image.fromarray(COLOURS.repeat(8, 0).repeat(8, 1)).save(tmp_path / "p.png")
    good = (tmp_path / "p.png").read_bytes()
    file = picture_file(tmp_path)
    for _ in range(150):
        damaged = bytearray(good)
        for place in rng.integers(8, len(good), 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "p.png").write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            attempt(lambda: read_scenario(file).leaves())


@pytest.mark.parametrize("side", [7500, 20000])
def test_a_picture_that_is_too_large(tmp_path: Path, side: int) -> None:
    """A small file of 56 million pixels, and one of 400 million that Pillow itself refuses."""
    Image.new("1", (side, side)).save(tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size < 100_000
    for keys in ("", "size = [8, 8]"):
        assert "pixels" in complaint(picture_file(tmp_path, keys))


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "p.png")
    file = picture_file(tmp_path)
    monkeypatch.chdir("/")
    assert pixels(file).shape == (1, 3, 3, 4)


def test_pictures_named_on_standard_input_are_looked_up_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnsim.scenario.reader import parse_scenario

    Image.fromarray(COLOURS).save(tmp_path / "p.png")
    text = Path(picture_file(tmp_path)).read_text()
    monkeypatch.chdir(tmp_path)
    assert parse_scenario("stdin", text).network.input_shape == (3, 3, 4)
    monkeypatch.chdir("/")
    with pytest.raises(UsageError):
        parse_scenario("stdin", text)
