"""A sheet of pixels to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cnnsim.tui.pad.brought import Brought

Ink = npt.NDArray[np.float64]
#: Row and column of a place, in pixels; whole numbers are the middles of pixels.
Place = tuple[float, float]

#: Strokes that can be taken back.
_KEPT = 100


class Sheet:
    """Ink from 0 (paper) to 1, drawn with a round pen.

    Attributes:
        ink: the pixels [rows, columns].
        bits: a pixel is paper or ink, nothing between; else edges are softened.
        radius: of the pen, in pixels.
        brought: the picture that was put on it and has not been drawn on.
    """

    def __init__(self, rows: int, columns: int, bits: bool, radius: float) -> None:
        self.ink: Ink = np.zeros((rows, columns))
        self.bits = bits
        self.radius = radius
        self.brought: Brought | None = None
        self._before: list[tuple[Ink, Brought | None]] = []
        self._rows, self._columns = np.mgrid[0:rows, 0:columns].astype(np.float64)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.ink.shape
        return rows, columns

    @property
    def is_blank(self) -> bool:
        """Nothing is drawn."""
        return not self.ink.any()

    def begin(self) -> None:
        """What comes now is one stroke: `undo` takes it back as a whole."""
        self._before.append((self.ink.copy(), self.brought))
        del self._before[:-_KEPT]
        self.brought = None

    def draw(self, start: Place, end: Place) -> None:
        """Move the pen from `start` to `end`, which may lie outside."""
        self.ink = np.maximum(self.ink, self._covered(start, end, self.radius))

    def erase(self, start: Place, end: Place, reach: float = 0.0) -> None:
        """Take away what the pen would draw, and all that is no further than `reach`."""
        # A hair more: rounding leaves no trace of ink.
        covered = self._covered(start, end, max(self.radius, reach + 0.5 + 1e-9))
        self.ink = np.minimum(self.ink, 1 - covered)

    def _covered(self, start: Place, end: Place, radius: float) -> Ink:
        """How much of each pixel a pen covers on its way: all within its radius, none a pixel
        further out.
        """
        down, across = end[0] - start[0], end[1] - start[1]
        length = down * down + across * across
        rows, columns = self._rows - start[0], self._columns - start[1]
        along = np.zeros_like(rows)
        if length:
            along = np.clip((rows * down + columns * across) / length, 0.0, 1.0)
        distance = np.hypot(rows - along * down, columns - along * across)
        covered: Ink = np.clip(radius + 0.5 - distance, 0.0, 1.0)
        return (covered >= 0.5).astype(np.float64) if self.bits else covered

    def clear(self) -> None:
        """A new sheet; `undo` brings the old one back."""
        self.show(np.zeros_like(self.ink))

    def show(self, ink: Ink, brought: Brought | None = None) -> None:
        """Put a whole picture on the sheet. Raises ValueError where it has another size."""
        if ink.shape != self.ink.shape:
            raise ValueError(f"the sheet is {self.ink.shape} and the picture {ink.shape}")
        self.begin()
        self.ink, self.brought = np.array(ink, np.float64), brought

    def undo(self) -> bool:
        """Take back the last stroke; False where there is none."""
        if not self._before:
            return False
        self.ink, self.brought = self._before.pop()
        return True
