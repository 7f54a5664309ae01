"""Playing: a timer that asks for the next step, at a speed that can be changed."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

#: Steps a second; each key press goes one further.
SPEEDS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096)
#: Pictures a second at most; faster speeds show every n-th step.
FRAMES = 16


class Player:
    """Calls `advance(steps)` while playing; that returns False at the end."""

    def __init__(self, screen: Screen[None], advance: Callable[[int], bool]) -> None:
        self._screen = screen
        self._advance = advance
        self._timer: Timer | None = None
        self._speed = SPEEDS.index(2)

    @property
    def speed(self) -> float:
        """Steps a second."""
        return SPEEDS[self._speed]

    @property
    def is_playing(self) -> bool:
        """Whether the timer runs."""
        return self._timer is not None

    def play_like(self, other: Player) -> None:
        """As fast as another one."""
        self._speed = other._speed

    def play(self) -> None:
        """Start."""
        self.pause()
        self._timer = self._screen.set_interval(1 / min(self.speed, FRAMES), self._tick)

    def pause(self) -> None:
        """Stop; nothing happens where nothing plays."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def change(self, direction: int) -> None:
        """Faster (1) or slower (−1), also while playing."""
        self._speed = min(max(self._speed + direction, 0), len(SPEEDS) - 1)
        if self.is_playing:
            self.play()

    def _tick(self) -> None:
        if not self._advance(max(1, round(self.speed / FRAMES))):
            self.pause()
