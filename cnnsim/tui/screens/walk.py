"""The shape walk: sizes, costs, receptive fields, and what if they were others."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from cnnsim.errors import CnnsimError
from cnnsim.network.graph import INPUT
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.screens.leaving import Work
from cnnsim.tui.screens.sides import Sides
from cnnsim.tui.walk.changed import changed_scenario
from cnnsim.tui.walk.layout import PANELS, block_rows, lay_walk
from cnnsim.tui.walk.state import WalkState, costs_of, first_step
from cnnsim.tui.walk.table import Line, table_text
from cnnsim.tui.walk.views import TableView
from cnnsim.tui.walk.why import why_lines
from cnnsim.tui.widgets.mapspanel import MapsPanel
from cnnsim.tui.widgets.panels import Panels
from cnnsim.tui.widgets.walkpicture import PicturePanel
from cnnsim.tui.widgets.walktable import TablePanel
from cnnsim.tui.widgets.walkwhatif import WhatIfPanel
from cnnsim.tui.widgets.walkwhy import WhyPanel


class WalkScreen(BaseScreen):
    """Sizes, costs and receptive fields of every layer; it computes no tensor.

    Which panel the arrows belong to is told by the focus: table, picture or what-if.
    """

    kind = "walk"
    stepper: Stepper
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("walk")]

    def __init__(self, stepper: Stepper, layer: str | None = None) -> None:
        super().__init__()
        self.stepper = stepper
        self.state = WalkState(stepper, layer)
        self._typed = ""
        self._sides = Sides(self, self._show_what_if)
        self._table = TablePanel(id="table")
        self._picture = PicturePanel(id="picture")
        self._why = WhyPanel(id="why")
        self._whatif = WhatIfPanel(id="whatif")
        self._maps = MapsPanel(id="maps")
        every = (self._table, self._picture, self._why, self._whatif, self._maps)
        self.board = Panels(dict(zip(PANELS, every, strict=True)), lay_walk, self.refresh_panels)

    def compose(self) -> ComposeResult:
        """Header, panels, footer."""
        yield self.header
        yield self.board
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Look from where the stepper below stands."""
        self.set_focus(self._table)
        self.set_interval(1.0, self._look_for_maps)
        below = self._screen_below()
        if below is not None:
            self.state.look_from(below.step)
        # The first picture is complete, however long the first resize takes to arrive.
        self.lay_panels()

    def on_screen_resume(self) -> None:
        """Edits may have changed the input."""
        self.state.forget_input()
        self.refresh_panels()

    def _screen_below(self) -> ForwardScreen | None:
        """The screen that steps through this very stepper, if there is one."""
        for screen in reversed(self.app.screen_stack):
            if isinstance(screen, ForwardScreen) and screen.stepper is self.stepper:
                return screen
        return None

    # -- showing ---------------------------------------------------------------------------------

    def lay_panels(self) -> None:
        """Put the panels where they belong at the present size."""
        # The app's size is known before the screen has its own.
        self.board.lay(self.app.size.width, self.app.size.height - 2)

    def refresh_panels(self) -> None:
        """Everything follows from the state."""
        if not self.is_mounted:
            return
        state = self.state
        lines = state.lines()
        self._show_header()
        self._table.show(TableView(lines, tuple(self._listed(lines)), state.selected))
        if self._picture.display:
            self._picture.show(state.looking(self.focused is self._picture))
        if self._why.display:
            self._why.show(state.selected, why_lines(state.what.outcome, state.selected))
        self._show_what_if()
        if self._maps.display:
            self._maps.show(state.maps())

    def _show_what_if(self) -> None:
        if self._whatif.display:
            what = self.state.what
            fitting = self._sides.of(what.changes, what.outcome.network)
            self._whatif.show(self.state.question(fitting))

    def _listed(self, lines: tuple[Line, ...]) -> list[Line]:
        """The lines in the table: all of them, unless the blocks would lose their room."""
        rect = self.board.places.panels.get("table", (0, 0, 0, 24))
        return self.state.listed(lines, block_rows(rect[3] - 2, len(lines))[1] == 0)

    def _show_header(self) -> None:
        state = self.state
        name = self.stepper.scenario.name + ("*" if state.what.is_changed else "")
        crumbs = [(name, "bar_dim"), ("walk", "bar_bold"), (state.selected, "bar_bold")]
        error = state.what.outcome.error
        if error is not None:
            self.header.show(crumbs, [(f"✗ {error.layer} does not fit", "bar_bold")])
            return
        self.header.show(crumbs, *costs_of(state.what.outcome.walked), spare=((-1,),))

    def _look_for_maps(self) -> None:
        """The stepper below may have computed more."""
        if self._maps.display and self.is_current:
            self._maps.show(self.state.maps())

    # -- focus -----------------------------------------------------------------------------------

    def _bring_up(self, name: str) -> None:
        """Focus a panel, from behind its neighbours if need be."""
        self._typed = ""
        self.board.bring_up(name)

    def action_turn(self, by: int) -> None:
        """The next or previous panel; panels that share a place come up in turn."""
        self.board.turn(by)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click has given the focus to another panel."""
        if event.widget is not self._whatif:
            self._typed = ""
        self.refresh_panels()

    def action_maximise(self) -> None:
        """The focused panel alone, or all of them again."""
        self.board.maximise("table")

    def action_back(self) -> None:
        """From a panel alone to all, from another panel to the table, from there to below."""
        if self.board.show_all():
            return
        if self.focused is not self._table:
            self._bring_up("table")
        else:
            super().action_back()

    def action_field(self) -> None:
        """Move the field; again: back to the table."""
        self._bring_up("table" if self.focused is self._picture else "picture")

    def action_what_if(self) -> None:
        """Change numbers; again: back to the table."""
        self._bring_up("table" if self.focused is self._whatif else "whatif")

    # -- moving ----------------------------------------------------------------------------------

    def select(self, name: str) -> None:
        """Select a layer, or the input."""
        self.state.select(name)
        self._typed = ""
        self.refresh_panels()

    def action_layer(self, by: int) -> None:
        """The next or previous layer; in other panels down or up."""
        if self.focused is self._picture:
            self._move_unit(by, 0)
        elif self.focused is self._whatif:
            self._typed = ""
            self.state.choose(by)
            self.refresh_panels()
        else:
            names = [line.name for line in self._listed(self.state.lines())]
            at = names.index(self.state.selected) + by
            self.select(names[min(max(at, 0), len(names) - 1)])

    def action_end(self, direction: int) -> None:
        """The input, or the last layer."""
        self.select(INPUT if direction < 0 else self.stepper.network.layers[-1].name)

    def action_across(self, by: int) -> None:
        """Right or left: another number, another unit."""
        if self.focused is self._whatif:
            self._change(by)
        elif self.focused is self._picture:
            self._move_unit(0, by)

    def action_far(self, down: int, right: int) -> None:
        """Ten more of a number, eight units on."""
        if self.focused is not self._whatif:
            self._move_unit(8 * down, 8 * right)
        elif right:
            self._change(10 * right)

    def _move_unit(self, down: int, right: int) -> None:
        if not self.state.move_unit(down, right):
            self.tell(f"every unit of {self.state.selected} sees everything")
        self.refresh_panels()

    def action_channel(self, by: int) -> None:
        """Another channel of the input, or all of them in colour."""
        if not self.state.next_channel(by):
            self.tell("the input has no further channels")
        self.refresh_panels()

    def action_fold(self) -> None:
        """Show or hide the layers that change values in place."""
        lines = self.state.lines()
        if not any(line.quiet for line in lines):
            self.tell("no layer changes values in place: all are listed")
        self.state.folded = len(self._listed(lines)) == len(lines)
        self.refresh_panels()

    def action_find(self) -> None:
        """Ask for a layer."""
        from cnnsim.tui.screens.ask import AskScreen

        def answer(text: str | None) -> None:
            if text:
                self.select(self.state.named(text))

        hint = "part of its name, or a kind such as conv2d"
        self.app.push_screen(AskScreen("find a layer", hint, self.state.explain), answer)

    # -- what if ---------------------------------------------------------------------------------

    def _change(self, by: int) -> None:
        self._try(lambda: self.state.what.step(self.state.chosen(), by))

    def _try(self, change: Callable[[], None], typed: str = "") -> None:
        """Make a change; what is not allowed is said, for as long as it holds."""
        self._typed = typed
        wrong = ""
        try:
            change()
        except CnnsimError as error:
            wrong = error.message
        self.tell(wrong)
        self.refresh_panels()

    def on_key(self, event: events.Key) -> None:
        """Digits are typed into the chosen row of the what-if panel."""
        if self.focused is not self._whatif:
            return
        character = event.character or ""
        if character.isascii() and character.isdigit():
            self._type((self._typed + character)[:8])
        elif event.key == "backspace":
            knob = self.state.what.knobs(self.state.selected)[self.state.knob]
            self._type((self._typed or knob.text)[:-1])
        elif character and character in "+-":
            self._change(1 if character == "+" else -1)
        else:
            return
        event.stop()

    def _type(self, text: str) -> None:
        chosen = self.state.chosen()
        self._typed = text
        if text.isascii() and text.isdigit():
            self._try(lambda: self.state.what.type(chosen, int(text)), text)

    def action_undo(self) -> None:
        """Take back the last change."""
        self._try(self.state.what.undo)

    def action_redo(self) -> None:
        """Do again what was taken back."""
        self._try(self.state.what.redo)

    def action_reset(self) -> None:
        """Everything as in the file."""
        self._try(self.state.what.reset)

    # -- going inside, copying -------------------------------------------------------------------

    def action_inside(self) -> None:
        """Step through the selected layer, here or in the changed network; or end a number."""
        if self._typed and self.focused is self._whatif:
            self._typed = ""  # the number ends here
            return
        name = self.state.selected
        unit = self.state.unit() if self.focused is self._picture else None
        if self.state.what.is_changed:
            try:
                scenario = changed_scenario(self.stepper.scenario, self.state.what)
            except CnnsimError as error:
                self.complain(error)
                return
            self.cnnsim.open_scenario(scenario, first_step(scenario.trace, name, unit))
            return
        step = first_step(self.stepper.trace, name, unit)
        below = self._screen_below()
        if below is None:
            self.app.push_screen(ForwardScreen(self.stepper, step))
            return
        while self.app.screen is not below:
            self.app.pop_screen()
        below.go(step)

    def action_copy(self) -> None:
        """Copy the table as text."""
        self.app.copy_to_clipboard(table_text(self.stepper.scenario.name, self.state.what))
        self.leaving.keep()
        self.notify("copied the table as text", timeout=3)

    def work(self) -> Work:
        """The changes are this screen's own."""
        return Work("what you changed", "y copies the table", self.state.what.changes)

    # -- the mouse -------------------------------------------------------------------------------

    def on_table_panel_picked(self, event: TablePanel.Picked) -> None:
        """Select a layer; a click on the selected one steps inside."""
        if event.inside:
            self.action_inside()
        else:
            self.select(event.name)

    def on_picture_panel_pointed(self, event: PicturePanel.Pointed) -> None:
        """The unit nearest to a place of the picture."""
        self.state.point = event.point
        self.refresh_panels()

    def on_what_if_panel_turned(self, event: WhatIfPanel.Turned) -> None:
        """Choose a row, and change it where an arrow was clicked."""
        places = [knob.place for knob in self.state.what.knobs(self.state.selected)]
        if event.place in places:
            self.state.knob = places.index(event.place)
            if event.by:
                self._change(event.by)
            self.refresh_panels()
