"""Where named panels stand on a screen."""

from __future__ import annotations

from dataclasses import dataclass, field

#: (x, y, width, height) in characters.
Rect = tuple[int, int, int, int]

#: The smallest terminal that shows the screens.
LEAST = (60, 16)


@dataclass(frozen=True)
class Places:
    """Places by panel. Panels in one and the same place stand there one at a time, as tabs."""

    panels: dict[str, Rect] = field(default_factory=dict)

    def stack(self, name: str) -> tuple[str, ...]:
        """The panels in the place of `name`, itself included; empty where it has no place."""
        rect = self.panels.get(name)
        return tuple(other for other, place in self.panels.items() if place == rect and rect)

    def below(self, rows: int) -> Places:
        """The same so many rows further down."""
        return Places(
            {name: (x, y + rows, wide, high) for name, (x, y, wide, high) in self.panels.items()}
        )
