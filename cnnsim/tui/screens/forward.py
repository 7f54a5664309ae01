"""The stepper: any multiply-add of a scenario, forwards and backwards."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cnnsim.errors import CnnsimError
from cnnsim.stepper.edits import Edits
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.stops import Stops
from cnnsim.steps.entry import format_entry
from cnnsim.steps.moves import UNITS
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.marks import scenario_key
from cnnsim.tui.screens.ask import AskScreen
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.computing import Computing
from cnnsim.tui.screens.editor import Editor
from cnnsim.tui.screens.finder import Finder
from cnnsim.tui.screens.flow import FlowScreen
from cnnsim.tui.screens.guesser import Guesser
from cnnsim.tui.screens.player import Player
from cnnsim.tui.screens.recorder import Recorder
from cnnsim.tui.screens.reload import FileWatch
from cnnsim.tui.stage.code import numpy_code, torch_code
from cnnsim.tui.stage.crumbs import crumbs_of, state_of
from cnnsim.tui.stage.pick import step_of_pick
from cnnsim.tui.stage.planes import slice_at
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.view import MODES, View
from cnnsim.tui.widgets.board import Board
from cnnsim.tui.widgets.chainpanel import ChainPanel
from cnnsim.tui.widgets.matrixpanel import MatrixPanel
from cnnsim.tui.widgets.timeline import Timeline


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
        self._scatter: int | None = None
        self._hover: tuple[str, tuple[int, ...]] | None = None
        self._player = Player(self, self._play_on)
        self._computing = Computing(self)
        self._finder = Finder(self)
        self._guesser = Guesser(self)
        self._recorder = Recorder(self)
        self._editor = Editor(self)
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

    # -- showing ---------------------------------------------------------------------------------

    def _compute(self) -> None:
        self._computing.start(self.stepper.trace.position(self.step).iteration)

    @property
    def is_showing(self) -> bool:
        """Whether the panels show the present step, not a wait for it."""
        return self.view is not None and self.view.step == self.step

    def needs(self, step: int) -> bool:
        """Whether tensors are missing to look at `step`; then they are being computed."""
        if not self.stepper.is_ready(step):
            self._computing.start(self.stepper.trace.position(step).iteration)
        return not self.stepper.is_ready(step)

    def go(self, step: int) -> None:
        """Show `step`."""
        self.step = step
        if not self.is_mounted or not self.size:
            return
        if self.needs(step):
            self._show_waiting()
            return
        if not self._player.is_playing:
            self._recorder.see(step)
        previous = self.view
        self.view = self.look(step)
        self.cnnsim.marks.put(self.key, step, self.view.reading.address, len(self.stepper.trace))
        self._show(previous)

    def look(self, step: int) -> View:
        """`step` as it would be shown."""
        position = self.stepper.trace.position(step)
        sweep = self.stepper.trace.sweep_of(position)
        return View(
            scenario=self.stepper.scenario.name,
            step=step,
            steps=len(self.stepper.trace),
            macs=self.stepper.trace.macs,
            sweep=sweep,
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
            recorded=len(self._recorder.recording or ()),
            guesses=(self._guesser.score.right, self._guesser.score.asked),
            breakpoint=self._finder.breakpoint,
            scatter=self._scatter if self._scatter in range(len(sweep.reads)) else None,
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
        rows = self._computing.waiting(self.stepper.trace.position(self.step).iteration)
        self.board.wait("computing every layer; the step opens by itself", rows)

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
            step = self._stops.neighbour(self.step, direction)
        except CnnsimError as error:
            self.tell(error.message)
            return
        stop = self._stops.at(step)
        if stop is not None and stop.ask and direction > 0:
            self._guesser.ask_at(step, stop.ask)
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
            f"{layer} has no gradient"
            if runs
            else "nothing runs backwards here: the file has no [loss] and no [output_grad]"
        )

    def _after_forward(self, layer: str) -> list[int]:
        """The layer's sweeps of the backward pass and the update, dw before db."""
        trace, iteration = self.stepper.trace, self.stepper.scenario.iteration
        sweeps = [
            number
            for number in trace.sweeps_of_layer(layer)
            if iteration.phase_of(number) in ("backward", "update")
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
        start = target = self.step
        for _ in range(steps):
            target = self.stepper.move(target, self._unit, True, self._skip_padding)
        stop = self._finder.stop_between(start, target)
        if stop is not None or target == start:
            self._player.pause()
        self.go(target if stop is None else stop)
        if stop is not None:
            self.tell(f"stopped at {self._finder.breakpoint}")
        return stop is None and target != start

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
        self._finder.ask()

    def action_find_again(self, direction: int) -> None:
        """The next or previous one of what was looked for."""
        self._player.pause()
        self._finder.again(direction)

    def action_breakpoint(self) -> None:
        """Ask where playing stops, or forget it."""
        self._player.pause()
        self._finder.ask_breakpoint()

    def action_guess(self) -> None:
        """Ask for the next value."""
        self._player.pause()
        self._guesser.ask(self._unit, self._skip_padding)

    def action_flow(self, goes: bool) -> None:
        """List why a value is what it is, or where it goes."""
        self._player.pause()
        view = self.view
        if view is None:
            return
        entries = [
            format_entry(read.tensor, read.index)
            for read in view.reading.reads
            if read.inside and read.index is not None
        ]
        filled = format_entry(view.sweep.writes, view.position.cell)
        entries = [*entries, filled] if goes else [filled, *entries]
        if self._hover is not None and self._hover[1] is not None:
            entries.insert(0, format_entry(*self._hover))

        def answer(step: int | None) -> None:
            if step is not None:
                self.go(step)

        self.app.push_screen(FlowScreen(self.stepper, self.step, entries, goes), answer)

    def action_record(self) -> None:
        """Begin to record, or save what was recorded."""
        self._player.pause()
        self._recorder.toggle()

    def action_note(self) -> None:
        """Ask for a note on this step of the recording."""
        self._player.pause()
        self._recorder.ask_note()

    # -- editing ---------------------------------------------------------------------------------

    def action_edit(self) -> None:
        """Ask for a new number for one of the values that this step reads."""
        self._player.pause()
        self._editor.ask()

    def action_undo(self) -> None:
        """Take back the last edit."""
        self._editor.undo()

    def action_redo(self) -> None:
        """Do again what was taken back."""
        self._editor.redo()

    def numbers_changed(self) -> None:
        """An edit: show what follows from it."""
        self.stage.forget()
        self.board.forget()
        self._finder.forget()
        self._compute()
        self.go(self.step)

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

    def on_chain_panel_picked(self, event: ChainPanel.Picked) -> None:
        """Go to the gradients of a layer."""
        self._player.pause()
        self.go(event.step)

    def on_timeline_dragged(self, event: Timeline.Dragged) -> None:
        """Go to a place on the timeline."""
        self._player.pause()
        self.go(round(event.fraction * (len(self.stepper.trace) - 1)))
