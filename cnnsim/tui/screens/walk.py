"""The shape walk: sizes, costs, receptive fields, and what if they were others."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.worker import get_current_worker

from cnnsim.errors import CnnsimError, UsageError, did_you_mean
from cnnsim.network.graph import INPUT, Network
from cnnsim.network.layer import Shape
from cnnsim.network.receptive import ReceptiveField
from cnnsim.network.walk import sides_that_fit
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.trace import Position, Trace
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.drawing.numbers import count, short_count
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.walk.changed import changed_input, changed_scenario, look_at_input
from cnnsim.tui.walk.knobs import Value
from cnnsim.tui.walk.layout import PANELS, WalkLayout, block_rows, lay_walk
from cnnsim.tui.walk.picture import Source, source_of
from cnnsim.tui.walk.sight import Point, Unit, centre_of, sight_of, unit_at
from cnnsim.tui.walk.table import Line, lines_of, table_text, visible
from cnnsim.tui.walk.verdict import verdict
from cnnsim.tui.walk.whatif import Place, WhatIf
from cnnsim.tui.walk.why import why_lines
from cnnsim.tui.widgets.board import place
from cnnsim.tui.widgets.walkmaps import Maps, MapsPanel
from cnnsim.tui.widgets.walkpanel import WalkPanel
from cnnsim.tui.widgets.walkpicture import Looking, PicturePanel
from cnnsim.tui.widgets.walktable import TablePanel, TableView
from cnnsim.tui.widgets.walkwhatif import Question, WhatIfPanel
from cnnsim.tui.widgets.walkwhy import WhyPanel

#: How long keys must rest before the sides that fit are looked for.
_REST = 0.15


class WalkScreen(BaseScreen):
    """Sizes, costs and receptive fields of every layer; it computes no tensor.

    Which panel the arrows belong to is told by the focus: table, picture or what-if.
    """

    kind = "walk"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("walk")]
    DEFAULT_CSS = """
    WalkScreen #walk { width: 100%; height: 1fr; }
    WalkScreen #walk > * { position: absolute; }
    """

    def __init__(self, stepper: Stepper, layer: str | None = None) -> None:
        super().__init__()
        self.stepper = stepper
        self.what = WhatIf(stepper.network)
        names = [each.name for each in stepper.network.layers]
        self.selected = layer if layer in names else names[0]
        self.point: Point = _middle(stepper.network.input_shape)
        self.channel: int | None = None
        self._knob = 0
        self._typed = ""
        self._folded: bool | None = None
        self._tab = "picture"
        self._maximised: str | None = None
        self._arrangement = WalkLayout()
        self._source: tuple[Shape, Source] | None = None
        self._sides: dict[tuple[tuple[Place, Value], ...], str] = {}
        self._rest: Timer | None = None
        self._table = TablePanel(id="table")
        self._picture = PicturePanel(id="picture")
        self._why = WhyPanel(id="why")
        self._whatif = WhatIfPanel(id="whatif")
        self._maps = MapsPanel(id="maps")

    @property
    def panels(self) -> dict[str, WalkPanel]:
        """The panels by name, in the order of the tab key."""
        every = (self._table, self._picture, self._why, self._whatif, self._maps)
        return dict(zip(PANELS, every, strict=True))

    def compose(self) -> ComposeResult:
        """Header, panels, footer."""
        yield self.header
        with Container(id="walk"):
            yield from self.panels.values()
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Look where the stepper below stands, and at its picture from there."""
        self.set_focus(self._table)
        self.set_interval(1.0, self._look_for_maps)
        below = self._screen_below()
        if below is None:
            return
        position = self.stepper.trace.position(below.step)
        sweep = self.stepper.trace.sweep_of(position)
        field = self._field()
        first = self.stepper.trace.first_step(position.sweep)
        started = below.step != first and sweep.layer == self.selected
        if started and field is not None and len(position.cell) == 4:
            self.point = centre_of(field, (position.cell[2], position.cell[3]))

    def on_screen_resume(self) -> None:
        """Edits may have changed the input."""
        self._source = None
        self.refresh_panels()

    def _screen_below(self) -> ForwardScreen | None:
        """The screen that steps through this very stepper, if there is one."""
        for screen in reversed(self.app.screen_stack):
            if isinstance(screen, ForwardScreen) and screen.stepper is self.stepper:
                return screen
        return None

    # -- showing --------------------------------------------------------------------------------

    def lay_panels(self) -> None:
        """Put the panels where they belong at the present size."""
        width, height = self.size.width, self.size.height - 2
        arrangement = lay_walk(width, height)
        if self._maximised:
            arrangement = WalkLayout({self._maximised: (0, 0, width, height)})
        self._arrangement = arrangement
        if self._tab not in arrangement.shared and arrangement.shared:
            self._tab = arrangement.shared[0]
        labels = tuple(self.panels[name].label for name in arrangement.shared)
        for name, panel in self.panels.items():
            hidden = name in arrangement.shared and name != self._tab
            if name in arrangement.panels and not hidden:
                place(panel, arrangement.panels[name])
            else:
                panel.display = False
            panel.share(labels if name in arrangement.shared else ())
        self.refresh_panels()

    def refresh_panels(self) -> None:
        """Everything follows from the selection, the point and the changes."""
        if not self.is_mounted or not self.size:
            return
        lines = lines_of(self.what)
        self._show_header(lines)
        self._table.show(
            TableView(lines, tuple(self._visible(lines)), self.selected, self.what.is_changed)
        )
        if self._picture.display:
            self._picture.show(self._looking())
        if self._why.display:
            self._why.show(self.selected, why_lines(self.what.outcome, self.selected))
        if self._whatif.display:
            self._whatif.show(self._question())
        if self._maps.display:
            self._maps.show(self._shown_maps())

    def _visible(self, lines: tuple[Line, ...]) -> list[Line]:
        """The lines that the table lists: all of them, unless blocks would lose their room."""
        folded = self._folded
        if folded is None:
            rect = self._arrangement.panels.get("table", (0, 0, 0, 24))
            folded = block_rows(rect[3] - 2, len(lines))[1] == 0
        return visible(lines, folded, self.selected)

    def _show_header(self, lines: tuple[Line, ...]) -> None:
        name = self.stepper.scenario.name + ("*" if self.what.is_changed else "")
        crumbs = [(name, "bar_dim"), ("walk", "bar_bold"), (self.selected, "bar_bold")]
        walked = self.what.outcome.walked
        number = count if self.size.width >= 100 else short_count
        megabytes = walked.total("activation_bytes") / 1e6
        words = (" params   ", " MACs without bias   ", " MB activations")
        if self.size.width < 100:
            words = (" params  ", " MACs  ", " MB")
        self.header.show(crumbs, [
            (number(walked.total("params")), "bar_bold"), (words[0], "bar_dim"),
            (number(walked.total("macs")), "bar_bold"), (words[1], "bar_dim"),
            (f"{megabytes:,.1f}" if megabytes >= 0.1 else f"{megabytes:.3f}", "bar_bold"),
            (words[2], "bar_dim"),
        ])  # fmt: skip

    def _field(self) -> ReceptiveField | None:
        """The field of the selected layer's units; None where they see everything."""
        if self.selected == INPUT:
            return ReceptiveField() if len(self.what.outcome.network.input_shape) == 3 else None
        rows = {row.name: row for row in self.what.outcome.walked.rows}
        row = rows.get(self.selected)
        return row.receptive_field if row and len(row.output) == 3 else None

    def _unit(self) -> Unit | None:
        """The chosen unit of the selected layer."""
        field, output = self._field(), self.what.outcome.shape(self.selected)
        if field is None or output is None or len(output) != 3:
            return None
        return unit_at(field, output, self.point)

    def _looking(self) -> Looking:
        network = self.what.outcome.network
        field, unit = self._field(), self._unit()
        sight = None
        if field is not None and unit is not None:
            sight = sight_of(field, unit, network.input_shape)
        output = self.what.outcome.shape(self.selected)
        return Looking(self.selected, output, unit, sight, self._shown_source(network),
                       self.channel, self.focused is self._picture)  # fmt: skip

    def _shown_source(self, network: Network) -> Source:
        shape = network.input_shape
        if self._source is None or self._source[0] != shape:
            scenario = self.stepper.scenario
            values = look_at_input(scenario, self.what, self.stepper.values[INPUT][0])
            self._source = (shape, source_of(changed_input(scenario, self.what), values, shape))
            channels = self._channels(self._source[1])
            if self.channel not in channels:
                self.channel = channels[0]
        return self._source[1]

    @staticmethod
    def _channels(source: Source) -> list[int | None]:
        """What the channel key goes through: the colours, then each channel."""
        if len(source.size) != 3:
            return [None]
        single: list[int | None] = [*range(len(source.values))]
        return [None, *single] if source.is_coloured or len(single) == 1 else single

    def _question(self) -> Question:
        knobs = tuple(self.what.knobs(self.selected))
        self._knob = min(self._knob, len(knobs) - 1)
        here = {INPUT, self.selected}
        others = sum(name not in here for name, _ in self.what.changes)
        return Question(self.selected, knobs, self._knob, tuple(
            verdict(self.what, self._fitting())), self.what.is_changed, others)  # fmt: skip

    def _shown_maps(self) -> Maps:
        name = self.selected
        if self.what.is_changed:
            return Maps(name, None, "the maps of a changed network: enter steps inside it")
        tensor = INPUT if name == INPUT else f"{name}.y"
        if not self.stepper.values.is_ready(tensor):
            return Maps(name, None, "not computed yet: enter steps inside, and computes them")
        return Maps(name, self.stepper.values[tensor][0])

    def _look_for_maps(self) -> None:
        """The stepper below may have computed more."""
        if self._maps.display and self.is_current:
            self._maps.show(self._shown_maps())

    # -- the sides that fit ---------------------------------------------------------------------

    def _fitting(self) -> str | None:
        """Square inputs that fit; None until they are found, a moment after the last change."""
        key = tuple(sorted(self.what.changes.items()))
        if key in self._sides:
            return self._sides[key]
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST, self._look_for_sides)
        return None

    @work(thread=True, exclusive=True, group="sides")
    def _look_for_sides(self) -> None:
        """In the background: it takes up to a second for a deep network."""
        worker = get_current_worker()
        key = tuple(sorted(self.what.changes.items()))
        network = self.what.outcome.network
        found = sides_that_fit(network.layers, network.input_shape).removeprefix("sides ")
        if not worker.is_cancelled:
            self.app.call_from_thread(self._found_sides, key, found)

    def _found_sides(self, key: tuple[tuple[Place, Value], ...], found: str) -> None:
        self._sides[key] = found
        if self._whatif.display:
            self._whatif.show(self._question())

    # -- focus ------------------------------------------------------------------------------------

    def _bring_up(self, name: str) -> None:
        """Focus a panel, from behind its neighbours if need be."""
        if self._maximised and self._maximised != name:
            self._maximised = name
        if name in self._arrangement.shared:
            self._tab = name
        self.lay_panels()
        self.set_focus(self.panels[name])
        self._typed = ""
        self.refresh_panels()

    def _turn(self, by: int) -> None:
        """The next panel; panels that share a place come up in turn."""
        usual = lay_walk(self.size.width, self.size.height - 2)
        names = [name for name in PANELS if name in usual.panels]
        focused = self.focused
        at = names.index(focused.id or "") if focused is not None and focused.id in names else -1
        self._bring_up(names[(at + by) % len(names)])

    def key_tab(self) -> None:
        """The next panel."""
        self._turn(1)

    def key_shift_tab(self) -> None:
        """The previous panel."""
        self._turn(-1)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click has given the focus to another panel."""
        self._typed = ""
        self.refresh_panels()

    def action_maximise(self) -> None:
        """The focused panel alone, or all of them again."""
        focused = self.focused
        if self._maximised:
            self._maximised = None
        else:
            self._maximised = focused.id if focused is not None and focused.id else "table"
        self.lay_panels()

    def action_back(self) -> None:
        """From a panel alone to all, from another panel to the table, from there to below."""
        if self._maximised:
            self._maximised = None
            self.lay_panels()
        elif self.focused is not self._table:
            self._bring_up("table")
        else:
            super().action_back()

    def action_field(self) -> None:
        """Move the field; again: back to the table."""
        self._bring_up("table" if self.focused is self._picture else "picture")

    def action_what_if(self) -> None:
        """Change numbers; again: back to the table."""
        self._bring_up("table" if self.focused is self._whatif else "whatif")

    # -- moving -----------------------------------------------------------------------------------

    def select(self, name: str) -> None:
        """Select a layer, or the input."""
        if name == self.selected:
            return
        self.selected = name
        knob = self.what.knobs(name)
        # Another layer's knobs begin at its own; the input's are above them.
        self._knob = min(self._knob, len(knob) - 1)
        self._typed = ""
        self.refresh_panels()

    def action_layer(self, by: int) -> None:
        """The next or previous layer; in other panels down or up."""
        if self.focused is self._picture:
            self._move_unit(by, 0)
        elif self.focused is self._whatif:
            self._typed = ""
            self._knob = min(max(self._knob + by, 0), len(self.what.knobs(self.selected)) - 1)
            self.refresh_panels()
        else:
            names = [line.name for line in self._visible(lines_of(self.what))]
            at = names.index(self.selected) + by
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
        if self.focused is self._whatif:
            self._change(10 * right)
        else:
            self._move_unit(8 * down, 8 * right)

    def _move_unit(self, down: int, right: int) -> None:
        unit, field = self._unit(), self._field()
        output = self.what.outcome.shape(self.selected)
        if unit is None or field is None or output is None:
            self.tell(f"every unit of {self.selected} sees everything")
            return
        moved = (
            min(max(unit[0] + down, 0), output[1] - 1), min(max(unit[1] + right, 0), output[2] - 1)
        )  # fmt: skip
        self.point = centre_of(field, moved)
        self.refresh_panels()

    def action_channel(self, by: int) -> None:
        """Another channel of the input, or all of them in colour."""
        channels = self._channels(self._shown_source(self.what.outcome.network))
        at = channels.index(self.channel) if self.channel in channels else 0
        self.channel = channels[(at + by) % len(channels)]
        if len(channels) == 1:
            self.tell("the input has no further channels")
        self.refresh_panels()

    def action_fold(self) -> None:
        """Show or hide the layers that change values in place."""
        lines = lines_of(self.what)
        self._folded = len(self._visible(lines)) == len(lines)
        if not any(line.quiet for line in lines):
            self.tell("no layer changes values in place: all are listed")
        self.refresh_panels()

    def action_find(self) -> None:
        """Ask for a layer."""
        from cnnsim.tui.screens.ask import AskScreen

        def answer(text: str | None) -> None:
            if text:
                self.select(self._named(text))

        self.app.push_screen(
            AskScreen(
                "find a layer", "a part of its name, or a kind such as conv2d", self._explain
            ),
            answer,
        )

    def _named(self, text: str) -> str:
        """The layer that `text` means: by name, by the beginning of one, by a part, by kind."""
        wanted = text.strip().lower()
        layers = self.what.outcome.network.layers
        names = [INPUT, *(layer.name for layer in layers)]
        found = [name for name in names if name.lower() == wanted]
        found += [name for name in names if name.lower().startswith(wanted)]
        found += [name for name in names if wanted in name.lower()]
        found += [layer.name for layer in layers if wanted in layer.type]
        if not found:
            raise UsageError(f"no layer '{text}'{did_you_mean(text, names)}")
        # The same word again goes on to the next one.
        unique = list(dict.fromkeys(found))
        at = unique.index(self.selected) + 1 if self.selected in unique[:-1] else 0
        return unique[at]

    def _explain(self, text: str) -> str:
        name = self._named(text)
        shape = self.what.outcome.shape(name)
        return f"{name}  {'×'.join(map(str, shape)) if shape else 'does not fit'}"

    # -- what if ----------------------------------------------------------------------------------

    def _chosen(self) -> Place:
        knobs = self.what.knobs(self.selected)
        return knobs[min(self._knob, len(knobs) - 1)].place

    def _change(self, by: int) -> None:
        self._typed = ""
        chosen = self._chosen()
        self._try(lambda: self.what.step(chosen, by))

    def _try(self, change: Callable[[], None]) -> None:
        """Make a change; what is not allowed is said, and nothing happens."""
        try:
            change()
        except CnnsimError as error:
            self.tell(error.message)
        self.refresh_panels()

    def on_key(self, event: events.Key) -> None:
        """Digits are typed into the chosen row of the what-if panel."""
        if self.focused is not self._whatif:
            return
        character = event.character or ""
        if character.isascii() and character.isdigit():
            self._type((self._typed + character)[:8])
        elif event.key == "backspace":
            self._type((self._typed or str(self.what.knobs(self.selected)[self._knob].text))[:-1])
        elif character in ("+", "-"):
            self._change(1 if character == "+" else -1)
        else:
            return
        event.stop()

    def _type(self, text: str) -> None:
        self._typed = text
        if text.isascii() and text.isdigit():
            chosen = self._chosen()
            self._try(lambda: self.what.type(chosen, int(text)))

    def action_undo(self) -> None:
        """Take back the last change."""
        self._typed = ""
        self._try(self.what.undo)

    def action_redo(self) -> None:
        """Do again what was taken back."""
        self._typed = ""
        self._try(self.what.redo)

    def action_reset(self) -> None:
        """Everything as in the file."""
        self._typed = ""
        self._try(self.what.reset)

    # -- going inside, copying --------------------------------------------------------------------

    def action_inside(self) -> None:
        """Step through the selected layer: here, or in the changed network."""
        unit = self._unit() if self.focused is self._picture else None
        try:
            if self.what.is_changed:
                scenario = changed_scenario(self.stepper.scenario, self.what)
                step = _first_step(Trace(scenario.network.sweeps), self.selected, unit)
                self.cnnsim.open_scenario(scenario, step)
                return
        except CnnsimError as error:
            self.complain(error)
            return
        step = _first_step(self.stepper.trace, self.selected, unit)
        below = self._screen_below()
        if below is None:
            self.app.push_screen(ForwardScreen(self.stepper, step))
            return
        while self.app.screen is not below:
            self.app.pop_screen()
        below.go(step)

    def action_copy(self) -> None:
        """Copy the table as text."""
        self.app.copy_to_clipboard(table_text(self.stepper.scenario.name, self.what))
        self.notify("copied the table as text", timeout=3)

    # -- the mouse --------------------------------------------------------------------------------

    def on_table_panel_picked(self, event: TablePanel.Picked) -> None:
        """Select a layer; a click on the selected one steps inside."""
        if event.inside:
            self.action_inside()
        else:
            self.select(event.name)

    def on_picture_panel_pointed(self, event: PicturePanel.Pointed) -> None:
        """The unit nearest to a place of the picture."""
        self.point = event.point
        self.refresh_panels()

    def on_what_if_panel_turned(self, event: WhatIfPanel.Turned) -> None:
        """Choose a row, and change it where an arrow was clicked."""
        places = [knob.place for knob in self.what.knobs(self.selected)]
        if event.place in places:
            self._knob = places.index(event.place)
            if event.by:
                self._change(event.by)
            self.refresh_panels()

    def on_walk_panel_tab_picked(self, event: WalkPanel.TabPicked) -> None:
        """Another panel of the shared place."""
        for name, panel in self.panels.items():
            if panel.label == event.label:
                self._bring_up(name)


def _middle(shape: Shape) -> Point:
    return ((shape[1] - 1) / 2, (shape[2] - 1) / 2) if len(shape) == 3 else (0.0, 0.0)


def _first_step(trace: Trace, name: str, unit: Unit | None) -> int:
    """The first step of a layer, or of the first channel's cell at `unit`; 0 for the input."""
    numbers = [number for number, sweep in enumerate(trace.sweeps) if sweep.layer == name]
    if not numbers:
        return 0
    if unit is not None:
        sweep = trace.sweeps[numbers[0]]
        if len(sweep.cells) == 4:
            return trace.step(Position(0, numbers[0], (0, 0, *unit), (0,) * len(sweep.taps)))
    return trace.first_step(numbers[0])
