"""The stepper's panels: where they stand, and what they show of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from cnnsim.tui.stage.chain import chain_of
from cnnsim.tui.stage.channels import channels_of, has_channels
from cnnsim.tui.stage.layout import LOW, Arrangement, arrange
from cnnsim.tui.stage.matrix import Matrix
from cnnsim.tui.stage.names import read_name
from cnnsim.tui.stage.narrate import narrate
from cnnsim.tui.stage.slots import MatrixSlot, is_few, lay_out, sign_of, signs_between
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.ticks import ticks_of
from cnnsim.tui.stage.update import slot_of, update_of
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.chainpanel import ChainPanel
from cnnsim.tui.widgets.checkpanel import CheckPanel
from cnnsim.tui.widgets.growthpanel import GrowthPanel
from cnnsim.tui.widgets.loopspanel import LoopsPanel
from cnnsim.tui.widgets.mapspanel import MapsPanel
from cnnsim.tui.widgets.matrixpanel import MatrixPanel
from cnnsim.tui.widgets.notepanel import NotePanel
from cnnsim.tui.widgets.originpanel import OriginPanel
from cnnsim.tui.widgets.panel import Panel
from cnnsim.tui.widgets.place import place
from cnnsim.tui.widgets.sign import Sign
from cnnsim.tui.widgets.sumpanel import SumPanel, is_ledger
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel
from cnnsim.tui.widgets.timeline import Timeline
from cnnsim.tui.widgets.updatepanel import UpdatePanel
from cnnsim.tui.widgets.waitpanel import Waiting, WaitPanel

if TYPE_CHECKING:
    from cnnsim.tui.app import CnnsimApp

#: Matrices that can stand side by side.
_MATRICES = 6
#: From this width on, cells may be of the largest class.
_LARGE = 180
#: From this height on, sums show every row.
_TALL = 28


class Board(Container):
    """Shows views. Its state is the layout alone: what is maximised, which tab is up."""

    DEFAULT_CSS = """
    Board { width: 100%; height: 1fr; }
    Board > * { position: absolute; }
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="board")
        self.stage = stage
        self.slots: list[MatrixSlot] = []
        self._arrangement: Arrangement | None = None
        self._maximised: str | None = None
        # Rows that the chain takes.
        self._top = 0
        self._tab = "note"
        self._matrices = [MatrixPanel(id=f"matrix{n}") for n in range(_MATRICES)]
        self._signs = [Sign(id=f"sign{n}") for n in range(_MATRICES - 1)]
        self._sum = SumPanel(id="sum")
        self._note = NotePanel(id="note")
        self._loops = LoopsPanel(id="loops")
        self._origin = OriginPanel(id="origin")
        self._growth = GrowthPanel(id="growth")
        self._check = CheckPanel(id="check")
        self._update = UpdatePanel(id="update")
        self._chain = ChainPanel(id="chain")
        self._channels = MapsPanel(id="channels")
        # What the maps show: they are drawn anew for another cell only.
        self._channels_of: tuple[object, ...] = ()
        self._timeline = Timeline(id="timeline")
        self._wait = WaitPanel(id="wait")
        self._panels: dict[str, Panel] = {
            "sum": self._sum,
            "note": self._note,
            "loops": self._loops,
            "origin": self._origin,
            "growth": self._growth,
            "check": self._check,
            "update": self._update,
            "channels": self._channels,
            "timeline": self._timeline,
        }

    def compose(self) -> ComposeResult:
        """All panels; the layout shows those that are needed."""
        yield from self._matrices
        yield from self._signs
        yield from self._panels.values()
        yield self._chain
        yield self._wait

    def forget(self) -> None:
        """The size, or what is shown in general, has changed: lay out anew."""
        self.slots = []
        self._arrangement = None
        self._channels_of = ()

    def show(self, view: View, previous: View | None) -> None:
        """Draw a step; `previous` is the one shown before."""
        self._wait.display = False
        self._lay_out(view)
        names = tuple(
            read_name(self.stage.stepper.network, view.sweep, n, read)
            for n, read in enumerate(view.reading.reads)
        )
        letters = tuple(name.partition("[")[0] for name in names)
        self.show_matrices(view)
        if self._chain.display:
            self._chain.show(chain_of(self.stage.stepper, view))
        if self._sum.display:
            self._sum.show(view, letters, self.stage.scatter(view))
        if self._note.display:
            self._note.show(view, narrate(self.stage, view))
        if self._loops.display:
            self._loops.show(view, previous, names)
        if self._origin.display:
            self._origin.show(view, names)
        if self._check.display:
            self._check.show(*self.stage.check(view))
        if self._update.display:
            self._update.show(update_of(self.stage.stepper, view, self._update.columns))
        if self._growth.display:
            self._growth.show(view)
        if self._channels.display:
            self._show_channels(view)
        if self._timeline.display:
            position = view.step / max(view.steps - 1, 1)
            self._timeline.show(ticks_of(self.stage, view), position)

    def _show_channels(self, view: View) -> None:
        key = (*view.position[:3], view.is_last_tap, self._channels.size, view.edits)
        if key != self._channels_of:
            self._channels_of = key
            maps = channels_of(self.stage.stepper, view)
            if maps is not None:
                self._channels.show(maps)

    def show_matrices(self, view: View) -> None:
        """Draw the matrices alone: the mouse has moved."""
        for panel, slot in zip(self._matrices, self.slots, strict=False):
            panel.show(slot.matrix, self.stage.plane(view, slot.matrix), slot.cls)

    def wait(self, title: str, rows: Sequence[Waiting]) -> None:
        """Show the layers and how far they are computed, in place of the panels."""
        for panel in (*self._matrices, *self._signs, *self._panels.values(), self._chain):
            panel.display = False
        place(self._wait, (0, 0, self.size.width, self.size.height))
        self._wait.show(title, rows)
        self.forget()

    # -- layout -----------------------------------------------------------------------------------

    def _lay_out(self, view: View) -> None:
        self._lay_chain(view)
        width, height = self.size.width, self.size.height - self._top
        half_blocks = not cast("CnnsimApp", self.app).ascii
        large = width >= _LARGE
        matrices = self.stage.matrices(view)
        is_long = is_ledger(view.sweep, width - 2)
        rows = self._sum_rows(view, is_long, height)
        has_maps = any(matrix.is_map for matrix in matrices)
        tabs = (
            view.sweep.writes in self.stage.checkable,
            slot_of(self.stage.stepper, view) is not None,
            has_channels(view.sweep),
        )
        room = arrange(width, height, rows, is_long, has_maps, height, *tabs).matrices
        slots = lay_out(matrices, room[2], room[3], large, half_blocks)
        if not has_maps and any(slot.cls.is_map and is_few(slot.matrix) for slot in slots):
            # A few numbers are worth more than what stands beside the matrices.
            has_maps = True
            room = arrange(width, height, rows, is_long, has_maps, height, *tabs).matrices
            slots = lay_out(matrices, room[2], room[3], large, half_blocks)
        used = max((slot.cls.size(*slot.matrix.outer)[1] + 2 for slot in slots), default=9)
        arrangement = arrange(width, height, rows, is_long, has_maps, max(used, 9), *tabs)
        if self._maximised:
            shown = [m for m in matrices if m.key == self._maximised]
            arrangement, slots = self._alone(arrangement, shown, half_blocks)
        if slots != self.slots or arrangement != self._arrangement:
            self.slots, self._arrangement = slots, arrangement
            self._apply(arrangement, sign_of(view.sweep))

    def _lay_chain(self, view: View) -> None:
        """The chain of the backward pass above everything, where there is room for it."""
        height = self.size.height
        rows = 0 if height < LOW or self._maximised else 2 if height >= _TALL else 1
        if not chain_of(self.stage.stepper, view):
            rows = 0
        if rows:
            place(self._chain, (0, 0, self.size.width, rows))
        else:
            self._chain.display = False
        if rows != self._top:
            self._top = rows
            self.forget()

    @staticmethod
    def _sum_rows(view: View, is_long: bool, height: int) -> int:
        if height < LOW:
            return 1 if view.sweep.fold is None else 2
        if view.sweep.fold is None:
            return min(len(view.sweep.reads) + 2, 6)
        if is_long:
            return 4 + (len(view.sweep.reads) if height >= _TALL else 0)
        return 4 if height >= _TALL else 3

    def _alone(
        self, usual: Arrangement, shown: list[Matrix], half_blocks: bool
    ) -> tuple[Arrangement, list[MatrixSlot]]:
        """One panel over everything, the timeline below it."""
        width, height = self.size.width, self.size.height - self._top
        room = (0, 0, width, height - 2)
        timeline = {"timeline": (0, height - 2, width, 2)}
        if self._maximised in usual.panels:
            return Arrangement((0, 0, 0, 0), {self._maximised: room, **timeline}), []
        if not shown:
            # This sweep has no such matrix.
            self._maximised = None
            return usual, self.slots
        return Arrangement(room, timeline), lay_out(shown, width, height - 2, True, half_blocks)

    def _apply(self, arrangement: Arrangement, between: str) -> None:
        x, y, _, height = arrangement.matrices
        y += self._top
        for number, matrix in enumerate(self._matrices):
            if number < len(self.slots):
                slot = self.slots[number]
                place(matrix, (x + slot.x, y, slot.width, height))
            else:
                matrix.display = False
        signs = signs_between(self.slots, between)
        for number, sign in enumerate(self._signs):
            if number < len(signs):
                column, gap, text = signs[number]
                place(sign, (x + column, y, gap, height))
                sign.show(text)
            else:
                sign.display = False
        if arrangement.shared and self._tab not in arrangement.shared:
            self._tab = arrangement.shared[0]
        labels = tuple(
            panel.tab
            for name in arrangement.shared
            if isinstance(panel := self._panels[name], TabbedPanel)
        )
        for name, panel in self._panels.items():
            shared = name in arrangement.shared
            if name in arrangement.panels and not (shared and name != self._tab):
                left, top, *size = arrangement.panels[name]
                place(panel, (left, top + self._top, size[0], size[1]))
            else:
                panel.display = False
            if isinstance(panel, TabbedPanel):
                panel.share(labels if shared else ())

    def page_note(self, direction: int) -> bool:
        """Scroll the note; False where it had to come up first, and is to be shown."""
        if self._note.display:
            self._note.page(direction)
            return True
        self._tab = "note"
        self._maximised = None
        self.forget()
        return False

    @property
    def shows_note(self) -> bool:
        """Whether the note is in sight: it may be behind another tab, or gone for a panel alone."""
        return bool(self._note.display)

    def maximise(self, focused: Widget | None) -> None:
        """The focused panel alone (the output where none has the focus), or all again."""
        if self._maximised:
            self._maximised = None
        elif isinstance(focused, MatrixPanel) and focused.matrix is not None:
            self._maximised = focused.matrix.key
        elif focused is not None and focused.id in self._panels:
            self._maximised = focused.id
        else:
            self._maximised = "out"
        self.forget()

    @property
    def is_maximised(self) -> bool:
        """Whether one panel stands alone."""
        return self._maximised is not None

    def look_like(self, other: Board) -> None:
        """The same panel alone, and the same tab up, as on another board."""
        self._maximised, self._tab = other._maximised, other._tab

    def bring_up(self, label: str) -> Panel:
        """Show the panel of that label, of those that share its place; returns it."""
        self._tab = next(
            name
            for name, panel in self._panels.items()
            if isinstance(panel, TabbedPanel) and panel.tab == label
        )
        self.forget()
        return self._panels[self._tab]

    def turn(self, focused: Widget | None, direction: int) -> Panel | None:
        """The next (1) or previous (−1) panel; it is on top of those that share its place.

        None as long as there are none.
        """
        if self._arrangement is None:
            return None
        panels: list[Panel] = [*self._matrices[: len(self.slots)]]
        for name, panel in self._panels.items():
            if name in self._arrangement.panels and panel.can_focus:
                panels.append(panel)
        before = panels.index(focused) if focused in panels else -1 if direction > 0 else 0
        found = panels[(before + direction) % len(panels)]
        if found.id in self._arrangement.shared:
            self._tab = found.id
            self.forget()
        return found
