"""values: finished tensors as text, JSON and NumPy files."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from running import TOY, Run, write

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper


def test_for_people(run: Run, toy: Path) -> None:
    assert run("values", toy).out == (
        "input   1x1x3x3\n[0,0]\n  1  6  2\n  5  3  1\n  7  0  4\n\n"
        "conv1.w   1x1x2x2\n[0,0]\n   1   2\n  -1   0\n\n"
        "conv1.y   1x1x2x2\n[0,0]\n  8  7\n  4  5\n\n"
    )
    assert run("values", toy, "conv1.y").out.startswith("conv1.y   1x1x2x2")


def test_json_has_every_number(run: Run, kinds: Path) -> None:
    stepper = Stepper(read_scenario(str(kinds)))
    found = run("values", kinds, "--json").objects
    assert [each["name"] for each in found] == list(stepper.values)
    for each in found:
        array = stepper.values[each["name"]]
        assert each["kind"] == "tensor"
        assert each["shape"] == list(array.shape)
        wanted = array.tolist()
        if np.isfinite(array).all():
            assert each["values"] == wanted


def test_of_a_later_iteration(run: Run) -> None:
    """As the lesson has it: with a rate of 0.1, 4 − 4 becomes 7.28 and 2.57 in one update."""
    result = run("values", "train_by_hand", "1:fc.y", "fc.y", "--json")
    assert [(each["name"], each["shape"]) for each in result.objects] == [
        ("1:fc.y", [1, 2]), ("fc.y", [1, 2]),
    ]  # fmt: skip
    np.testing.assert_allclose(result.objects[0]["values"], [[7.28, 2.57]], rtol=1e-3)
    assert result.objects[1]["values"] == [[4, 4]]
    late = run("values", "train_by_hand", "2:fc.y")
    assert (late.code, late.out) == (2, "")
    assert "there is no iteration 2" in late.err
    assert "from 0 to 1" in late.err
    assert "no tensor 'fc.z', did you mean 'fc.y'?" in run("values", "train_by_hand", "1:fc.z").err


def test_what_is_not_finite(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "wild.toml", TOY.replace("[1, 6, 2]", "[inf, nan, -inf]"))
    result = run("values", file, "input", "--json")
    row = ["Infinity", "NaN", "-Infinity"]
    assert result.objects[0]["values"] == [[[row, [5, 3, 1], [7, 0, 4]]]]
    assert "  Infinity        NaN  -Infinity\n" in run("values", file, "input").out


def test_large_tensors_are_summed_up_unless_named(run: Run, tmp_path: Path) -> None:
    text = TOY.split("[input]")[0] + (
        '[input]\nramp = [2, 20, 30]\n[[layers]]\ntype = "relu"\nname = "relu1"\n'
    )
    file = write(tmp_path / "large.toml", text)
    result = run("values", file)
    first = "   ".join(["input", "1x2x20x30", "min 1", "max 1200", "mean 600.5"])
    assert result.out.splitlines()[0] == first
    assert "   1   2   3   4   5   6   7   8 …\n" in result.out
    assert len(result.out.splitlines()) < 16
    whole = run("values", file, "input").out
    assert "1200" in whole
    assert len(whole.splitlines()) == 45


def test_unknown_names(run: Run, toy: Path) -> None:
    result = run("values", toy, "conv1.z")
    assert result.code == 2
    assert "no tensor 'conv1.z', did you mean 'conv1.y'?" in result.err
    assert "tensors: input, conv1.w, conv1.y" in result.err


def test_npz(run: Run, toy: Path, tmp_path: Path) -> None:
    target = write(tmp_path / "out.npz", "old")
    told = run("values", toy, "--npz", target)
    assert told == (0, f"{target}\n", f"{target.stat().st_size:,} bytes\n")
    with np.load(target) as found:
        assert sorted(found) == ["conv1.w", "conv1.y", "input"]
        assert found["conv1.y"].tolist() == [[[[8, 7], [4, 5]]]]
    assert sorted(os.listdir(tmp_path)) == ["out.npz", "toy.toml"]
    run("values", toy, "conv1.y", "--npz", target)
    with np.load(target) as found:
        assert list(found) == ["conv1.y"]


def test_npz_through_a_link(run: Run, toy: Path, tmp_path: Path) -> None:
    (tmp_path / "link.npz").symlink_to(tmp_path / "real.npz")
    assert run("values", toy, "--npz", tmp_path / "link.npz").code == 0
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "real.npz").is_file()


def test_npz_into_a_device_leaves_the_device(run: Run, toy: Path) -> None:
    # Of its own: nobody misses it where this goes wrong.
    tty = pytest.importorskip("tty")
    here, there = os.openpty()
    try:
        tty.setraw(there)
        name = os.ttyname(there)
        result = run("values", toy, "--npz", name)
        assert (result.code, result.out) == (0, "")
        assert result.err.endswith(" bytes\n")
        assert Path(name).is_char_device()
        with np.load(io.BytesIO(os.read(here, 1 << 16))) as found:
            assert found["conv1.y"].tolist() == [[[[8, 7], [4, 5]]]]
    finally:
        os.close(there)
        os.close(here)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="a system without /dev/stdout")
def test_npz_into_a_pipe_that_has_no_path(toy: Path) -> None:
    command = [sys.executable, "-m", "cnnsim", "values", str(toy), "--npz", "/dev/stdout"]
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    with np.load(io.BytesIO(piped)) as found:
        assert found["conv1.y"].tolist() == [[[[8, 7], [4, 5]]]]


def test_npz_that_cannot_be_written(
    run: Run, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for target, said in (
        (tmp_path / "none" / "out.npz", "there is no folder"),
        (tmp_path, "is a folder"),
        (toy / "out.npz", "cannot be written"),
        (f"{tmp_path}/{'x' * 300}.npz", "cannot be written"),
        ("", "needs the name of a file"),
    ):
        result = run("values", toy, "--npz", target)
        assert result.code == 2
        assert said in result.err
    assert run("values", toy, "--json", "--npz", "x.npz").code == 2
    target = write(tmp_path / "out.npz", "old")

    def full(*words: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    result = run("values", toy, "--npz", target)
    assert result.code == 1
    assert "No space left on device" in result.err
    assert target.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["out.npz", "toy.toml"]
