"""validate, new, schema, list, paths, completion."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from running import TOY, Run, complaints, shell, spawn, write

from cnnsim.scenario.bundled import bundled_names, find

BAD = TOY.replace("kernel", "kernle").replace("[input]", "[input]\ndigit = 3")


def test_validate(run: Run, toy: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.toml", BAD)
    result = run("validate", toy, bad)
    assert result.code == 2
    assert result.err == f"{toy}: ok, 16 steps, 2 stops\n"
    first, second, *_ = result.out.splitlines()
    line = BAD.split("\n").index("[input]") + 1
    assert first.startswith(f"{bad}:{line}: input: needs exactly one of ")
    key = next(n for n, text in enumerate(BAD.split("\n"), 1) if "kernle" in text)
    assert second == f"{bad}:{key}: layers[0].kernle: unknown key, did you mean 'kernel'?"
    assert run("validate", toy).code == 0


@pytest.mark.parametrize("image", ["none.png", ".", "toy.toml"])
def test_validate_says_each_problem_on_one_line(run: Run, tmp_path: Path, image: str) -> None:
    """Also one with a hint."""
    text = TOY.replace("values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]", f'image = "{image}"')
    file = write(tmp_path / "toy.toml", text)
    (line,) = run("validate", file).out.splitlines()
    assert ": input.image: " in line
    (problem,) = run("validate", file, "--json").objects
    assert "\n" not in problem["what"]


def test_validate_json(run: Run, toy: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.toml", BAD)
    problems = run("validate", bad, toy, "nothing", "--json").objects
    assert problems[1]["what"] == "unknown key, did you mean 'kernel'?"
    assert problems[1]["field"] == "layers[0].kernle"
    assert all(sorted(each) == ["field", "file", "kind", "line", "what"] for each in problems)
    assert problems[-1]["file"] == "nothing"
    assert problems[-1]["line"] is None


def test_validate_looks_at_what_the_file_refers_to(run: Run, tmp_path: Path) -> None:
    text = TOY.replace('title = "Toy"', 'title = "Toy"\nweights = "none.safetensors"')
    result = run("validate", write(tmp_path / "toy.toml", text))
    assert result.code == 2
    line = text.split("\n").index('weights = "none.safetensors"') + 1
    assert result.out.startswith(f"{tmp_path / 'toy.toml'}:{line}: weights: ")
    assert "none.safetensors is not there" in result.out
    assert result.out.count("\n") == 1


def test_validate_looks_at_the_pictures_to_train_with(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "digits.toml"
    text = find("digits_article").read_text()
    write(file, text.replace('source = "digits"', 'source = "pictures.npz"'))
    missing = run("validate", file)
    assert (missing.code, missing.out.count("\n")) == (2, 1)
    line = text.split("\n").index('source = "digits"') + 1
    place = f"{file}:{line}: data.source: there are no pictures at {tmp_path / 'pictures.npz'}"
    assert missing.out.startswith(place)
    classes = np.arange(20) % 10
    np.savez(tmp_path / "pictures.npz", x=np.zeros((20, 5, 5), np.uint8), y=classes)
    assert "5" in run("validate", file).out
    np.savez(tmp_path / "pictures.npz", x=np.zeros((20, 8, 8), np.uint8), y=classes)
    assert run("validate", file).code == 0


def test_validate_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    result = run("validate", "-")
    assert result.code == 2
    assert result.out.startswith("stdin:")
    done = shell('printf "%s" "$1" | cnnsim replay -', [TOY])
    assert (done.returncode, complaints(done.stderr)) == (0, [])
    assert done.stdout.startswith("stdin   Toy")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"title = '\xff'\n", ":1: byte 9 is not UTF-8"),
        ("title = 'x'".encode("utf-16"), "is not UTF-8"),
        (b"\x00\x01", "not valid TOML"),
        (b"", "title: is missing"),
        (b"title = '\x1b[31m'", "not valid TOML"),
        (b'title = "\\u001b[31m"', "invisible character U+001B"),
    ],
)
def test_validate_files_that_are_none(run: Run, tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "odd.toml"
    file.write_bytes(data)
    result = run("validate", file)
    assert result.code == 2
    assert result.out.startswith(str(file))
    assert said in result.out
    assert "\x1b" not in result.out


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "webp", "bmp"])
def test_a_picture_is_no_scenario(run: Run, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"my seven.{ending}"
    Image.effect_noise((28, 28), 50).save(file)
    for words in ([file], ["replay", file], ["train", file]):
        result = run(*words)
        assert result.code == 2
        assert f"{file} is a picture and no scenario" in result.err
        assert f"hint: cnnsim predict RUN '{file}'" in result.err
    assert run("validate", file).out.startswith(f"{file} is a picture")


def test_new(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("new", "mine")
    assert (result.code, result.out) == (0, "mine.toml\n")
    assert "cnnsim validate mine.toml" in result.err
    assert run("validate", "mine.toml").code == 0
    assert run("replay", "mine.toml").code == 0
    before = Path("mine.toml").read_text()
    for name in ("mine", "mine.toml"):
        again = run("new", name)
        assert again.code == 2
        assert "mine.toml is there already" in again.err
    assert Path("mine.toml").read_text() == before
    assert run("new", "a b").code == 0
    assert "cnnsim validate 'a b.toml'" in Path("a b.toml").read_text()


def test_new_on_a_full_disk_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    made = Path.open
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(
            Path, "open", lambda path, *words, **more: made(path, *words, **more).close() or Full()
        )
        result = run("new", "mine")
    assert (result.code, result.out) == (1, "")
    assert "mine.toml cannot be written: No space left on device" in result.err
    assert not list(tmp_path.iterdir())
    assert run("new", "mine").code == 0


@pytest.mark.parametrize(
    "name", ["", ".toml", "none/mine", "a\nb", "-", "-y", ".", "..", "/", "a/", "none/.", "../"]
)
def test_new_where_it_cannot_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("new", "--", name)
    assert result.code == 2
    assert "\\u0000" not in result.err
    assert not os.listdir(tmp_path)


def test_schema(run: Run) -> None:
    schema = json.loads(run("schema").out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "layers" in schema["properties"]


def test_list(run: Run) -> None:
    rows = run("list", "--json").objects
    assert sorted(row["name"] for row in rows) == bundled_names()
    by_name = {row["name"]: row for row in rows}
    assert by_name["toy_2x2"]["steps"] == 16
    assert by_name["alexnet"]["steps"] > 1_115_202_080
    assert set(rows[0]) == {"kind", "name", "title", "type", "steps", "minutes"}
    table = run("list").out.splitlines()
    assert [line.split()[0] for line in table[2:]] == [row["name"] for row in rows]
    assert f"{by_name['alexnet']['steps']:,}" in run("list").out


def test_list_goes_on_after_a_broken_file(
    run: Run, tmp_path: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "broken.toml", BAD)
    monkeypatch.setattr("cnnsim.scenario.bundled.bundled_folder", lambda: tmp_path)
    result = run("list", "--json")
    assert result.code == 2
    assert [row["name"] for row in result.objects] == ["toy"]
    assert "broken.toml" in result.err


def test_paths(tmp_path: Path) -> None:
    kinds = ("CONFIG", "STATE", "DATA", "CACHE")
    homes = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in kinds}
    done = spawn("paths", "--json", HOME=str(tmp_path), **homes)
    found = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(found) == ["config", "state", "runs", "pad", "cache", "kernels", "scenarios"]
    assert found["config"]["path"].endswith("config.toml")
    assert not found["config"]["exists"]
    assert found["scenarios"]["exists"]
    assert found["kernels"]["path"].startswith(found["cache"]["path"])
    assert "not there yet" in spawn("paths", HOME=str(tmp_path), **homes).stdout


def test_a_path_that_may_not_be_looked_at_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def refuse(path: Path, **words: Any) -> Any:
        if path.name == "config.toml":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **words)

    monkeypatch.setattr(Path, "stat", refuse)
    result = run("paths")
    assert (result.code, "may not be read" in result.out) == (0, True)
    assert run("paths", "--json").objects[0]["exists"] is False


def test_install_completion(tmp_path: Path) -> None:
    done = spawn("--install-completion", "--shell", "bash", HOME=str(tmp_path))
    assert done.returncode == 0
    script = Path(done.stdout.splitlines()[0])
    assert script.is_relative_to(tmp_path)
    assert "replay" in script.read_text()
    refused = spawn("--install-completion", "--shell", "bash", HOME="/dev/null")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
