"""How the sum of the cell grew, tap by tap."""

from __future__ import annotations

import numpy as np

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.curve import column_of, draw_curve, draw_guide, limits_of, row_of
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.steppanel import StepPanel

_TITLES = {
    "add": "how the sum grew",
    "larger": "how the maximum grew",
    "smaller": "how the minimum fell",
}


class GrowthPanel(StepPanel):
    """A curve of the running sum; the axis has room for the whole sum."""

    label = "growth"
    help_text = """\
The running result from the first tap to this one. The faint line is 0, the bright dot is now."""

    @property
    def title(self) -> str:
        """What it is that grew."""
        fold = self.view.sweep.fold if self.view is not None else None
        return _TITLES[fold.name] if fold is not None else self.label

    def show(self, view: View) -> None:
        """Set the step."""
        self.view = view
        self.repaint()

    def paint_step(self, canvas: Canvas, view: View) -> None:
        """The curve up to now, on the axes of the whole sum; of what is seen, where one guesses."""
        palette = self.palette
        if view.sweep.fold is None:
            canvas.put(2, 1, "One term, no sum.", palette.dim)
            return
        if canvas.height < 5 or canvas.width < 24:
            return
        start = view.work.start if view.work.start is not None else 0.0
        every = np.concatenate([[start if np.isfinite(start) else np.nan], view.work.running])
        seen = every.copy()
        seen[view.tap + 2 :] = np.nan
        spanned = seen if view.guessing else every
        finite = spanned[np.isfinite(spanned)]
        if not finite.size:
            return
        limits = limits_of(np.append(finite, 0.0))
        left, width, height = 12, canvas.width - 14, canvas.height - 3
        zero = row_of(0.0, limits, height)
        draw_guide(canvas, left, 1 + zero, width, palette)
        draw_curve(
            canvas, left, 1, width, height, seen, view.tap + 1, limits, palette, palette.base
        )
        for value in (limits[1], limits[0]):
            row = 1 + row_of(value, limits, height)
            canvas.put_right(left - 2, row, _short(value), palette.dim)
        foot = canvas.height - 2
        axis = view.sweep.tap_axes[0]
        extent = view.sweep.taps[0]
        canvas.put(2, foot, f"{axis}", palette.dim)
        for at in sorted({0, extent // 2, extent - 1}):
            x = left + column_of(at * view.sweep.tap_count // extent, len(every), width)
            canvas.put(min(x, canvas.width - 2 - len(str(at))), foot, str(at), palette.dim)


def _short(value: float) -> str:
    """A whole number as it is, another one in three digits."""
    return number(value if value.is_integer() else float(f"{value:.3g}"))
