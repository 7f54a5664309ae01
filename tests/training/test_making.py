"""How a run folder begins: whole or not at all, and for one process alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from PIL import Image
from running import Run, command, write
from texts import DENSE

from cnnsim.errors import CnnsimError, UsageError
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.training.control import Control
from cnnsim.training.disk import check_disk
from cnnsim.training.files import locked
from cnnsim.training.lengthening import lengthen_runs
from cnnsim.training.making import create_run
from cnnsim.training.run import Run as OpenedRun
from cnnsim.training.run import open_run
from cnnsim.training.session import train_run

#: The same net for other pictures.
OTHER = DENSE.replace("[0, 3]", "[3, 5]")


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A net whose input is a picture file."""
    Image.new("L", (8, 8)).save(tmp_path / "black.png")
    text = DENSE.replace("digit = 3", 'image = "black.png"\ngrey = true')
    return write(tmp_path / "net.toml", text)


# -- two at once ----------------------------------------------------------------------------------


def test_of_many_that_begin_at_once_one_wins(tmp_path: Path) -> None:
    folder, count = tmp_path / "run", 8
    scenarios = [parse_scenario(f"net{n}", DENSE, settings=[f"seed={n}"]) for n in range(count)]
    barrier = Barrier(count)
    won: list[int] = []
    refused: list[CnnsimError] = []

    def begin(number: int) -> None:
        barrier.wait()
        try:
            create_run(folder, scenarios[number], [f"seed={number}"])
            won.append(number)
        except CnnsimError as error:
            refused.append(error)

    threads = [Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert open_run(folder).name == f"net{won[0]}"
    assert open_run(folder).seed == won[0]
    told = ("another process", "the run in")
    assert all(any(words in error.message for words in told) for error in refused)


def test_a_folder_in_which_a_run_begins_is_left_alone(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(CnnsimError, match="by another process"):
        create_run(tmp_path, parse_scenario("net", DENSE))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_run_that_has_become_another_one_is_not_trained(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    """Never with the scenario of one and the pictures of the other."""
    from cnnsim.cli import train

    folder, other = tmp_path / "run", parse_scenario("net", OTHER)

    def begun_anew() -> None:
        create_run(folder, other, anew=True)

    if by_hand:
        mine = create_run(folder, parse_scenario("net", DENSE))
        begun_anew()
        with pytest.raises(CnnsimError, match="just been changed by another process"):
            train_run(mine, 1, "cpu", lambda event: None, Control())
    else:
        go = train._go
        monkeypatch.setattr(train, "_go", lambda *words: (begun_anew(), go(*words)))
        monkeypatch.delenv("CNNSIM_TRACEBACK")
        result = run("train", write(tmp_path / "net.toml", DENSE), "--out", folder)
        assert result.code == 1
        assert "just been changed by another process" in result.err
    assert open_run(folder).scenario.model.data.classes == [3, 5]
    assert not (folder / "last.safetensors").exists()


def test_a_run_that_another_command_begins_meanwhile_is_taken_up(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two identical commands at once: the same runs, whoever makes their folders."""
    net = write(tmp_path / "net.toml", DENSE)

    def both(runs: Sequence[OpenedRun], epochs: Sequence[int]) -> list[OpenedRun]:
        create_run(tmp_path / "runs" / "net-2", read_scenario(str(net)), ["seed=2"])
        return lengthen_runs(runs, epochs)

    monkeypatch.setattr("cnnsim.training.lengthening.lengthen_runs", both)
    result = run("train", net, "--seeds", "1,2", "--out", tmp_path / "runs", "--json")
    assert result.code == 0, result.err
    assert {row["seed"] for row in result.objects if row["kind"] == "result"} == {1, 2}


def test_a_picture_and_weights_without_endings_stay_two_files(
    run: Run, tmp_path: Path, drawn: Path
) -> None:
    assert run("train", drawn, "--out", tmp_path / "first").code == 0
    (tmp_path / "black").write_bytes((tmp_path / "black.png").read_bytes())
    (tmp_path / "known").write_bytes((tmp_path / "first" / "last.safetensors").read_bytes())
    text = drawn.read_text().replace("black.png", "black")
    net = write(tmp_path / "again.toml", 'weights = "known"\n' + text)
    assert run("train", net, "--out", tmp_path / "second").code == 0
    given = {path.name: path.read_bytes() for path in (tmp_path / "second").glob("given*")}
    assert given == {
        "given": (tmp_path / "black").read_bytes(),
        "given.safetensors": (tmp_path / "known").read_bytes(),
    }


# -- cut off --------------------------------------------------------------------------------------

_KILLED = """
import os, sys
from pathlib import Path
from cnnsim.scenario import writing
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.making import create_run

left = [int(sys.argv[3])]
replace, fsync = Path.replace, os.fsync

def count(act, *words):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)
    return act(*words)

Path.replace = lambda *words: count(replace, *words)
os.fsync = lambda *words: count(fsync, *words)
create_run(Path(sys.argv[2]), read_scenario(sys.argv[1]))
"""


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 5])
def test_killed_while_it_begins_it_can_begin_again(
    drawn: Path, tmp_path: Path, writes: int
) -> None:
    """Before each write that waits for the disk, and before each file gets its name."""
    folder = tmp_path / "run"
    words = [sys.executable, "-c", _KILLED, drawn, folder, str(writes)]
    killed = subprocess.run(words, env=command()[1], check=False)
    assert killed.returncode == 9
    assert [*folder.iterdir()]
    made = create_run(folder, read_scenario(str(drawn)))
    assert {path.name for path in folder.iterdir()} == {
        "scenario.toml", "metrics.jsonl", "given.png",
    }  # fmt: skip
    assert not made.scenario.leaves()["input"].any()


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_disk_that_is_full_leaves_nothing(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    folder, fsync, left = tmp_path / "run", os.fsync, [writes]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CnnsimError, match="cannot be written: No space left"):
        create_run(folder, read_scenario(str(drawn)))
    assert {path.name for path in folder.iterdir()} <= {"metrics.jsonl"}
    left[0] = 100
    assert create_run(folder, read_scenario(str(drawn))).name == "net"


def test_other_files_stay_other_files(drawn: Path, tmp_path: Path) -> None:
    """What is called like a run's, without the beginning of a run beside it, is somebody's."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "given.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="holds other files"):
        create_run(folder, read_scenario(str(drawn)))
    assert (folder / "given.png").read_bytes() == b"mine"


def test_the_disk_needs_room_for_what_is_copied(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(total=10**9, free=100_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    asked = OpenedRun(tmp_path / "run", read_scenario(str(drawn)))
    check_disk([asked])
    with (tmp_path / "black.png").open("ab") as picture:
        picture.truncate(200_000)
    with pytest.raises(CnnsimError, match=r"the disk has 100.0 kB left and the run needs 20\d"):
        check_disk([asked])
    made = create_run(asked.folder, asked.scenario)
    check_disk([made])


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\nseed = 7", "a\x1b[31m", "a\udcff"])
def test_any_name_of_a_file_is_written_out(tmp_path: Path, name: str) -> None:
    made = create_run(tmp_path / "run", parse_scenario(name, DENSE))
    assert made.seed == 0
    assert made.name.isprintable()
    assert made.name.startswith("a\\u")
    assert create_run(tmp_path / "run", parse_scenario(name, DENSE)).name == made.name


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "a\udcff"])
def test_pictures_in_a_folder_that_no_text_can_name(tmp_path: Path, name: str) -> None:
    above = tmp_path / name
    above.mkdir()
    net = write(above / "net.toml", DENSE.replace('"digits"', '"own"'))
    with pytest.raises(UsageError, match=r"holds U\+.*which a scenario cannot"):
        create_run(tmp_path / "run", parse_scenario("net", net.read_text(), net))
    assert not (tmp_path / "run").exists()
