"""Runs that are begun in the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import spawn, write
from texts import DENSE

from cnnsim.scenario.reader import read_scenario
from cnnsim.training.run import open_run
from cnnsim.training.runfolder import LAST
from cnnsim.tui.train.newrun import new_run


@pytest.mark.parametrize("settings", [(), ("training.rate=0.02", "seed=4")])
def test_the_command_goes_on_with_a_run_of_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    file = write(tmp_path / "net.toml", DENSE)
    run = new_run(read_scenario(str(file), settings))
    words = [word for setting in settings for word in ("--set", setting)]
    done = spawn("train", file, *words, "--out", run.folder, "--resume")
    assert done.returncode == 0, done.stderr
    assert len(open_run(run.folder).metrics()) == 2


def test_the_folder_of_a_run_that_was_never_trained_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    file = str(write(tmp_path / "net.toml", DENSE))
    first = new_run(read_scenario(file, ["training.rate=0.02"]))
    again = new_run(read_scenario(file, ["training.rate=0.03"]))
    assert again.folder == first.folder
    assert open_run(first.folder).optimizer.rate == 0.03
    with again.held():
        # Another process begins to train it.
        other = new_run(read_scenario(file))
        assert other.folder != first.folder
    (first.folder / LAST).write_bytes(b"weights")
    assert new_run(read_scenario(file)).folder == other.folder
    assert (first.folder / LAST).read_bytes() == b"weights"
