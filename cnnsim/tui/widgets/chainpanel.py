"""The chain from the loss down: where the backward pass is. Click a link to go there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.stage.chain import Link
from cnnsim.tui.widgets.panel import Panel

_ARROW = " ◂── "
_MORE = "…"


class ChainPanel(Panel, can_focus=False):
    """One row of links, and where there is room a second one with how far each is."""

    class Picked(Message):
        """A link was clicked."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._links: tuple[Link, ...] = ()
        # (first column, last column + 1, link) as drawn, for the mouse.
        self._drawn: list[tuple[int, int, Link]] = []

    def show(self, links: Sequence[Link]) -> None:
        """Set the links."""
        self._links = tuple(links)
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The links around the one at work, as many as fit."""
        palette = self.palette
        self._drawn = []
        first, last = visible(self._widths(canvas.height > 1), self._now, canvas.width - 4)
        x = 2
        if first:
            x = canvas.put(x, 0, f"{_MORE}{_ARROW}", palette.dim)
        for number in range(first, last):
            link = self._links[number]
            width = self._widths(canvas.height > 1)[number]
            name = f"▸{link.name}◂" if link.state == "now" else f" {link.name} "
            styles = {"now": palette.now, "done": palette.bold, "later": palette.dim}
            canvas.put(x, 0, name, styles[link.state])
            if canvas.height > 1:
                detail = palette.now_text if link.state == "now" else palette.dim
                canvas.put(x + 1, 1, link.detail, detail)
            self._drawn.append((x, x + width, link))
            x += width
            if number + 1 < len(self._links):
                x = canvas.put(x, 0, _ARROW, palette.dim)
        if last < len(self._links):
            canvas.put(x, 0, _MORE, palette.dim)

    @property
    def _now(self) -> int:
        return next((n for n, link in enumerate(self._links) if link.state == "now"), 0)

    def _widths(self, detailed: bool) -> list[int]:
        return [
            max(cell_len(link.name) + 2, cell_len(link.detail) + 1 if detailed else 0)
            for link in self._links
        ]

    def on_click(self, event: events.Click) -> None:
        """Go to the first step of a link."""
        for first, last, link in self._drawn:
            if first <= event.x < last and link.step is not None:
                self.post_message(self.Picked(link.step))


def visible(widths: Sequence[int], now: int, room: int) -> tuple[int, int]:
    """The range of links around `now` that fits into `room`, with marks for what is left out."""
    first, last = now, min(now + 1, len(widths))

    def needs(first: int, last: int) -> int:
        ends = (len(_MORE) + len(_ARROW)) * ((first > 0) + (last < len(widths)))
        return sum(widths[first:last]) + len(_ARROW) * max(last - first - 1, 0) + ends

    while True:
        if first > 0 and needs(first - 1, last) <= room:
            first -= 1
        elif last < len(widths) and needs(first, last + 1) <= room:
            last += 1
        else:
            return first, last
