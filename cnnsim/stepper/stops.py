"""The stops of a tour as steps: which one is here, which one comes next."""

from __future__ import annotations

from cnnsim.errors import CnnsimError
from cnnsim.scenario.model import Stop
from cnnsim.stepper.stepper import Stepper


class Stops:
    """The tour of one stepper, in the tour's own order."""

    def __init__(self, stepper: Stepper) -> None:
        self.stops = stepper.scenario.tour
        self.steps = [stepper.find(stop.at) for stop in self.stops]

    def __len__(self) -> int:
        return len(self.stops)

    def number_at(self, step: int) -> int | None:
        """The number of the first stop at `step`, or None."""
        return self.steps.index(step) if step in self.steps else None

    def at(self, step: int) -> Stop | None:
        """The first stop at `step`, or None."""
        number = self.number_at(step)
        return None if number is None else self.stops[number]

    def neighbour(self, step: int, direction: int) -> int:
        """The step of the next (1) or previous (−1) stop.

        From a stop, in the tour's order; from elsewhere, the nearest one in that direction. Raises
        CnnsimError at the ends and where there is no tour.
        """
        if not self.stops:
            raise CnnsimError("this scenario has no tour")
        here = self.number_at(step)
        if here is not None:
            number = here + direction
        else:
            beyond = [n for n, at in enumerate(self.steps) if (at - step) * direction > 0]
            ends = (-1, len(self.stops))
            number = (beyond[0] if direction > 0 else beyond[-1]) if beyond else ends[direction > 0]
        if not 0 <= number < len(self.stops):
            raise CnnsimError(
                "the tour ends here; esc goes home" if direction > 0 else "the tour begins here"
            )
        return self.steps[number]
