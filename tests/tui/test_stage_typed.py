"""Entries that are typed as the panels write them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from views import view_of

from cnnsim.errors import AddressError
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.names import read_name
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.ticks import ticks_of
from cnnsim.tui.stage.typed import spelled_out

NAMES = ("sobel", "conv_layer", "backprop_toy", "train_by_hand")


@pytest.fixture(scope="module", params=NAMES)
def lesson(request: pytest.FixtureRequest) -> Stepper:
    opened = Stepper(read_scenario(request.param))
    opened.values.compute_all()
    return opened


def firsts(stepper: Stepper) -> Iterator[int]:
    """The first step of every sweep."""
    yield from map(stepper.trace.first_step, range(len(stepper.trace.sweeps)))


def test_the_names_of_what_is_read_lead_to_where_it_is_made(lesson: Stepper) -> None:
    for step in firsts(lesson):
        view = view_of(lesson, step)
        made = {sweep.writes for sweep in lesson.trace.sweeps}
        for number, read in enumerate(view.reading.reads):
            if not read.inside:
                continue
            typed = read_name(lesson.network, view.sweep, number, read)
            if "[" not in typed:
                continue
            if read.tensor not in made:
                with pytest.raises(AddressError, match="no step computes"):
                    spelled_out(lesson, view.position, typed)
                continue
            found = lesson.trace.position(lesson.find(spelled_out(lesson, view.position, typed)))
            assert lesson.trace.sweep_of(found).writes == read.tensor
            assert found.cell == read.index


def test_the_labels_of_the_timeline_lead_to_their_cells(lesson: Stepper) -> None:
    for step in firsts(lesson):
        view = view_of(lesson, step)
        for tick in ticks_of(Stage(lesson), view):
            label = tick.label.partition(" = ")[0]
            if tick.now and "[" in label:
                address = spelled_out(lesson, view.position, label)
                assert lesson.trace.position(lesson.find(address)).cell == view.position.cell


def test_a_weight_of_a_later_iteration_was_made_by_the_update_before() -> None:
    paper = Stepper(read_scenario("train_by_hand"))
    position = paper.trace.position(paper.find("1:conv1"))
    found = paper.trace.position(paper.find(spelled_out(paper, position, "w[0,0,0,1]")))
    assert (found.iteration, found.cell) == (0, (0, 0, 0, 1))
    assert paper.trace.sweep_of(found).full_name == "conv1.update_w"
