"""Putting a widget at exact coordinates."""

from __future__ import annotations

from textual.widget import Widget

from cnnsim.tui.places import Rect


def place(widget: Widget, rect: Rect) -> None:
    """Show `widget` at (x, y, width, height) within its container."""
    x, y, width, height = rect
    styles = widget.styles
    widget.display = True
    if (styles.offset.x.value, styles.offset.y.value) != (x, y):
        styles.offset = (x, y)
    if styles.width is None or styles.width.value != width:
        styles.width = width
    if styles.height is None or styles.height.value != height:
        styles.height = height
