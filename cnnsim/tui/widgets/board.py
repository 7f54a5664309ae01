"""The stepper's panels: where they stand, and what they show of a step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from cnnsim.tui.places import Places
from cnnsim.tui.stage.chain import chain_of
from cnnsim.tui.stage.channels import channels_of, has_channels
from cnnsim.tui.stage.layout import LOW, arrange
from cnnsim.tui.stage.names import read_name
from cnnsim.tui.stage.narrate import narrate
from cnnsim.tui.stage.slots import SIGNS, MatrixSlot, is_few, lay_out, places_of, sign_of
from cnnsim.tui.stage.stage import KEYS, Stage
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
from cnnsim.tui.widgets.panels import Panels
from cnnsim.tui.widgets.sign import Sign
from cnnsim.tui.widgets.sumpanel import SumPanel, is_ledger
from cnnsim.tui.widgets.timeline import Timeline
from cnnsim.tui.widgets.updatepanel import UpdatePanel
from cnnsim.tui.widgets.waitpanel import Waiting, WaitPanel

if TYPE_CHECKING:
    from cnnsim.tui.app import CnnsimApp

#: From this width on, cells may be of the largest class.
_LARGE = 180
#: From this height on, sums show every row.
_TALL = 28


class Board(Panels):
    """Shows views in the panels of the stepper.

    Attributes:
        slots: the matrices that stand there.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.slots: list[MatrixSlot] = []
        self._view: View | None = None
        self._previous: View | None = None
        self._matrices = {key: MatrixPanel(id=key) for key in KEYS}
        self._sum = SumPanel(id="sum")
        self._note = NotePanel(id="note")
        self._loops = LoopsPanel(id="loops")
        self._origin = OriginPanel(id="origin")
        self._growth = GrowthPanel(id="growth")
        self._check = CheckPanel(id="check")
        self._update = UpdatePanel(id="update")
        self._channels = MapsPanel(id="channels")
        # What the maps show: they are drawn anew for another cell only.
        self._channels_of: tuple[object, ...] = ()
        self._chain = ChainPanel(id="chain")
        self._timeline = Timeline(id="timeline")
        self._wait = WaitPanel(id="wait")
        others = (
            self._sum, self._note, self._loops, self._origin, self._growth, self._check,
            self._update, self._channels, self._chain, self._timeline, self._wait,
        )  # fmt: skip
        signs = {sign: Sign(sign) for sign in SIGNS}
        panels = {str(panel.id): panel for panel in others}
        super().__init__({**self._matrices, **signs, **panels}, self._rule, self._fill)

    # -- what they show --------------------------------------------------------------------------

    def forget(self) -> None:
        """Numbers have changed."""
        self._channels_of = ()

    def show(self, view: View, previous: View | None) -> None:
        """Draw a step; `previous` is the one shown before."""
        self._view, self._previous = view, previous
        self.lay(*self.size)

    def wait(self, title: str, rows: Sequence[Waiting]) -> None:
        """Show the layers and how far they are computed, in place of the panels."""
        self._view = None
        self.forget()
        self.lay(*self.size)
        self._wait.show(title, rows)

    def _fill(self) -> None:
        view = self._view
        if view is None:
            return
        previous, self._previous = self._previous, view
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
        self._view = view
        for slot in self.slots:
            panel = self._matrices[slot.matrix.key]
            panel.show(slot.matrix, self.stage.plane(view, slot.matrix), slot.cls)

    # -- places ----------------------------------------------------------------------------------

    def _arranged(self) -> Places:
        """One alone has the timeline below it, and gives way where the step has no such panel."""
        usual = self._rule(*self._room)
        if self.alone is None or self._view is None:
            return usual
        if self.alone not in usual.panels:
            self.alone = None
            return usual
        width, height = self._room
        room, timeline = (0, 0, width, height - 2), (0, height - 2, width, 2)
        matrices = self.stage.matrices(self._view)
        shown = [matrix for matrix in matrices if matrix.key == self.alone]
        self.slots = lay_out(shown, *room[2:], True, self._half_blocks)
        panels = places_of(self.slots, "", room) if shown else {self.alone: room}
        return Places({**panels, "timeline": timeline})

    @property
    def _half_blocks(self) -> bool:
        return not cast("CnnsimApp", self.app).ascii

    def _rule(self, width: int, height: int) -> Places:
        """Where all of them stand, and into `slots` how the matrices do."""
        view = self._view
        if view is None:
            return Places({"wait": (0, 0, width, height)})
        matrices = self.stage.matrices(view)
        chain = self._chain_rows(view, height)
        height -= chain
        is_long = is_ledger(view.sweep, width - 2)
        fit = partial(
            arrange, width, height, _sum_rows(view, is_long, height), is_long,
            has_check=view.sweep.writes in self.stage.checkable,
            has_update=slot_of(self.stage.stepper, view) is not None,
            has_channels=has_channels(view.sweep),
        )  # fmt: skip

        def slots(has_maps: bool) -> list[MatrixSlot]:
            room = fit(has_maps=has_maps, matrix_rows=height).panels["matrices"]
            return lay_out(matrices, *room[2:], width >= _LARGE, self._half_blocks)

        has_maps = any(matrix.is_map for matrix in matrices)
        self.slots = slots(has_maps)
        if not has_maps and any(slot.cls.is_map and is_few(slot.matrix) for slot in self.slots):
            # A few numbers are worth more than what stands beside the matrices.
            has_maps = True
            self.slots = slots(has_maps)
        used = max((slot.cls.size(*slot.matrix.outer)[1] + 2 for slot in self.slots), default=9)
        panels = fit(has_maps=has_maps, matrix_rows=max(used, 9)).panels
        room = panels.pop("matrices")
        usual = Places(panels | places_of(self.slots, sign_of(view.sweep), room)).below(chain)
        return Places({**usual.panels, "chain": (0, 0, width, chain)}) if chain else usual

    def _chain_rows(self, view: View, height: int) -> int:
        """The chain of the backward pass above everything, where there is room for it."""
        if height < LOW or not chain_of(self.stage.stepper, view):
            return 0
        return 2 if height >= _TALL else 1

    @property
    def shows_note(self) -> bool:
        """Whether the note is in sight: it may be behind another tab, or gone for a panel alone."""
        return bool(self._note.display)

    def page_note(self, direction: int) -> None:
        """Scroll the note, or show it."""
        if self.shows_note:
            self._note.page(direction)
        else:
            self.alone, self._top = None, []
            self.put_on_top("note")

    def look_like(self, other: Board) -> None:
        """The same panel alone, and the same tab up, as on another board."""
        self.alone, self._top = other.alone, other._top


def _sum_rows(view: View, is_long: bool, height: int) -> int:
    """Lines that the sum needs."""
    if height < LOW:
        return 1 if view.sweep.fold is None else 2
    if view.sweep.fold is None:
        return min(len(view.sweep.reads) + 2, 6)
    if is_long:
        return 4 + (len(view.sweep.reads) if height >= _TALL else 0)
    return 4 if height >= _TALL else 3
