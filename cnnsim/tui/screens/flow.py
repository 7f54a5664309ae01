"""Why a value is what it is, and where it goes: lists of steps to jump to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from cnnsim.errors import CnnsimError
from cnnsim.stepper.flow import Flow, start_of, terms_of, uses, writer_of
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.entry import format_entry, parse_entry
from cnnsim.steps.trace import Position
from cnnsim.tui.drawing.numbers import count, in_formula, number
from cnnsim.tui.screens.dialog import Dialog
from cnnsim.tui.widgets.flowlist import FlowList, FlowRow


class FlowScreen(Dialog[int | None]):
    """Gives back the step to go to.

    `entries` are the values of the present step, the one it fills first; any other can be typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn", show=False, priority=True),
        Binding("ctrl+n", "entry(1)", show=False, priority=True),
        Binding("ctrl+b", "entry(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
    ]

    def __init__(
        self, stepper: Stepper, step: int, entries: Sequence[str], goes: bool = False
    ) -> None:
        super().__init__()
        self._stepper, self._step = stepper, step
        self._entries = list(dict.fromkeys(entries))
        self._goes = goes
        self._flows: list[Flow] = []

    @property
    def _iteration(self) -> int:
        return self._stepper.trace.position(self._step).iteration

    def compose(self) -> ComposeResult:
        """The entry, what is listed, the list."""
        with Vertical(classes="dialog"):
            yield Input(value=self._entries[0], id="line")
            yield Static("", id="meaning", markup=False)
            yield FlowList(id="flows")
            yield Static(
                "enter goes there   tab why, or where it goes   ^n ^b another value   or type one",
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Show the first entry."""
        self._look()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another entry."""
        self._look()

    def _look(self) -> None:
        meaning = self.query_one("#meaning", Static)
        try:
            text = self.query_one(Input).value
            tensor, index = parse_entry(self._stepper.shapes, text, self._entries[0])
            missing = self._missing(tensor)
            if missing:
                title, self._flows, empty = "", [], f"{missing} is still being computed."
            else:
                look = self._where_it_goes if self._goes else self._why
                title, self._flows, empty = look(tensor, index)
        except CnnsimError as error:
            title, self._flows, empty = f"✗ {error}", [], ""
        meaning.update(title)
        rows = [
            FlowRow(
                flow.term,
                flow.formula.format(*(in_formula(number(value)) for value in flow.values)),
                flow.address if self._goes else flow.address.partition(" ")[2] or flow.address,
                None if self._goes else flow.share,
                flow.step == self._step,
            )
            for flow in self._flows
        ]
        self.query_one(FlowList).show(rows, empty)

    def _missing(self, tensor: str) -> str:
        """A tensor that the list would need and that is not there yet, or nothing."""
        values = self._stepper.iterations.at(self._iteration)
        needed = [tensor]
        for sweep in self._stepper.trace.sweeps:
            if tensor in sweep.tensors if self._goes else tensor == sweep.writes:
                needed += sweep.tensors
        return next((name for name in needed if not values.is_ready(name)), "")

    def _why(self, tensor: str, index: tuple[int, ...]) -> tuple[str, list[Flow], str]:
        """The title, the terms of the entry's cell, what to say where there are none."""
        value = number(float(self._stepper.iterations.at(self._iteration)[tensor][index]))
        name = format_entry(tensor, index)
        position = writer_of(self._stepper, self._iteration, tensor, index)
        if position is None:
            drawn = self._stepper.network.parameters.get(tensor)
            how = "drawn from the seed" if drawn and drawn.values is None else "given"
            return f"why {name} = {value}", [], f"It is {how}: nothing computes it."
        terms = terms_of(self._stepper, position)
        earlier = position.iteration != self._iteration
        when = f", by the update of iteration {position.iteration}" if earlier else ""
        fold = self._stepper.trace.sweep_of(position).fold
        what = f"{count(len(terms))} term" + ("s, the largest first" if len(terms) > 1 else "")
        if fold is not None and fold.kept and len(terms) > 1:
            what = f"the {fold.kept} of {count(len(terms))} is all that arrives"
        lines = [f"why {name} = {value}: {what}{when}", *self._around(position)]
        return "\n".join(lines), terms, ""

    def _around(self, position: Position) -> list[str]:
        """What the sum of a cell starts from, and what is done with it at the end."""
        lines, sweep = [], self._stepper.trace.sweep_of(position)
        start, work = start_of(self._stepper, position), self._stepper.work(position)
        if start is not None:
            entry, value = start
            lines.append(f"the sum starts from {f'{entry} = ' if entry else ''}{number(value)}")
        if sweep.has_finish:
            total = number(work.total)
            finished = sweep.finish_text(total, position.cell)
            lines.append(f"the sum is {total}; at the end {finished} = {number(work.value)}")
        return lines

    def _where_it_goes(self, tensor: str, index: tuple[int, ...]) -> tuple[str, list[Flow], str]:
        """The same for the steps that read the entry."""
        value = number(float(self._stepper.iterations.at(self._iteration)[tensor][index]))
        total, flows = uses(self._stepper, self._iteration, tensor, index)
        name = format_entry(tensor, index)
        first = f", the first {count(len(flows))}" if len(flows) < total else ""
        steps = "step reads" if total == 1 else "steps read"
        title = f"where {name} = {value} goes: {count(total)} {steps} it{first}"
        return title, flows, "No step of this iteration reads it."

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the chosen step."""
        chosen = self.query_one(FlowList).chosen
        if chosen < len(self._flows):
            self.dismiss(self._flows[chosen].step)

    def on_flow_list_chosen(self, event: FlowList.Chosen) -> None:
        """A click chooses, a second one goes there."""
        flows = self.query_one(FlowList)
        if event.number == flows.chosen:
            self.dismiss(self._flows[event.number].step)
        else:
            flows.choose(event.number)

    def action_turn(self) -> None:
        """The other list."""
        self._goes = not self._goes
        self._look()

    def action_entry(self, direction: int) -> None:
        """Another value of the step."""
        line = self.query_one(Input)
        at = self._entries.index(line.value) + direction if line.value in self._entries else 0
        line.value = self._entries[at % len(self._entries)]
        line.cursor_position = len(line.value)

    def action_move(self, direction: int) -> None:
        """Choose the next or previous row."""
        flows = self.query_one(FlowList)
        flows.choose(flows.chosen + direction)

    def action_page(self, direction: int) -> None:
        """Choose a row a page on."""
        flows = self.query_one(FlowList)
        flows.choose(flows.chosen + direction * flows.page)
