"""What the outputs of a network stand for."""

from __future__ import annotations

from cnnsim.scenario.data import NAMED
from cnnsim.scenario.scenario import Scenario
from cnnsim.training.load import data_of, load


def class_names(scenario: Scenario) -> tuple[str, ...]:
    """The names of the classes; for sets with a name, without reading a picture."""
    data = data_of(scenario)
    if data.source in NAMED:
        return tuple(str(number) for number in data.classes or range(10))
    return load(scenario).names
