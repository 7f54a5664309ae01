"""How sure a net is of each class, as bars."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.message import Message

from cnnsim.tui.drawing.bar import draw_bar
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.widgets.panel import Panel

_SHARE = 8


class SharesPanel(Panel, can_focus=False):
    """One row for each class; a click chooses the class to explain."""

    class Chosen(Message):
        """A class was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._names: tuple[str, ...] = ()
        self._shares: tuple[float, ...] | None = None
        self._chosen: int | None = None
        self._kept: tuple[float, ...] | None = None
        self._pitch = 1

    def show(
        self,
        names: Sequence[str],
        shares: Sequence[float] | None,
        chosen: int | None,
        kept: Sequence[float] | None = None,
    ) -> None:
        """Set the classes, how sure the net is (None: nothing to look at), the one explained.

        `kept` is how sure it was of another picture, to compare with.
        """
        self._kept = None if kept is None else tuple(kept)
        self._names = tuple(names)
        self._shares = None if shares is None else tuple(shares)
        self._chosen = chosen
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """Name, bar, share."""
        palette, shares = self.palette, self._shares
        best = None if shares is None else max(range(len(shares)), key=shares.__getitem__)
        title = [("says", palette.dim)]
        if best is not None:
            title = [("says ", palette.dim), (self._names[best], palette.bold)]
        right = [("probability", palette.dim)]
        if self._kept is not None:
            right = [("kept", palette.dim), ("   now", palette.bold)]
        canvas.frame(palette, title=title, right=right)
        if not self._names:
            return
        width = min(max(map(cell_len, self._names)), 12)
        self._pitch = 2 if canvas.height - 2 >= 2 * len(self._names) else 1
        for number, name in enumerate(self._names):
            y = 1 + number * self._pitch
            if y >= canvas.height - 1:
                break
            style = palette.bold if number == best else palette.dim
            canvas.put(2, y, "▸" if number == self._chosen else " ", palette.now_text)
            canvas.put(3, y, set_cell_size(name, width), style)
            if shares is None:
                continue
            bar = canvas.width - width - _SHARE - 8
            if self._kept is not None:
                bar -= _SHARE
                canvas.put_right(
                    canvas.width - 2 - _SHARE, y, f"{self._kept[number]:.1%}", palette.dim
                )
            draw_bar(
                canvas, width + 5, y, max(bar, 0), round(shares[number], 3), palette,
                palette.base if number == best else None,
            )  # fmt: skip
            canvas.put_right(canvas.width - 2, y, f"{shares[number]:.1%}", style)

    def on_click(self, event: events.Click) -> None:
        """Choose a class."""
        number = (int(event.y) - 1) // self._pitch
        if 0 <= number < len(self._names):
            self.post_message(self.Chosen(number))
