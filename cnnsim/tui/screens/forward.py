"""The stepper: any multiply-add of a scenario, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from cnnsim.errors import CnnsimError
from cnnsim.kernels.fill import Progress, is_compiled
from cnnsim.kernels.warm import warm
from cnnsim.network.layer import times
from cnnsim.stepper.edits import Edits
from cnnsim.stepper.queries import Query, find_step, parse_query
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.stops import Stops
from cnnsim.steps.moves import UNITS
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.marks import scenario_key
from cnnsim.tui.screens.ask import AskScreen
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.edit import Change, EditScreen
from cnnsim.tui.screens.player import Player
from cnnsim.tui.screens.reload import FileWatch
from cnnsim.tui.stage.code import numpy_code, torch_code
from cnnsim.tui.stage.crumbs import crumbs_of, state_of
from cnnsim.tui.stage.pick import step_of_pick
from cnnsim.tui.stage.planes import slice_at
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.view import MODES, View
from cnnsim.tui.widgets.board import Board
from cnnsim.tui.widgets.matrixpanel import MatrixPanel
from cnnsim.tui.widgets.timeline import Timeline
from cnnsim.tui.widgets.waitpanel import Waiting

#: Scenarios with fewer steps are computed before the first picture.
_AT_ONCE = 1_500_000


class ForwardScreen(BaseScreen):
    """Steps through the forward pass. It holds the position; everything shown follows from it."""

    kind = "forward"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("forward")]

    def __init__(self, stepper: Stepper, at: int = 0) -> None:
        super().__init__()
        self.stepper = stepper
        self.stage = Stage(stepper)
        self.edits = Edits(stepper)
        self.step = at
        self.view: View | None = None
        self._mode = MODES[0]
        self._unit = UNITS[0]
        self._skip_padding = False
        self._hover: tuple[str, tuple[int, ...]] | None = None
        self._query: Query | None = None
        self._progress: Progress | None = None
        self._computing: int | None = None
        self._player = Player(self, self._play_on)
        self._copied: tuple[int, str] = (-1, "")
        self._stops = Stops(stepper)
        self.board = Board(self.stage)
        self._watch = FileWatch(stepper.scenario.path)
        self._on_top = False

    @property
    def key(self) -> str:
        """Under what name marks are kept: the bundled name, or the full path."""
        return scenario_key(self.stepper.scenario)

    def compose(self) -> ComposeResult:
        """Header, stage, footer."""
        yield self.header
        yield self.board
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Compute the tensors: at once where that is quick, else in the background."""
        self.set_interval(0.5, self._look_at_file)
        self._compute()

    def on_screen_resume(self) -> None:
        """Another screen may have edited or moved."""
        self.stage.forget()
        self.go(self.step)

    # -- computing -------------------------------------------------------------------------------

    def _compute(self) -> None:
        """Compute the iteration of the present step: at once where that is quick."""
        number = self.stepper.trace.position(self.step).iteration
        steps = self.stepper.trace.steps_per_iteration
        if steps * (1 if self.stepper.iterations.has(number) else number + 1) < _AT_ONCE:
            self.stepper.iterations.at(number).compute_all()
        elif self._computing != number:
            self._computing = number
            self._compute_in_background(number)

    @work(thread=True, exclusive=True, group="compute")
    def _compute_in_background(self, number: int) -> None:
        """Fill the tensors in order; what is ready can be looked at meanwhile."""
        worker = get_current_worker()
        last = -1.0

        def report(progress: Progress) -> None:
            nonlocal last
            if worker.is_cancelled:
                raise CnnsimError("stopped")
            if progress.share - last > 0.1 or progress.share < last or progress.share == 0:
                last = progress.share
                self.from_thread(self._hear, progress)

        try:
            self._warm(report)
            self.stepper.iterations.at(number).compute_all(report)
        except CnnsimError:
            return
        if not worker.is_cancelled:
            self.from_thread(self._computed)

    def _warm(self, report: Callable[[Progress], None]) -> None:
        """Have the kernels compiled where that does not make the screen stutter."""
        parameters = self.stepper.network.parameters
        drawn = [name for name, parameter in parameters.items() if parameter.values is None]
        sweeps = [sweep for sweep in self.stepper.trace.sweeps if is_compiled(sweep)]
        warm(sweeps, self.stepper.shapes, drawn, report)

    def _hear(self, progress: Progress) -> None:
        self._progress = progress
        first = ", first run only" if progress.stage == "compiling" else ""
        share = f" {progress.share:.0%}" if progress.stage == "computing" else ""
        self.footer.say(f"{progress.stage} {progress.sweep}{share}{first} …")
        if self.view is None or self.view.step != self.step:
            self.go(self.step)

    def _computed(self) -> None:
        self._progress = None
        self._computing = None
        self.footer.say("")
        self.go(self.step)

    # -- showing ---------------------------------------------------------------------------------

    def go(self, step: int) -> None:
        """Show `step`."""
        self.step = step
        if not self.is_mounted or not self.size:
            return
        if not self.stepper.is_ready(step):
            self._compute()
            if not self.stepper.is_ready(step):
                self._show_waiting()
                return
        previous = self.view
        self.view = self._look(step)
        self.cnnsim.marks.put(self.key, step, self.view.reading.address, len(self.stepper.trace))
        self._show(previous)

    def _look(self, step: int) -> View:
        position = self.stepper.trace.position(step)
        return View(
            scenario=self.stepper.scenario.name,
            step=step,
            steps=len(self.stepper.trace),
            macs=self.stepper.trace.macs,
            sweep=self.stepper.trace.sweep_of(position),
            position=position,
            work=self.stepper.work(position),
            reading=self.stepper.read(step),
            mode=self._mode,
            unit=self._unit,
            playing=self._player.is_playing,
            speed=self._player.speed,
            skip_padding=self._skip_padding,
            stop=self._stops.at(step),
            stop_number=self._stops.number_at(step) or 0,
            stops=len(self._stops),
            hover=self._hover,
            edits=len(self.edits),
        )

    def _show(self, previous: View | None) -> None:
        view = self.view
        if view is not None:
            self.board.show(view, previous)
            self.header.show(crumbs_of(view), state_of(view), spare=(2, 0))

    def _show_waiting(self) -> None:
        """The step needs tensors that are still being computed: say so, keep the place."""
        self.view = None
        address = self.stepper.address(self.step)
        self.header.show(
            [(self.stepper.scenario.name, "bar_dim"), (address, "bar_bold")],
            [("computing", "bar_dim")],
        )
        self.board.wait("computing every layer; the step opens by itself", self._waiting())

    def _waiting(self) -> list[Waiting]:
        """Every layer, and how far it is computed."""
        number = self.stepper.trace.position(self.step).iteration
        iterations = self.stepper.iterations
        values = iterations.at(number) if iterations.has(number) else None
        rows = []
        for layer, place in self.stepper.network.places.items():
            sweeps = [s for s in self.stepper.trace.sweeps if s.layer == layer]
            done = sum(values is not None and values.is_ready(sweep.writes) for sweep in sweeps)
            share = done / len(sweeps)
            if self._progress is not None and self._progress.sweep.startswith(f"{layer}."):
                share += max(self._progress.share, 0.01) / len(sweeps)
            macs = sum(sweep.steps for sweep in sweeps if sweep.counts_macs)
            rows.append(Waiting(layer, times(place.output), macs, min(share, 1.0)))
        return rows

    def lay_panels(self) -> None:
        """The size has changed."""
        self.board.forget()
        self.call_after_refresh(self.show_again)

    def show_again(self) -> None:
        """Show the same step anew."""
        self.go(self.step)

    def action_maximise(self) -> None:
        """The focused panel alone, or all of them again."""
        self.board.maximise(self.focused)
        self.show_again()

    def action_turn(self, direction: int) -> None:
        """The next or previous panel; panels that share a place come up in turn."""
        panel = self.board.turn(self.focused, direction)
        self.show_again()
        if panel is not None:
            self.set_focus(panel)
        elif direction > 0:
            self.focus_next()
        else:
            self.focus_previous()

    # -- moving ----------------------------------------------------------------------------------

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
        cell = list(position.cell)
        cell[axis] = (cell[axis] + direction) % sweep.cells[axis]
        self._player.pause()
        self.go(self.stepper.trace.step(position._replace(cell=tuple(cell))))

    def action_stop(self, direction: int) -> None:
        """The next or previous stop of the tour."""
        self._player.pause()
        try:
            self.go(self._stops.neighbour(self.step, direction))
        except CnnsimError as error:
            self.tell(error.message)

    def action_backward(self) -> None:
        """The gradients of this layer."""
        trace, position = self.stepper.trace, self.stepper.trace.position(self.step)
        layer = trace.sweep_of(position).layer
        for name in ("kernel_grad", "input_grad", "input_grad0"):
            number = trace.number_of(f"{layer}.{name}")
            if number is not None:
                self._player.pause()
                start = position.iteration * trace.steps_per_iteration
                self.go(start + trace.first_step(number))
                return
        runs = bool(self.stepper.scenario.iteration.gradients)
        self.tell(
            f"{layer} has no gradient"
            if runs
            else "nothing runs backwards here: the file has no [loss] and no [output_grad]"
        )

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

    def action_resume(self) -> None:
        """Where one was the last time the scenario was open."""
        mark = self.cnnsim.resume_marks.get(self.key)
        if mark is None or not 0 <= mark.step < len(self.stepper.trace):
            self.complain(CnnsimError("there is no earlier place to resume from"))
            return
        self._player.pause()
        self.go(mark.step)

    # -- playing ---------------------------------------------------------------------------------

    def action_play(self) -> None:
        """Play or pause."""
        if self._player.is_playing:
            self._player.pause()
        else:
            self._player.play()
        self.show_again()

    def _play_on(self, steps: int) -> bool:
        """Go on by `steps` units and show the last; False at the end of the run."""
        start = self.step
        for _ in range(steps):
            self.step = self.stepper.move(self.step, self._unit, True, self._skip_padding)
        if self.step == start:
            self._player.pause()
        self.go(self.step)
        return self.step != start

    def action_speed(self, direction: int) -> None:
        """Twice or half as fast."""
        self._player.change(direction)
        self.show_again()

    # -- asking ----------------------------------------------------------------------------------

    def action_goto(self) -> None:
        """Ask for an address."""
        self._player.pause()

        def answer(text: str | None) -> None:
            if text:
                self.go(self.stepper.find(text))

        self.app.push_screen(
            AskScreen(
                "go to",
                "conv1.forward[0,0,0,0] tap[0,1,1]   mac 12   step 12   50%   conv1",
                check=self._explain_address,
            ),
            answer,
        )

    def _explain_address(self, text: str) -> str:
        return self.stepper.address(self.stepper.find(text))

    def action_find(self) -> None:
        """Ask what to look for."""
        self._player.pause()

        def answer(text: str | None) -> None:
            if text:
                self._query = parse_query(text)
                self.action_find_again(1)

        self.app.push_screen(
            AskScreen(
                "find",
                "sign change   padding   nan   infinity   largest   smallest   > 2.5   = 0",
                check=lambda text: parse_query(text).text,
                placeholder=self._query.text if self._query else "",
            ),
            answer,
        )

    def action_find_again(self, direction: int) -> None:
        """The next or previous one of what was looked for."""
        if self._query is None:
            self.action_find()
            return
        try:
            found = find_step(self.stepper, self.step, self._query, direction > 0)
        except CnnsimError as error:
            self.complain(error)
            return
        if found is None:
            where = "after" if direction > 0 else "before"
            self.tell(f"no {self._query.text} {where} this step")
            return
        self.go(found)

    # -- editing ---------------------------------------------------------------------------------

    def action_edit(self) -> None:
        """Ask for a new number for one of the values that this step reads."""
        self._player.pause()
        view = self.view
        if view is None:
            return
        if view.position.iteration:
            self.tell("edits change what iteration 0 starts with: go there first (g step 0)")
            return
        choices = [
            (read.tensor, read.index, read.value)
            for read in view.reading.reads
            if read.inside and read.index is not None and self.stepper.can_edit(read.tensor)
        ]
        if not choices:
            names = ", ".join(dict.fromkeys(read.tensor for read in view.reading.reads))
            self.complain(
                CnnsimError(
                    f"{names} cannot be edited: it is computed, or lies on the padding",
                    "edit the input or a parameter; go to a step that reads it",
                )
            )
            return

        def answer(change: Change | None) -> None:
            if change is not None:
                self._changed(lambda: self.edits.do(*change))

        self.app.push_screen(EditScreen(choices), answer)

    def _changed(self, change: Callable[[], object]) -> None:
        try:
            change()
        except CnnsimError as error:
            self.complain(error)
            return
        self.stage.forget()
        self.board.forget()
        self._compute()
        self.go(self.step)

    def action_undo(self) -> None:
        """Take back the last edit."""
        self._changed(self.edits.undo)

    def action_redo(self) -> None:
        """Do again what was taken back."""
        self._changed(self.edits.redo)

    def action_copy(self) -> None:
        """Copy the cell as NumPy code; the second time as PyTorch code."""
        view = self.view
        if view is None:
            return
        torch = self._copied == (view.step, "numpy")
        code = (torch_code if torch else numpy_code)(view)
        self._copied = (view.step, "torch" if torch else "numpy")
        self.app.copy_to_clipboard(code)
        other = "" if torch else "; y again for PyTorch"
        self.notify(f"copied the cell as {'PyTorch' if torch else 'NumPy'} code{other}", timeout=3)

    def action_walk(self) -> None:
        """The shape walk, at this layer."""
        from cnnsim.tui.screens.walk import WalkScreen

        self._player.pause()
        self.app.push_screen(WalkScreen(self.stepper, self.stepper.sweep(self.step).layer))

    def action_back(self) -> None:
        """Panels first, then home."""
        self._player.pause()
        if self.board.is_maximised:
            self.action_maximise()
            return
        super().action_back()

    # -- the file --------------------------------------------------------------------------------

    def _look_at_file(self) -> None:
        """Read the scenario again when it was saved; a broken file leaves everything as it is."""
        # Not under a dialog, nor right after one, whose answer may still be on its way.
        was_on_top, self._on_top = self._on_top, self.app.screen is self
        if not (was_on_top and self._on_top):
            return
        try:
            scenario = self._watch.changed()
        except CnnsimError as error:
            self.complain(error)
            return
        if scenario is None:
            return
        address = self.stepper.address(self.step)
        try:
            stepper = Stepper(scenario)
        except CnnsimError as error:
            self.complain(error)
            return
        try:
            step = stepper.find(address)
        except CnnsimError:
            step = 0
        self.notify("the file was saved: read again", timeout=3)
        self._player.pause()
        self.app.switch_screen(ForwardScreen(stepper, step))

    # -- the mouse -------------------------------------------------------------------------------

    def on_matrix_panel_picked(self, event: MatrixPanel.Picked) -> None:
        """Go to the step that uses the clicked cell."""
        view = self.view
        if view is None or event.matrix not in [slot.matrix for slot in self.board.slots]:
            # It shows something else by now.
            return
        self._player.pause()
        out = slice_at(view.sweep.cells, view.position.cell)
        step = step_of_pick(self.stepper.trace, view, event.matrix, event.index, out)
        if step is None:
            self.tell("no product of this output map uses that value")
        else:
            self.go(step)

    def on_matrix_panel_pointed(self, event: MatrixPanel.Pointed) -> None:
        """Show where a value comes from or goes to."""
        self._hover = None if event.index is None else (event.tensor, event.index)
        if self.view is not None:
            self.view = replace(self.view, hover=self._hover)
            self.board.show_matrices(self.view)

    def on_timeline_dragged(self, event: Timeline.Dragged) -> None:
        """Go to a place on the timeline."""
        self._player.pause()
        self.go(round(event.fraction * (len(self.stepper.trace) - 1)))
