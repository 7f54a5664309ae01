"""The stepper: any multiply-add of a scenario, forwards and backwards."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.worker import get_current_worker

from cnnsim.errors import CnnsimError
from cnnsim.kernels.fill import Progress
from cnnsim.stepper.edits import Edits
from cnnsim.stepper.queries import Query, find_step, parse_query
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.moves import UNITS
from cnnsim.steps.trace import Position, ravel
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.reload import FileWatch
from cnnsim.tui.stage.code import numpy_code, torch_code
from cnnsim.tui.stage.layout import Arrangement, arrange
from cnnsim.tui.stage.narrate import narrate
from cnnsim.tui.stage.slots import Slot, lay_out, signs_between
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.ticks import ticks_of
from cnnsim.tui.stage.view import MODES, View
from cnnsim.tui.widgets.growth import GrowthPanel
from cnnsim.tui.widgets.matrixpanel import MatrixPanel
from cnnsim.tui.widgets.sign import Sign
from cnnsim.tui.widgets.sumpanel import SumPanel, is_ledger
from cnnsim.tui.widgets.textpanels import LoopsPanel, NotePanel, OriginPanel, TabbedPanel
from cnnsim.tui.widgets.timeline import Timeline

#: Matrices that can stand side by side.
_MATRICES = 6
#: Scenarios with fewer steps are computed before the first picture.
_AT_ONCE = 1_500_000
#: Steps a second: each key press doubles or halves.
_SPEEDS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096)
#: Pictures a second while playing; faster speeds show every n-th step.
_FRAMES = 16


class ForwardScreen(BaseScreen):
    """Steps through the forward pass. It holds the position; everything shown follows from it."""

    kind = "forward"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("forward")]
    DEFAULT_CSS = """
    ForwardScreen #stage { width: 100%; height: 1fr; }
    ForwardScreen #stage > * { position: absolute; }
    """

    def __init__(self, stepper: Stepper, at: int = 0) -> None:
        super().__init__()
        self.stepper = stepper
        self.stage = Stage(stepper)
        self.edits = Edits(stepper)
        self.step = at
        self.view: View | None = None
        self._mode = MODES[0]
        self._unit = UNITS[0]
        self._speed = _SPEEDS.index(2)
        self._skip_padding = False
        self._hover: tuple[str, tuple[int, ...]] | None = None
        self._query: Query | None = None
        self._player: Timer | None = None
        self._maximised: str | None = None
        self._tab = "note"
        self._slots: list[Slot] = []
        self._arrangement: Arrangement | None = None
        self._copied: tuple[int, str] = (-1, "")
        self._stops = {stepper.find(stop.at): n for n, stop in
                       reversed(list(enumerate(stepper.scenario.tour)))}
        self._matrices = [MatrixPanel(id=f"matrix{n}") for n in range(_MATRICES)]
        self._signs = [Sign(id=f"sign{n}") for n in range(_MATRICES - 1)]
        self._sum = SumPanel(id="sum")
        self._note = NotePanel(id="note")
        self._loops = LoopsPanel(id="loops")
        self._origin = OriginPanel(id="origin")
        self._growth = GrowthPanel(id="growth")
        self._timeline = Timeline(id="timeline")
        self._watch = FileWatch(stepper.scenario.path)

    @property
    def key(self) -> str:
        """Under what name marks are kept: the bundled name, or the full path."""
        return scenario_key(self.stepper)

    def compose(self) -> ComposeResult:
        """Header, stage, footer."""
        yield self.header
        with Container(id="stage"):
            yield from self._matrices
            yield from self._signs
            yield self._sum
            yield self._origin
            yield self._growth
            yield self._loops
            yield self._note
            yield self._timeline
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

    # -- computing ------------------------------------------------------------------------------

    def _compute(self) -> None:
        values = self.stepper.values
        if all(values.is_ready(name) for name in values):
            self.footer.say("")
        elif len(self.stepper.trace) < _AT_ONCE:
            values.compute_all()
        else:
            self._compute_in_background()

    @work(thread=True, exclusive=True, group="compute")
    def _compute_in_background(self) -> None:
        """Fill the tensors in order; what is ready can be looked at meanwhile."""
        worker = get_current_worker()
        last = -1.0

        def report(progress: Progress) -> None:
            nonlocal last
            if worker.is_cancelled:
                raise CnnsimError("stopped")
            if progress.share - last > 0.1 or progress.share < last or progress.share == 0:
                last = progress.share
                self.app.call_from_thread(self._hear, progress)

        try:
            self.stepper.values.compute_all(report)
        except CnnsimError:
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._computed)

    def _hear(self, progress: Progress) -> None:
        first = ", first run only" if progress.stage == "compiling" else ""
        share = f" {progress.share:.0%}" if progress.stage == "computing" else ""
        self.footer.say(f"{progress.stage} {progress.sweep}{share}{first} …")
        if self.view is None or self.view.step != self.step:
            self.go(self.step)

    def _computed(self) -> None:
        self.footer.say("")
        self.go(self.step)

    # -- showing --------------------------------------------------------------------------------

    def go(self, step: int) -> None:
        """Show `step`."""
        self.step = step
        if not self.is_mounted or not self.size:
            return
        if not self.stepper.is_ready(step):
            self._show_waiting()
            return
        previous = self.view
        self.view = self._look(step)
        self.cnnsim.marks.put(
            self.key, step, self.view.reading.address, len(self.stepper.trace)
        )
        self._show(previous)

    def _look(self, step: int) -> View:
        position = self.stepper.trace.position(step)
        number = self._stops.get(step)
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
            playing=self._player is not None,
            speed=_SPEEDS[self._speed],
            skip_padding=self._skip_padding,
            stop=None if number is None else self.stepper.scenario.tour[number],
            stop_number=number or 0,
            stops=len(self.stepper.scenario.tour),
            hover=self._hover,
            edits=len(self.edits),
        )

    def _show(self, previous: View | None) -> None:
        view = self.view
        if view is None:
            return
        self._lay_out(view)
        letters = tuple(
            self.stage.symbol_of(view.sweep, n, read).partition("[")[0]
            for n, read in enumerate(view.reading.reads)
        )
        names = tuple(
            self.stage.symbol_of(view.sweep, n, read) for n, read in enumerate(view.reading.reads)
        )
        self._show_matrices(view)
        if self._sum.display:
            self._sum.show(view, letters)
        if self._note.display:
            self._note.show(view, narrate(self.stage, view))
        if self._loops.display:
            self._loops.show(view, previous, names)
        if self._origin.display:
            self._origin.show(view, names)
        if self._growth.display:
            self._growth.show(view)
        if self._timeline.display:
            steps = max(view.steps - 1, 1)
            self._timeline.show(ticks_of(self.stage, view), view.step / steps)
        self._show_header(view)

    def _show_matrices(self, view: View) -> None:
        for panel, slot in zip(self._matrices, self._slots, strict=False):
            panel.show(slot.matrix, self.stage.plane(view, slot.matrix), slot.cls)

    def _show_header(self, view: View) -> None:
        sweep = view.sweep
        crumbs = [(view.scenario, "bar_dim"), (sweep.layer, "bar_dim"), (sweep.name, "bar_dim"),
                  (f"[{','.join(map(str, view.position.cell))}]", "bar_bold")]  # fmt: skip
        if view.position.tap:
            crumbs.append((f"tap[{','.join(map(str, view.position.tap))}]", "bar_bold"))
        mac = view.reading.mac
        if mac is not None and view.macs == view.steps:
            place = f"{count(view.step + 1)} of {count(view.steps)}"
            state = [("step ", "bar_dim"), (count(view.step), "bar_bold"), (f"  {place}", "bar_dim")]
        elif mac is not None:
            state = [("mac ", "bar_dim"), (count(mac), "bar_bold"),
                     (f" of {count(view.macs)}", "bar_dim")]  # fmt: skip
        else:
            state = [("step ", "bar_dim"), (count(view.step), "bar_bold"),
                     (f" of {count(view.steps)}", "bar_dim")]  # fmt: skip
        if view.edits:
            state.insert(0, (f"{view.edits} edited  ", "bar_bold"))
        if view.unit != "product":
            state.append((f"  by {view.unit}", "bar_bold"))
        if view.skip_padding:
            state.append(("  no padding", "bar_dim"))
        mark = "▶" if view.playing else "❚❚"
        state.append((f"  {mark} {view.speed:g}/s", "bar_dim"))
        self.header.show(crumbs, state, spare=(2, 0))

    def _show_waiting(self) -> None:
        """The step needs tensors that are still being computed: say so, keep the place."""
        address = self.stepper.address(self.step)
        self.header.show(
            [(self.stepper.scenario.name, "bar_dim"), (address, "bar_bold")],
            [("computing", "bar_dim")],
        )
        self.view = None
        self._arrange_waiting()
        sweep = self.stepper.sweep(self.step)
        missing = [n for n in sweep.tensors if not self.stepper.values.is_ready(n)]
        text = f"{sweep.full_name} needs {', '.join(missing)}, which is being computed."
        self._note.wait([[(text, "base")], [], [("It opens here by itself.", "dim")]])

    def _arrange_waiting(self) -> None:
        for panel in (*self._matrices, *self._signs, self._sum, self._loops, self._origin, self._growth,
                      self._timeline):  # fmt: skip
            panel.display = False
        self.place(self._note, (1, 1, max(self.size.width - 2, 20), 8))
        self._slots = []
        self._arrangement = None

    # -- layout -----------------------------------------------------------------------------------

    def lay_panels(self) -> None:
        """The size has changed."""
        self._slots = []
        self._arrangement = None
        self.go(self.step)

    def _lay_out(self, view: View) -> None:
        width, height = self.size.width, self.size.height - 2
        matrices = self.stage.matrices(view)
        is_long = is_ledger(view.sweep, width - (2 if width >= 100 else 0))
        if view.sweep.fold is None:
            rows = min(len(view.sweep.reads) + 2, 6)
        elif is_long:
            rows = 4 + (len(view.sweep.reads) if height >= 28 else 0)
        else:
            rows = 4 if height >= 28 else 3
        half_blocks = not self.cnnsim.ascii
        large = width >= 180
        has_maps = any(matrix.is_map for matrix in matrices)
        room = arrange(width, height, rows, is_long, has_maps, 10**6)
        slots = lay_out(matrices, room.matrices[2], room.matrices[3], large, half_blocks)
        used = max(slot.cls.size(*slot.matrix.outer)[1] + 2 for slot in slots) if slots else 9
        arrangement = arrange(width, height, rows, is_long, has_maps, max(used, 9))
        if self._maximised:
            arrangement = self._alone(arrangement, self._maximised, width, height)
            x, y, wide, high = arrangement.matrices
            if wide:
                shown = [s.matrix for s in self._slots if s.matrix.key == self._maximised]
                shown = [m for m in matrices if m.key == self._maximised] or shown
                slots = lay_out(shown, wide, high, True, half_blocks)
        if slots == self._slots and arrangement == self._arrangement:
            return
        self._slots, self._arrangement = slots, arrangement
        self._apply(arrangement, slots)

    def _apply(self, arrangement: Arrangement, slots: list[Slot]) -> None:
        x, y, _, height = arrangement.matrices
        for number, panel in enumerate(self._matrices):
            if number < len(slots):
                self.place(panel, (x + slots[number].x, y, slots[number].width, height))
            else:
                panel.display = False
        signs = signs_between(slots)
        for sign in self._signs:
            sign.display = False
        for sign, (column, gap, text) in zip(self._signs, signs, strict=False):
            self.place(sign, (x + column, y, gap, height))
            sign.show(text)
        if self._tab not in arrangement.shared and arrangement.shared:
            self._tab = arrangement.shared[0]
        panels = {"sum": self._sum, "note": self._note, "loops": self._loops,
                  "origin": self._origin, "growth": self._growth, "timeline": self._timeline}
        labels = tuple(
            panel.label for name in arrangement.shared
            if isinstance(panel := panels[name], TabbedPanel)
        )  # fmt: skip
        for name, panel in panels.items():
            hidden = name in arrangement.shared and name != self._tab
            if name in arrangement.panels and not hidden:
                self.place(panel, arrangement.panels[name])
            else:
                panel.display = False
            if isinstance(panel, TabbedPanel):
                panel.share(labels if name in arrangement.shared else ())

    def _alone(self, usual: Arrangement, name: str, width: int, height: int) -> Arrangement:
        """One panel over everything, the timeline below it."""
        timeline = {"timeline": (0, height - 2, width, 2)}
        if name in usual.panels:
            return Arrangement((0, 0, 0, 0), {name: (0, 0, width, height - 2), **timeline})
        return Arrangement((0, 0, width, height - 2), timeline)

    def action_maximise(self) -> None:
        """The focused panel alone, or all of them again."""
        focused = self.focused
        if self._maximised:
            self._maximised = None
        elif isinstance(focused, MatrixPanel) and focused.matrix is not None:
            self._maximised = focused.matrix.key
        elif focused is not None and focused.id in ("sum", "note", "loops", "origin", "growth"):
            self._maximised = focused.id
        else:
            self._maximised = "out"
        self.go(self.step)

    def key_tab(self) -> None:
        """The next panel; panels that share a place come up in turn."""
        shared = self._arrangement.shared if self._arrangement else ()
        focused = self.focused
        if focused is not None and focused.id in shared and focused.id != shared[-1]:
            self._tab = shared[shared.index(focused.id) + 1]
            self._slots = []
            self.go(self.step)
            self.set_focus(self.query_one(f"#{self._tab}"))
            return
        if shared and self._tab != shared[0] and focused is not None and focused.id in shared:
            self._tab = shared[0]
            self._slots = []
            self.go(self.step)
        self.focus_next()

    # -- moving -----------------------------------------------------------------------------------

    def action_step(self, direction: int) -> None:
        """One unit forwards or backwards."""
        self._pause()
        self._move(self._unit, direction > 0)

    def action_cell(self, direction: int) -> None:
        """One cell forwards or backwards."""
        self._pause()
        self._move("cell", direction > 0)

    def _move(self, unit: str, forward: bool) -> bool:
        target = self.stepper.move(self.step, unit, forward, self._skip_padding)
        if target == self.step:
            self.footer.say("this is the last step" if forward else "this is the first step")
            self.set_timer(2, lambda: self.footer.say(""))
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
        self._pause()
        self.go(len(self.stepper.trace) - 1 if direction > 0 else 0)

    def action_channel(self, direction: int) -> None:
        """The same place in the next or previous channel of the output."""
        position = self.stepper.trace.position(self.step)
        sweep = self.stepper.trace.sweep_of(position)
        axis = 1 if len(sweep.cells) > 1 else 0
        cell = list(position.cell)
        cell[axis] = (cell[axis] + direction) % sweep.cells[axis]
        self._pause()
        self.go(self.stepper.trace.step(position._replace(cell=tuple(cell))))

    def action_stop(self, direction: int) -> None:
        """The next or previous stop of the tour, in the tour's own order."""
        tour = self.stepper.scenario.tour
        if not tour:
            self.complain(CnnsimError("this scenario has no tour"))
            return
        at = self._stops.get(self.step)
        if at is not None:
            number = at + direction
        else:
            steps = [self.stepper.find(stop.at) for stop in tour]
            later = [n for n, step in enumerate(steps) if step > self.step]
            earlier = [n for n, step in enumerate(steps) if step < self.step]
            if direction > 0:
                number = later[0] if later else len(tour)
            else:
                number = earlier[-1] if earlier else -1
        if not 0 <= number < len(tour):
            self.footer.say("the tour ends here" if direction > 0 else "the tour begins here")
            self.set_timer(2, lambda: self.footer.say(""))
            return
        self._pause()
        self.go(self.stepper.find(tour[number].at))

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
        self._pause()
        self.go(mark.step)

    # -- playing ----------------------------------------------------------------------------------

    def action_play(self) -> None:
        """Play or pause."""
        if self._player is not None:
            self._pause()
            self.go(self.step)
            return
        rate = _SPEEDS[self._speed]
        self._player = self.set_interval(1 / min(rate, _FRAMES), self._play_on)
        self.go(self.step)

    def _play_on(self) -> None:
        for _ in range(max(1, round(_SPEEDS[self._speed] / _FRAMES))):
            target = self.stepper.move(self.step, self._unit, True, self._skip_padding)
            if target == self.step:
                self._pause()
                break
            self.step = target
        self.go(self.step)

    def _pause(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None

    def action_speed(self, direction: int) -> None:
        """Twice or half as fast."""
        self._speed = min(max(self._speed + direction, 0), len(_SPEEDS) - 1)
        if self._player is not None:
            self._pause()
            self.action_play()
        else:
            self.go(self.step)

    # -- asking -----------------------------------------------------------------------------------

    def action_goto(self) -> None:
        """Ask for an address."""
        from cnnsim.tui.screens.ask import AskScreen

        self._pause()

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
        from cnnsim.tui.screens.ask import AskScreen

        self._pause()

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
            self.footer.say(f"no {self._query.text} {where} this step")
            self.set_timer(3, lambda: self.footer.say(""))
            return
        self.go(found)

    # -- editing ----------------------------------------------------------------------------------

    def action_edit(self) -> None:
        """Ask for a new number for one of the values that this step reads."""
        from cnnsim.tui.screens.edit import EditScreen

        self._pause()
        view = self.view
        if view is None:
            return
        choices = [
            (read.tensor, read.index, read.value)
            for read in view.reading.reads
            if read.inside and read.index is not None and self.stepper.values.is_leaf(read.tensor)
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

        def answer(change: tuple[str, tuple[int, ...], float] | None) -> None:
            if change is not None:
                self._changed(lambda: self.edits.do(*change))

        self.app.push_screen(EditScreen(choices), answer)

    def _changed(self, change: object) -> None:
        try:
            change()  # type: ignore[operator]
        except CnnsimError as error:
            self.complain(error)
            return
        self.stage.forget()
        self._slots = []
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
        code = (torch_code if torch else numpy_code)(self.stepper, view)
        self._copied = (view.step, "torch" if torch else "numpy")
        self.app.copy_to_clipboard(code)
        other = "" if torch else "; y again for PyTorch"
        self.notify(f"copied the cell as {'PyTorch' if torch else 'NumPy'} code{other}", timeout=3)

    def action_walk(self) -> None:
        """The shape walk, at this layer."""
        from cnnsim.tui.screens.walk import WalkScreen

        self._pause()
        self.app.push_screen(WalkScreen(self.stepper, self.stepper.sweep(self.step).layer))

    def action_back(self) -> None:
        """Panels first, then home."""
        self._pause()
        if self._maximised:
            self._maximised = None
            self.go(self.step)
            return
        super().action_back()

    # -- the file -----------------------------------------------------------------------------------

    def _look_at_file(self) -> None:
        """Read the scenario again when it was saved; a broken file leaves everything as it is."""
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
        self._pause()
        self.app.switch_screen(ForwardScreen(stepper, step))

    # -- the mouse ------------------------------------------------------------------------------------

    def on_matrix_panel_picked(self, event: MatrixPanel.Picked) -> None:
        """Go to the step that uses the clicked cell."""
        view, matrix = self.view, event.panel.matrix
        if view is None or matrix is None:
            return
        self._pause()
        sweep, position = view.sweep, view.position
        if matrix.read is None:
            tap = position.tap if event.index == position.cell else (0,) * len(sweep.taps)
            self.go(self.stepper.trace.step(position._replace(cell=event.index, tap=tap)))
            return
        tap_number = self._tap_reading(view, matrix.read, event.index)
        if tap_number is not None:
            self.go(view.step - view.tap + tap_number)
            return
        out = self._slots[-1].matrix.slice
        cells = self.stage.cells_reading(view, matrix.read, event.index, out)
        if cells:
            cell, tap = cells[0]
            self.go(self.stepper.trace.step(Position(position.iteration, position.sweep, cell, tap)))
        else:
            self.footer.say("no product of this output map uses that value")
            self.set_timer(2, lambda: self.footer.say(""))

    def _tap_reading(self, view: View, read: int, index: tuple[int, ...]) -> int | None:
        """The tap of the present cell that reads `index`."""
        hits = None
        for axis, at in zip(view.work.reach.indices[read], index, strict=True):
            hit = axis == at
            hits = hit if hits is None else hits & hit
        taps = [] if hits is None else hits.nonzero()[0].tolist()
        return int(taps[0]) if taps else None

    def on_matrix_panel_pointed(self, event: MatrixPanel.Pointed) -> None:
        """Show where a value comes from or goes to."""
        self._hover = None if event.index is None else (event.tensor, event.index)
        if self.view is not None:
            self.view = replace(self.view, hover=self._hover)
            self._show_matrices(self.view)

    def on_timeline_dragged(self, event: Timeline.Dragged) -> None:
        """Go to a place on the timeline."""
        self._pause()
        self.go(round(event.fraction * (len(self.stepper.trace) - 1)))


def scenario_key(stepper: Stepper) -> str:
    """The bundled name of a scenario, or its full path."""
    from cnnsim.scenario.bundled import bundled_folder

    scenario = stepper.scenario
    if scenario.path is None:
        return scenario.name
    path = scenario.path.resolve()
    return scenario.name if path.parent == bundled_folder().resolve() else str(path)


__all__ = ["ForwardScreen", "ravel", "scenario_key"]
