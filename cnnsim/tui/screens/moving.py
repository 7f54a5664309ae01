"""Moving through the steps of a scenario, and playing them."""

from __future__ import annotations

from cnnsim.errors import CnnsimError
from cnnsim.steps.moves import UNITS
from cnnsim.tui.screens.stepping import SteppingScreen
from cnnsim.tui.stage.view import MODES


class MovingScreen(SteppingScreen):
    """Every way to another step that needs no question."""

    def action_step(self, direction: int) -> None:
        """One unit forwards or backwards."""
        self._player.pause()
        self._move(self._unit, direction > 0)

    def action_cell(self, direction: int) -> None:
        """One cell forwards or backwards."""
        self._player.pause()
        self._move("cell", direction > 0)

    def _move(self, unit: str, forward: bool) -> bool:
        target = self.stepper.move(self.step, unit, forward, self._skip_padding)
        if target == self.step:
            self.tell("this is the last step" if forward else "this is the first step")
            return False
        self.go(target)
        return True

    def action_unit(self, direction: int) -> None:
        """Larger or smaller steps."""
        at = min(max(UNITS.index(self._unit) + direction, 0), len(UNITS) - 1)
        self._unit = UNITS[at]
        self.go(self.step)

    def action_end(self, direction: int) -> None:
        """The last or the first step."""
        self._player.pause()
        self.go(len(self.stepper.trace) - 1 if direction > 0 else 0)

    def action_channel(self, direction: int) -> None:
        """The same place in the next or previous channel of the output."""
        position = self.stepper.trace.position(self.step)
        sweep = self.stepper.trace.sweep_of(position)
        if not sweep.cells:
            return
        axis = 1 if len(sweep.cells) > 1 else 0
        if sweep.cells[axis] == 1:
            self.tell(f"{sweep.writes} has one channel only")
            return
        cell = list(position.cell)
        cell[axis] = (cell[axis] + direction) % sweep.cells[axis]
        self._player.pause()
        self.go(self.stepper.trace.step(position._replace(cell=tuple(cell))))

    def action_stop(self, direction: int) -> None:
        """The next or previous stop of the tour."""
        self._player.pause()
        try:
            step = self._stops.neighbour(self.step, direction)
        except CnnsimError as error:
            self.tell(error.message)
            return
        stop = self._stops.at(step)
        if stop is not None and stop.ask and direction > 0:
            self._guesser.ask_at(step, stop.ask, "tap" not in stop.at)
        else:
            self.go(step)

    def action_backward(self) -> None:
        """The gradients of this layer, one after the other, then its update."""
        trace, position = self.stepper.trace, self.stepper.trace.position(self.step)
        layer = trace.sweep_of(position).layer
        after = self._after_forward(layer)
        if after:
            self._player.pause()
            at = after.index(position.sweep) + 1 if position.sweep in after else 0
            start = position.iteration * trace.steps_per_iteration
            self.go(start + trace.first_step(after[at % len(after)]))
            return
        runs = bool(self.stepper.scenario.iteration.gradients)
        self.tell(
            f"{layer} has no gradient" if runs else "no [loss] or [output_grad]: no gradients"
        )

    def _after_forward(self, layer: str) -> list[int]:
        """The layer's sweeps of the backward pass and the update, dw before db."""
        trace, iteration = self.stepper.trace, self.stepper.scenario.iteration
        begins = iteration.gradients.values()  # That of the loss, where the backward pass begins.
        sweeps = [
            number
            for number in trace.sweeps_of_layer(layer)
            if iteration.phase_of(number) in ("backward", "update")
            or trace.sweeps[number].writes in begins
        ]
        kernel = trace.number_of(f"{layer}.kernel_grad")
        return sorted(sweeps, key=lambda number: (number != kernel, number))

    def action_forward(self) -> None:
        """The forward product that this step passes on, or the layer's first forward step."""
        trace, position = self.stepper.trace, self.stepper.trace.position(self.step)
        layer = trace.sweep_of(position).layer
        mac = self.view.reading.mac if self.view is not None else None
        number = trace.number_of(f"{layer}.forward")
        self._player.pause()
        if mac is not None:
            self.go(trace.step_of_mac(mac, position.iteration))
        elif number is not None:
            self.go(position.iteration * trace.steps_per_iteration + trace.first_step(number))

    def action_padding(self) -> None:
        """Skip taps on padding, or stop at them again."""
        self._skip_padding = not self._skip_padding
        self.go(self.step)

    def action_view(self) -> None:
        """Numbers, symbols, colours."""
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self.go(self.step)

    def action_scatter(self) -> None:
        """Where each value that is read goes, in turn; then the terms of the cell again."""
        if self.view is None:
            return
        following = 0 if self._scatter is None else self._scatter + 1
        self._scatter = following if following < len(self.view.sweep.reads) else None
        self.show_again()

    def action_resume(self) -> None:
        """Where one was the last time the scenario was open."""
        mark = self.cnnsim.resume_marks.get(self.key) if self.key is not None else None
        if mark is None:
            self.complain(CnnsimError("there is no earlier place to resume from"))
            return
        try:
            stepper, step = self.stepper.locate(mark.address)
        except CnnsimError as error:
            self.complain(error)
            return
        self._player.pause()
        self.go_in(stepper, step)

    # -- playing ---------------------------------------------------------------------------------

    def action_play(self) -> None:
        """Play or pause."""
        if self._player.is_playing:
            self._player.pause()
            self.show_again()
        else:
            self.play()

    def action_speed(self, direction: int) -> None:
        """Twice or half as fast."""
        self._player.change(direction)
        self.show_again()
