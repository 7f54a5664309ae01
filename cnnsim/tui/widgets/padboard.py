"""The drawing pad's panels: where they stand, and what they show of a sheet and a net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from textual.app import ComposeResult
from textual.containers import Container

from cnnsim.tui.drawing.key import signed_key
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.drawing.plane import Plane
from cnnsim.tui.pad.judge import Look
from cnnsim.tui.pad.padnet import Ink, PadNet
from cnnsim.tui.pad.padplaces import arrange_pad
from cnnsim.tui.pad.sheet import Sheet
from cnnsim.tui.stage.maps import Maps
from cnnsim.tui.widgets.mapspanel import MapsPanel
from cnnsim.tui.widgets.padpanel import PadPanel
from cnnsim.tui.widgets.place import place
from cnnsim.tui.widgets.planepanel import PlanePanel
from cnnsim.tui.widgets.sharespanel import SharesPanel

if TYPE_CHECKING:
    from cnnsim.tui.app import CnnsimApp

#: What to do with a blank sheet, in full and where there is less room in its frame.
_HINTS = (
    "drag here; r is a test picture, o a file",
    "drag; r test picture, o file",
    "drag, r or o",
)


class PadBoard(Container):
    """Shows the sheet, what the net sees of it, what it says and why."""

    DEFAULT_CSS = """
    PadBoard { width: 100%; height: 1fr; }
    PadBoard > * { position: absolute; }
    """

    def __init__(self, net: PadNet) -> None:
        super().__init__(id="pad-board")
        self._net = net
        self.pad = PadPanel(id="pad")
        self._shares = SharesPanel(id="shares")
        self._seen = PlanePanel(id="seen")
        self._slopes = PlanePanel(id="slopes")
        self._maps = MapsPanel(id="pad-maps")

    @property
    def _palette(self) -> Palette:
        return cast("CnnsimApp", self.app).palette

    def compose(self) -> ComposeResult:
        """All panels; the layout shows those that have room."""
        yield from (self.pad, self._shares, self._seen, self._slopes, self._maps)

    def lay_out(self, sheet: tuple[int, int]) -> None:
        """Put the panels where they belong beside a sheet of that shape."""
        places = arrange_pad(*self.size, sheet)
        for widget in self.children:
            rect = places.get(widget.id or "")
            widget.display = rect is not None
            if rect is not None:
                place(widget, rect)

    def show_sheet(
        self, sheet: Sheet, pen: tuple[int, int] | None, is_down: bool, words: str
    ) -> None:
        """The sheet, the pen where the keyboard moves it, and in `words` what was put on it."""
        palette = self._palette
        rows, columns = sheet.shape
        room = self.pad.size.width - 5
        words = f"   {words}" if words else ""
        told = f" {rows}×{columns}{words}"
        # Where there is no room for both, what was put on it is worth more.
        title = [("pad", palette.bold), (told if len(told) + 3 <= room else words, palette.dim)]
        bottom = []
        if pen is not None:
            bottom = [(f"pen {pen[0]},{pen[1]} {'down' if is_down else 'up'}", palette.dim)]
        elif sheet.is_blank:
            hint = next((text for text in _HINTS if len(text) <= room), _HINTS[-1])
            bottom = [(hint, palette.dim)]
        self.pad.show(sheet.ink, pen, title, bottom)

    def show_look(self, look: Look | None, explained: int, kept: Sequence[float] | None) -> None:
        """What the net makes of the sheet, and of one before, class by class."""
        palette, names = self._palette, self._net.names
        if look is None:
            self._shares.show(names, None, None)
            self._seen.show(None, [("sees", palette.dim)])
            self._slopes.show(None, [("why", palette.dim)])
            self._maps.show(Maps("", None, "Nothing is drawn so far."))
            return
        self._shares.show(names, look.shares, explained, kept)
        plane = look.picture[0]
        height, width = plane.shape
        is_counts = (height, width) == (8, 8)
        self._seen.show(
            Plane(
                plane * 16 if is_counts else plane, scale=16.0 if is_counts else 1.0, picture=True,
                mode="numbers" if is_counts else "colours", labels=False,
            ),
            [("sees ", palette.dim), (f"{height}×{width}", palette.bold),
             ("  0 … 16" if is_counts else "", palette.dim)],
        )  # fmt: skip
        self._maps.show(Maps(look.maps_of, look.maps, ""))

    def show_slopes(self, slopes: Ink, explained: int) -> None:
        """How much each pixel matters to a class."""
        palette = self._palette
        largest = float(np.abs(slopes).max())
        name, formula = self._net.names[explained], self._net.slope_of(explained)
        self._slopes.show(
            Plane(slopes, scale=largest or 1.0, mode="colours"),
            [("why ", palette.dim), (name, palette.bold), (f" {formula}", palette.dim)],
            signed_key(palette, largest),
        )
