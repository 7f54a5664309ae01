"""A panel that may share its place with others; then its title lists them, to be clicked."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas, Piece, pieces_width
from cnnsim.tui.widgets.panel import Panel

#: What stands between labels, and for those that are left out.
_BETWEEN, _MORE = " │ ", ("…",)
#: Columns of a frame's upper border round its title.
_AROUND = 5
#: What the key for tabs does.
_NEXT = " next"


class TabbedPanel(Panel):
    """Subclasses set `label`, and override `title` where another one stands over the lone panel."""

    #: Its name among tabs.
    label: str = ""

    class TabPicked(Message):
        """The label of another panel in this place was clicked."""

        def __init__(self, label: str) -> None:
            super().__init__()
            self.label = label

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._tabs: tuple[str, ...] = ()

    def share(self, tabs: tuple[str, ...]) -> None:
        """The labels of all panels in this place; empty where it has its own."""
        if tabs != self._tabs:
            self._tabs = tabs
            self.repaint()

    @property
    def tab(self) -> str:
        """What stands for it among tabs."""
        return self.label

    @property
    def title(self) -> str:
        """What stands over the lone panel."""
        return self.label

    def draw_frame(
        self,
        canvas: Canvas,
        title: Sequence[Piece] = (),
        right: Sequence[Piece] = (),
        bottom_left: Sequence[Piece] = (),
        bottom_right: Sequence[Piece] = (),
    ) -> None:
        """The frame with the panel's title; with tabs a given title goes to the bottom border."""
        palette = self.palette
        if self._tabs:
            if not bottom_left and not bottom_right:
                bottom_left = title
            title = self._pieces(self._labels(canvas.width))
            right = [("tab", palette.bold)]
            if pieces_width(title) + len(_NEXT) < canvas.width - _AROUND - 6:
                right.append((_NEXT, palette.dim))
        elif not title:
            title = [(self.title, palette.dim)]
        canvas.frame(
            palette,
            title=title,
            right=right,
            bottom_left=bottom_left,
            bottom_right=bottom_right,
            focused=self.has_focus,
        )

    def _labels(self, width: int) -> tuple[str, ...]:
        """The labels, without the first ones where its own had no place else in so many columns."""
        room = width - _AROUND
        own = self._tabs.index(self.tab) + 1
        if own < len(self._tabs):
            room -= 2  # A blank and … for those that follow.
        for first in range(own):
            labels = (*_MORE[: bool(first)], *self._tabs[first:own])
            if len(_BETWEEN.join(labels)) <= room:
                break
        return (*labels, *self._tabs[own:])

    def _pieces(self, labels: tuple[str, ...]) -> list[Piece]:
        palette = self.palette
        pieces: list[Piece] = []
        for label in labels:
            pieces += [(_BETWEEN, palette.line)] if pieces else []
            pieces.append((label, palette.bold if label == self.tab else palette.dim))
        return pieces

    def tab_at(self, x: int, y: int) -> str | None:
        """The label under the mouse."""
        at = 3
        for label in self._labels(self.size.width) if y == 0 and self._tabs else ():
            if at <= x < at + len(label):
                return label if label in self._tabs else None
            at += len(label) + len(_BETWEEN)
        return None

    def on_click(self, event: events.Click) -> None:
        """A label brings its panel up."""
        label = self.tab_at(int(event.x), int(event.y))
        if label is not None and label != self.tab:
            event.stop()
            self.post_message(self.TabPicked(label))
