"""The stepper: any multiply-add of a scenario, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from cnnsim.errors import CnnsimError
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.entry import format_entry
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.screens.ask import AskScreen
from cnnsim.tui.screens.filewatch import FileWatch
from cnnsim.tui.screens.flow import FlowScreen
from cnnsim.tui.screens.leaving import Work
from cnnsim.tui.screens.moving import MovingScreen
from cnnsim.tui.stage.code import numpy_code, torch_code
from cnnsim.tui.stage.pick import step_of_pick
from cnnsim.tui.stage.slice import slice_at
from cnnsim.tui.widgets.chainpanel import ChainPanel
from cnnsim.tui.widgets.matrixpanel import MatrixPanel
from cnnsim.tui.widgets.timeline import Timeline


class ForwardScreen(MovingScreen):
    """The stepper: what can be asked of a step, changed in it and kept of it."""

    kind = "forward"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("forward")]

    def __init__(self, stepper: Stepper, at: int = 0) -> None:
        super().__init__(stepper, at)
        self._copied: tuple[int, str] = (-1, "")
        self._watch = FileWatch(stepper.scenario)
        self._on_top = False
        # The file as it was saved last, where it could not be read again yet.
        self._saved: Scenario | None = None

    def look_like(self, other: ForwardScreen) -> None:
        """Take over how one looks and moves."""
        self._mode, self._unit = other._mode, other._unit
        self._skip_padding, self._scatter = other._skip_padding, other._scatter
        self._finder.look_for(other._finder)
        self._player.play_like(other._player)
        self._guesser.score = other._guesser.score
        self.board.look_like(other.board)

    def on_mount(self) -> None:
        """Look at the file now and then: it may be edited beside the app."""
        self.set_interval(0.5, self._look_at_file)

    # -- asking ----------------------------------------------------------------------------------

    def action_goto(self) -> None:
        """Ask for an address."""
        self._player.pause()

        def answer(text: str | None) -> None:
            if text:
                self.go_in(*self.located(text))

        position = self.stepper.trace.position(self.step)
        sweep = self.stepper.trace.sweep_of(position)
        address, entry = self.stepper.address(self.step), format_entry(sweep.writes, position.cell)
        mac = "mac 12   " if self.stepper.trace.macs else ""
        self.app.push_screen(
            AskScreen(
                "go to",
                f"{address}   {entry}\n{mac}step 12   50%   {sweep.layer}",
                check=self._explain_address,
            ),
            answer,
        )

    def _explain_address(self, text: str) -> str:
        stepper, step = self.located(text)
        return stepper.address(step)

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
        if self._hover is not None:
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
        if not self.board.show_all() and not self.asks_before(super().action_back):
            super().action_back()

    def work(self) -> Work:
        """The edits; they can be kept in a copy of the scenario's file, where it is all of it."""
        has_file = self.stepper.scenario.path is not None and not self.stepper.is_fed
        keeps = "R and R again saves them" if has_file else ""
        return Work("your edits", keeps, self.edits.present)

    def asks_before(self, leaving: Callable[[], object]) -> bool:
        """A recording is saved or thrown away first."""
        self._player.pause()
        return self._recorder.ask_where(leaving)

    # -- the file --------------------------------------------------------------------------------

    def _look_at_file(self) -> None:
        """Read the scenario again when it was saved; a broken file leaves everything as it is."""
        # Not under a dialog, nor right after one, whose answer may still be on its way.
        was_on_top, self._on_top = self._on_top, self.app.screen is self
        if not (was_on_top and self._on_top):
            return
        try:
            changed = self._watch.changed()
        except CnnsimError as error:
            self.complain(error)
            return
        waits = ["the edits are undone (u)"] if len(self.edits) else []
        waits += ["the recording is saved (R)"] if self._recorder.recording is not None else []
        if changed is not None:
            self._saved = changed
            if waits:
                when = " and ".join(waits)
                self.notify(f"the file was saved: it is read again when {when}", timeout=8)
        scenario = self._saved
        if scenario is None or waits:
            return
        self._saved = None
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
        screen = ForwardScreen(stepper, step)
        screen.look_like(self)
        self.app.switch_screen(screen)

    # -- the mouse -------------------------------------------------------------------------------

    def on_matrix_panel_picked(self, event: MatrixPanel.Picked) -> None:
        """Go to the step that uses the clicked cell."""
        view = self.view
        if view is None or event.matrix not in [slot.matrix for slot in self.board.slots]:
            # It shows something else by now.
            return
        self._player.pause()
        out = slice_at(view.sweep.cells, view.position.cell)
        step = step_of_pick(self.stepper, view, event.matrix, event.index, out)
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
