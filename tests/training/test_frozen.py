"""The scenario that stands in a run's folder, and how it is read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING

from cnnsim.cli.source import NO_TOUR
from cnnsim.errors import CnnsimError
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.training.frozen import frozen
from cnnsim.training.making import create_run
from cnnsim.training.run import open_run
from cnnsim.training.runfolder import SCENARIO


def test_runs_of_one_scenario_differ_in_their_seed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one run was asked for does not stay for the next one, nor does where it was asked."""
    (tmp_path / "net.toml").write_text(ARTICLE)
    asked: list[list[str]] = [["seed=5"], ["seed=6"], [], ["training.epochs=9", "seed=6"]]
    runs = []
    for number, settings in enumerate(asked):
        (here := tmp_path / f"here{number}").mkdir()
        monkeypatch.chdir(here)
        create_run(here / "run", read_scenario("../net.toml"), settings)
        runs.append(open_run(here / "run"))
    plain = read_scenario("../net.toml").iteration.optimizer
    assert plain is not None
    assert [run.seed for run in runs] == [5, 6, 0, 6]
    assert [run.optimizer.epochs for run in runs] == [plain.epochs] * 3 + [9]
    first, second = (run.scenario.text for run in runs[:2])
    assert first.replace("seed = 5", "seed = 6") == second != first


@pytest.mark.parametrize("text", [ARTICLE, EVERYTHING], ids=["article", "everything"])
def test_a_run_is_what_its_file_says(tmp_path: Path, text: str) -> None:
    """Also where another run was read before it, which differs in its seed alone."""
    (tmp_path / "net.toml").write_text(text)
    for number in (6, 0, 10**17):
        folder, settings = tmp_path / f"net-{number}", [f"seed={number}"]
        made = create_run(folder, read_scenario(str(tmp_path / "net.toml"), settings), settings)
        plain = read_scenario(str(folder / SCENARIO))
        assert made.scenario == open_run(folder).scenario == replace(plain, name="net")
        assert made.scenario.network.seed == number
        drawn = plain.leaves()
        for name, tensor in made.initial().items():
            assert np.array_equal(tensor, drawn[name])


def test_pictures_that_runs_begin_with_may_differ_in_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    text = ARTICLE.replace("digit = 3", 'image = "given.png"\ngrey = true')
    text = text.replace('source = "digits"', 'source = "pictures"')
    (tmp_path / "net.toml").write_text(text)
    Image.new("L", (8, 8)).save(tmp_path / "given.png")
    for size in (8, 10):
        folder = tmp_path / str(size)
        create_run(folder, read_scenario(str(tmp_path / "net.toml")), ["seed=1"])
        Image.new("L", (size, size)).save(folder / "given.png")
        assert open_run(folder).scenario.network.input_shape == (1, size, size)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed = 3\n", f"seed = {2**63}\n"),
        ("seed = 3\n", "seed = 03\n"),
        ("seed = 3\n", "seed = 3\nseed = 4\n"),
        ("seed = 3\n", "seed = 3\n\nseed = 3\n"),
        ("# A run of net\n", "# A run of \x01\n"),
        ("size = 3\n", "size = 30\n"),
    ],
)
def test_a_run_whose_file_was_changed_is_read_line_by_line(
    tmp_path: Path, old: str, new: str
) -> None:
    scenario = parse_scenario("net", ARTICLE)
    run = create_run(tmp_path / "run", scenario, ["seed=3"])
    file = run.folder / SCENARIO
    file.write_text(run.scenario.text.replace(old, new, 1))
    with pytest.raises(CnnsimError) as plain:
        read_scenario(str(file))
    with pytest.raises(CnnsimError) as found:
        open_run(run.folder)
    assert str(found.value) == str(plain.value)


def test_a_tour_that_was_left_out_leaves_nothing() -> None:
    scenario = parse_scenario("net", ARTICLE)
    assert frozen(scenario, [NO_TOUR, "seed=4"]) == frozen(scenario, ["seed=4"])
