"""How many updates are taken at a time, and how fast they go."""

from __future__ import annotations


class Pace:
    """Finds how many updates take about as long as nobody minds to wait.

    Args:
        seconds: that these should take.

    Attributes:
        most: updates to take at a time now.
    """

    def __init__(self, seconds: float) -> None:
        self.most = 1
        self._wanted = seconds
        self._samples, self._seconds = 0, 0.0

    @property
    def speed(self) -> float:
        """Samples per second since the last `begin`; 0 as long as that is not known."""
        return self._samples / self._seconds if self._seconds else 0.0

    def begin(self) -> None:
        """Another epoch begins."""
        self._samples, self._seconds = 0, 0.0

    def add(self, updates: int, samples: int, seconds: float) -> None:
        """So many updates of so many samples in all took `seconds`."""
        # The first ones of a process wait for kernels to be compiled or loaded.
        if self.most > 1:
            self._samples, self._seconds = self._samples + samples, self._seconds + seconds
        if updates == self.most and (seconds < self._wanted / 2 or self.most == 1):
            self.most *= 2
        elif seconds > self._wanted:
            self.most = max(2, self.most // 2)
