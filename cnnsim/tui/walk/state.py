"""Where one is in a walk: the layer, the unit, the channel, the changes; and what follows."""

from __future__ import annotations

from cnnsim.amounts import in_bytes
from cnnsim.errors import UsageError, did_you_mean
from cnnsim.network.graph import INPUT
from cnnsim.network.layer import Shape
from cnnsim.network.receptive import ReceptiveField
from cnnsim.network.walk import Walk
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.trace import Position, Trace
from cnnsim.tui.drawing.numbers import count, short_count
from cnnsim.tui.stage.maps import Maps
from cnnsim.tui.walk.changed import changed_input, look_at_input
from cnnsim.tui.walk.picture import Source, source_of
from cnnsim.tui.walk.sight import Point, Unit, centre_of, sight_of, unit_at
from cnnsim.tui.walk.table import Line, cross, lines_of, visible
from cnnsim.tui.walk.verdict import verdict
from cnnsim.tui.walk.views import Looking, Question
from cnnsim.tui.walk.whatif import LayerKey, WhatIf


class WalkState:
    """Looks at a stepper without computing a tensor.

    The point is a place of the input; the unit is the one of the selected layer whose field has
    its middle nearest to it, so that going through the layers shows the field grow in one place.
    """

    def __init__(self, stepper: Stepper, layer: str | None = None) -> None:
        self.stepper = stepper
        self.what = WhatIf(stepper.network)
        names = [each.name for each in stepper.network.layers]
        self.selected = layer if layer in names else names[0]
        shape = stepper.network.input_shape
        flat = len(shape) != 3
        self.point: Point = (0, 0) if flat else ((shape[1] - 1) / 2, (shape[2] - 1) / 2)
        self.channel: int | None = None
        self.knob = 0
        self.folded: bool | None = None
        self._source: tuple[Shape, Source] | None = None

    # -- layers ----------------------------------------------------------------------------------

    def lines(self) -> tuple[Line, ...]:
        """The table, input first."""
        return lines_of(self.what)

    def listed(self, lines: tuple[Line, ...], short_of_room: bool) -> list[Line]:
        """The lines that are shown: folded on demand, or where there is no room for all."""
        folded = short_of_room if self.folded is None else self.folded
        return visible(lines, folded, self.selected)

    def select(self, name: str) -> None:
        """Select a layer or the input."""
        self.selected = name
        self.knob = min(self.knob, len(self.what.knobs(name)) - 1)

    def named(self, text: str) -> str:
        """The layer that `text` means: by name, by the beginning of one, by a part, by kind.

        The same words again go on to the next one. Raises UsageError where there is none.
        """
        wanted = text.strip().lower()
        layers = self.what.outcome.network.layers
        names = [INPUT, *(layer.name for layer in layers)]
        found = [name for name in names if name.lower() == wanted]
        found += [name for name in names if name.lower().startswith(wanted)]
        found += [name for name in names if wanted in name.lower()]
        found += [layer.name for layer in layers if wanted in layer.type]
        if not found:
            raise UsageError(f"no layer '{text}'{did_you_mean(text, names)}")
        each = list(dict.fromkeys(found))
        return each[each.index(self.selected) + 1 if self.selected in each[:-1] else 0]

    def explain(self, text: str) -> str:
        """The layer that `text` means, with its output. Raises UsageError."""
        name = self.named(text)
        shape = self.what.outcome.shape(name)
        return f"{name}  {cross(shape) if shape else 'does not fit'}"

    # -- what a unit sees ------------------------------------------------------------------------

    def field(self) -> ReceptiveField | None:
        """The field of the selected layer's units; None where they see everything."""
        if self.selected == INPUT:
            return ReceptiveField() if len(self.what.outcome.network.input_shape) == 3 else None
        rows = {row.name: row for row in self.what.outcome.walked.rows}
        row = rows.get(self.selected)
        return row.receptive_field if row and len(row.output) == 3 else None

    def unit(self) -> Unit | None:
        """The chosen unit of the selected layer."""
        field, output = self.field(), self.what.outcome.shape(self.selected)
        if field is None or output is None or len(output) != 3:
            return None
        return unit_at(field, output, self.point)

    def move_unit(self, down: int, right: int) -> bool:
        """Choose a unit further on; False where the layer has none to choose."""
        unit, field = self.unit(), self.field()
        output = self.what.outcome.shape(self.selected)
        if unit is None or field is None or output is None:
            return False
        row = min(max(unit[0] + down, 0), output[1] - 1)
        column = min(max(unit[1] + right, 0), output[2] - 1)
        self.point = centre_of(field, (row, column))
        return True

    def look_from(self, step: int) -> None:
        """Take the unit that `step` fills, if it is one of the selected layer's.

        The first step of a layer says nothing about where one wants to look.
        """
        trace = self.stepper.trace
        position = trace.position(step)
        field = self.field()
        here = trace.sweep_of(position).layer == self.selected
        if here and step != trace.first_step(position.sweep) and len(position.cell) == 4 and field:
            self.point = centre_of(field, (position.cell[2], position.cell[3]))

    def next_channel(self, by: int) -> bool:
        """Another channel of the input, or its colours; False where there is just one."""
        channels = self._channels(self._shown_source())
        at = channels.index(self.channel) if self.channel in channels else 0
        self.channel = channels[(at + by) % len(channels)]
        return len(channels) > 1

    @staticmethod
    def _channels(source: Source) -> list[int | None]:
        if len(source.size) != 3:
            return [None]
        single: list[int | None] = [*range(len(source.values))]
        return [None, *single] if source.is_coloured or len(single) == 1 else single

    def forget_input(self) -> None:
        """It may have been edited."""
        self._source = None

    def _shown_source(self) -> Source:
        shape = self.what.outcome.network.input_shape
        if self._source is None or self._source[0] != shape:
            scenario = self.stepper.scenario
            values = look_at_input(scenario, self.what, self.stepper.values[INPUT][0])
            self._source = (shape, source_of(changed_input(scenario, self.what), values, shape))
            channels = self._channels(self._source[1])
            if self.channel not in channels:
                self.channel = channels[0]
        return self._source[1]

    def looking(self, moving: bool) -> Looking:
        """What the picture shows."""
        field, unit = self.field(), self.unit()
        sight = None
        if field is not None and unit is not None:
            sight = sight_of(field, unit, self.what.outcome.network.input_shape)
        source = self._shown_source()
        output = self.what.outcome.shape(self.selected)
        return Looking(self.selected, output, unit, sight, source, self.channel, moving)

    # -- what if ---------------------------------------------------------------------------------

    def chosen(self) -> LayerKey:
        """What the keys of the what-if panel change."""
        knobs = self.what.knobs(self.selected)
        return knobs[min(self.knob, len(knobs) - 1)].place

    def choose(self, by: int) -> None:
        """Another row of the what-if panel."""
        self.knob = min(max(self.knob + by, 0), len(self.what.knobs(self.selected)) - 1)

    def question(self, sides: str | None) -> Question:
        """What the what-if panel shows; `sides` as for `verdict`."""
        knobs = tuple(self.what.knobs(self.selected))
        others = sum(name not in (INPUT, self.selected) for name, _ in self.what.changes)
        at = min(self.knob, len(knobs) - 1)
        return Question(knobs, at, tuple(verdict(self.what, sides)), others)

    def maps(self) -> Maps:
        """The output of the selected layer, if it is there without computing."""
        name = self.selected
        if self.what.is_changed:
            return Maps(name, None, "the maps of a changed network: enter steps inside it")
        tensor = INPUT if name == INPUT else f"{name}.y"
        if not self.stepper.values.is_ready(tensor):
            return Maps(name, None, "not computed yet: enter steps inside, and computes them")
        return Maps(name, self.stepper.values[tensor][0])


def costs_of(walked: Walk) -> list[list[tuple[str, str]]]:
    """Parameters, MACs and activations for the header: exact, rounded, MACs alone."""
    params, macs = walked.total("params"), walked.total("macs")
    memory, unit = in_bytes(walked.total("activation_bytes"))
    exact = [count(params), " params   ", count(macs), " MACs without bias   "]
    short = [short_count(params), " params  ", short_count(macs), " MACs  "]
    return [
        [(text, ("bar_bold", "bar_dim")[number % 2]) for number, text in enumerate(texts)]
        for texts in (
            [*exact, memory, f" {unit} activations"],
            [*short, memory, f" {unit}"],
            [f"{short_count(macs)} MACs"],
        )
    ]


def first_step(trace: Trace, name: str, unit: Unit | None = None) -> int:
    """The first step of a layer, or of the first channel's cell at `unit`; 0 for the input."""
    for number, sweep in enumerate(trace.sweeps):
        if sweep.layer != name:
            continue
        if unit is not None and len(sweep.cells) == 4:
            return trace.step(Position(0, number, (0, 0, *unit), (0,) * len(sweep.taps)))
        return trace.first_step(number)
    return 0
