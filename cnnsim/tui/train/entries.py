"""Numbers of parameters that can be watched: typed, or clicked in a filter."""

from __future__ import annotations

from cnnsim.errors import UsageError
from cnnsim.steps.entry import format_entry, parse_entry
from cnnsim.training.run import Run
from cnnsim.tui.train.view import Filters

Index = tuple[int, ...]
#: One number of a parameter: its tensor and its index.
Entry = tuple[str, Index]


def example_entry(run: Run) -> str:
    """A number that could be watched, ``conv1.w[1,0,1,1]``."""
    slot = run.iteration.slots[0]
    return format_entry(slot.name, tuple(min(1, extent - 1) for extent in slot.shape))


def trained_entry(run: Run, text: str) -> Entry:
    """The number that `text` names. Raises AddressError or UsageError where none is trained."""
    parameters = run.scenario.network.parameters
    shapes = {name: parameter.shape for name, parameter in parameters.items()}
    entry = parse_entry(shapes, text, example_entry(run))
    trained = [slot.name for slot in run.iteration.slots]
    if entry[0] not in trained:
        raise UsageError(
            f"{entry[0]} is frozen: no update moves it", f"watch one of {', '.join(trained)}"
        )
    return entry


def entry_of(filters: Filters, place: tuple[int, int, int], shape: Index) -> Entry:
    """The number of the parameter of `shape` that a filter, row and column stand for.

    Of several channels the first one; a dense layer's weights lie in one row for each unit.
    """
    number, row, column = place
    if len(shape) == 4:
        return filters.name, (number, 0, row, column)
    return filters.name, (number, row * filters.values.shape[2] + column)
