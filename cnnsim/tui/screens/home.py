"""Home: lessons in order, networks, what was open last, and the chosen one at a glance."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.scenario.catalogue import Entry, catalogue
from cnnsim.scenario.files import Stamp, expanded
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.home.choice import Choice
from cnnsim.tui.home.listing import DONE, ListRow, lesson_rows, matching, network_rows, recent_rows
from cnnsim.tui.home.source import check_source, written
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.widgets.listpanel import ListPanel
from cnnsim.tui.widgets.place import place
from cnnsim.tui.widgets.previewpanel import PreviewPanel
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

if TYPE_CHECKING:
    from cnnsim.tui.home.preview import Preview


class HomeScreen(BaseScreen):
    """Chooses a scenario. Files are checked only once they are chosen."""

    kind = "home"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("home")]
    DEFAULT_CSS = """
    HomeScreen #home { width: 100%; height: 1fr; }
    HomeScreen #home > * { position: absolute; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = catalogue()
        self._steps: dict[str, int] = {}
        #: What is known of a source, and the stamp of its file when that was read.
        self._previews: dict[str, tuple[Stamp | None, Preview | CnnsimError]] = {}
        self._word = ""
        self._choice = Choice()
        # Whether networks and what was open last share a place.
        self._is_stacked = False
        self._lists = (
            ListPanel("lessons", "steps min", id="lessons"),
            ListPanel("networks", "steps", id="networks"),
            ListPanel("recent", "step", id="recent"),
        )
        self._preview = PreviewPanel(id="preview")

    def compose(self) -> ComposeResult:
        """Header, three lists, the preview, footer."""
        yield self.header
        with Container(id="home"):
            yield from self._lists
            yield self._preview
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """The lists are there at once; counts and pictures follow."""
        self.call_after_refresh(self._look_closer)

    def on_screen_resume(self) -> None:
        """Marks may have moved."""
        self.show_all()

    def lay_panels(self) -> None:
        """Lists at the left, the preview at the right."""
        width, height = self.size.width, self.size.height - 2
        margin = 1 if width >= 100 else 0
        left = min(max(width * 2 // 5, 34), 62)
        networks = sum(entry.type == "network" for entry in self._entries) + 2
        # Below the chosen lesson a bar may say how far it was read.
        lessons = len(self._entries) - networks + 5
        recent = 5 if height >= 26 else 0
        room = height - recent
        networks = min(networks, max(room - lessons, room // 3, 4))
        lessons = room - networks
        place(self._lists[0], (margin, 0, left, lessons))
        place(self._lists[1], (margin, lessons, left, networks))
        self._is_stacked = not recent
        y = lessons if self._is_stacked else lessons + networks
        place(self._lists[2], (margin, y, left, recent or networks))
        x = margin + left + 1
        place(self._preview, (x, 0, width - x - margin, height))
        self.show_all()

    # -- showing ----------------------------------------------------------------------------------

    def rows(self) -> tuple[list[ListRow], ...]:
        """The rows of the three lists, filtered."""
        return tuple(matching(rows, self._word) for rows in self._all_rows())

    def _all_rows(self) -> tuple[list[ListRow], ...]:
        """Lessons, networks and what was open last."""
        recent = self.cnnsim.marks.recent()
        marks = dict(recent)
        return (
            lesson_rows(self._entries, self._steps, marks),
            network_rows(self._entries, self._steps, marks),
            recent_rows(recent, [entry.name for entry in self._entries]),
        )

    def show_all(self) -> None:
        """Set lists, preview and header from the choice."""
        if not self.is_mounted:
            return
        lists = self.rows()
        chosen, row = self._choice.place(lists) or (None, None)
        every = zip(self._lists, lists, ("lesson", "network", "recent one"), strict=True)
        for number, (panel, rows, what) in enumerate(every):
            empty = f"No {what} holds that: esc." if self._word else "What you open is listed here."
            panel.show(rows, row if number == chosen else None, empty)
            if self._is_stacked and number:
                panel.display = number == 2 if chosen == 2 else number == 1
                panel.share(("networks", "recent") if lists[2] else ())
            else:
                panel.share(())
            if number == chosen:
                panel.focus()
        lessons = lesson_rows(self._entries, {}, dict(self.cnnsim.marks.recent()))
        done = sum(row.mark == DONE for row in lessons)
        state = f"{done} of {len(lessons)} lessons done"
        tagline = "step through a convolutional network, one multiply-add at a time"
        crumbs = [] if self.cnnsim.activity else [(tagline, "bar_dim")]
        if self._word:
            crumbs = [(f"only with '{self._word}', esc shows all", "bar_bold")]
        # Where there is no room for both, the tagline goes.
        self.header.show(crumbs, [(state, "bar_dim")], spare=() if self._word else ((0,),))
        self._show_preview()

    def chosen_row(self) -> ListRow | None:
        """The row that the keys act on."""
        lists = self.rows()
        place = self._choice.place(lists)
        return lists[place[0]][place[1]] if place else None

    def offers(self, action: str) -> bool:
        """Training where the chosen scenario has pictures for it, or where a run trains."""
        if action != "train" or self.cnnsim.is_training:
            return True
        from cnnsim.tui.home.preview import Preview

        row = self.chosen_row()
        known = self._previews.get(row.source, (None, None))[1] if row else None
        return isinstance(known, Preview) and known.trains

    def _show_preview(self) -> None:
        self.footer.repaint()
        from cnnsim.tui.home.preview import Preview, preview_of_entry

        row = self.chosen_row()
        if row is None:
            self._preview.show(None, "")
            return
        where = self._place_in(row) or ""
        stamp = written(row.source)
        before, known = self._previews.get(row.source, (None, None))
        if before != stamp:
            known = None
        unread = Preview(row.source, row.name, "", ())
        if isinstance(known, CnnsimError):
            self._preview.show(unread, where, str(known))
            return
        if isinstance(known, Preview):
            self._preview.show(known, where)
            return
        entry = next((entry for entry in self._entries if entry.name == row.source), None)
        self._preview.show(preview_of_entry(entry) if entry else unread, where)
        self._load(row.source, stamp)

    @work(thread=True, exclusive=True, group="preview")
    def _load(self, source: str, stamp: Stamp | None) -> None:
        """Read and check the chosen file in the background."""
        from cnnsim.tui.home.inspect import preview_of

        found: Preview | CnnsimError
        try:
            found = preview_of(source)
        except CnnsimError as error:
            found = error
        self.from_thread(self._loaded, source, stamp, found)

    def _loaded(self, source: str, stamp: Stamp | None, found: Preview | CnnsimError) -> None:
        self._previews[source] = (stamp, found)
        self._show_preview()

    @work(thread=True, exclusive=True, group="count")
    def _look_closer(self) -> None:
        """Count the steps of all bundled scenarios; that needs their networks."""
        from cnnsim.scenario.reader import read_scenario

        steps = {}
        for entry in self._entries:
            try:
                steps[entry.name] = len(read_scenario(entry.name).trace)
            except CnnsimError:
                continue
        self.from_thread(self._counted, steps)

    def _counted(self, steps: dict[str, int]) -> None:
        self._steps = steps
        self.show_all()

    # -- choosing ---------------------------------------------------------------------------------

    def action_choose(self, direction: int) -> None:
        """The next or previous row, on through the lists."""
        self._choice.move(direction, self.rows())
        self.show_all()

    def action_turn(self, direction: int) -> None:
        """The next or previous list."""
        self._choice.turn(direction, self.rows())
        self.show_all()

    def on_list_panel_chosen(self, event: ListPanel.Chosen) -> None:
        """A click."""
        self._choice.take((self._lists.index(event.panel), event.number), self.rows())
        self.show_all()
        if event.open:
            self.action_open()

    def on_tabbed_panel_tab_picked(self, event: TabbedPanel.TabPicked) -> None:
        """A click on the name of a list that is behind another."""
        self._choice.take((int(event.label == "recent") + 1, 0), self.rows())
        self.show_all()

    def choose(self, source: str) -> None:
        """Have what `source` opens chosen when one comes back."""
        self._choice.find(source)

    def action_open(self) -> None:
        """Open the chosen scenario at its first step."""
        self._open_chosen()

    def action_walk(self) -> None:
        """Open its shape walk."""
        self._open_chosen(walk=True)

    def action_resume(self) -> None:
        """Open it where one was."""
        row = self.chosen_row()
        self._open_chosen(self._place_in(row) if row else None)

    def _place_in(self, row: ListRow) -> str | None:
        """The address where one was in the scenario of `row`."""
        mark = self.cnnsim.marks.get(row.source)
        return mark.address if mark else None

    def _open_chosen(self, at: str | None = None, walk: bool = False) -> None:
        row = self.chosen_row()
        if row is not None:
            self._open(row.source, at, walk)

    def _open(self, source: str, at: str | None = None, walk: bool = False) -> None:
        from cnnsim.steps.address import parse_address
        from cnnsim.training.opening import open_scenario

        try:
            scenario = open_scenario(source, at=at)
        except CnnsimError as error:
            self.complain(error)
            return
        step = 0
        if at:
            # The file may have lost that place since.
            with suppress(CnnsimError):
                step = parse_address(scenario.trace, at)
        self.cnnsim.open_scenario(scenario, step, walk)

    def action_train(self) -> None:
        """Train the chosen scenario, or the digits where it has no pictures to train with.

        Where a run trains already, go back to it.
        """
        if self.cnnsim.show_training():
            return
        from cnnsim.scenario.reader import read_scenario
        from cnnsim.training.opening import open_scenario

        row = self.chosen_row()
        try:
            scenario = open_scenario(row.source) if row else None
            if scenario is None or scenario.model.data is None:
                scenario = read_scenario("digits_cnn")
        except CnnsimError as error:
            self.complain(error)
            return
        self.cnnsim.train(scenario)

    def action_file(self) -> None:
        """Ask for a file."""
        from cnnsim.training.opening import open_scenario
        from cnnsim.tui.screens.ask import AskScreen

        def check(text: str) -> str:
            check_source(text)
            return printable(open_scenario(expanded(text)).title)

        def answer(text: str | None) -> None:
            if text:
                self._open(expanded(text))

        self.app.push_screen(
            AskScreen("open a scenario file", "a path such as lessons/edges.toml", check), answer
        )

    def action_filter(self) -> None:
        """Ask for a word."""
        from cnnsim.tui.screens.ask import AskScreen

        def check(text: str) -> str:
            rows = [row for rows in self._all_rows() for row in rows]
            # A bundled one that was open last stands in two lists.
            found = {row.source: row.name for row in matching(rows, text)}
            if not found:
                number = len({row.source for row in rows})
                raise UsageError(f"none of the {number} scenarios holds '{printable(text)}'")
            return ", ".join(found.values())

        def answer(text: str | None) -> None:
            if text is None:
                return
            self._word = text
            # What is shown as chosen stays so once all are there again.
            lists = self.rows()
            self._choice.take(self._choice.place(lists), lists)
            self.show_all()

        self.app.push_screen(AskScreen("show only what holds", "a word", check), answer)

    def action_back(self) -> None:
        """All scenarios again."""
        self._word = ""
        self.show_all()
