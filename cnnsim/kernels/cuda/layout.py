"""Where everything lies in the one array that a network's numbers share on the GPU.

First a header with what the step at hand needs, then the rates and the losses of the steps of one
call, then what stays from step to step, then what one batch size needs. Every tensor is row-major
and begins at a multiple of four numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import COUNTER

#: The header: learning rate, number of the step from 1, and what `lanes.rule.paces_of` makes of
#: them: the size of the step, for Adam the correction of its root.
RATE, COUNT, PACE, ROOT = range(4)
#: Numbers of a step's pace: what becomes the header.
PACES = 4
#: The most steps that the ledger holds, and the most samples of all of them; the rest comes later.
STEPS, _SAMPLES = 1024, 1 << 20

_PACES_AT = 8
_LOSSES_AT = _PACES_AT + PACES * STEPS


def paces_at() -> int:
    """Where the paces of the steps lie, [STEPS][PACES]."""
    return _PACES_AT


def losses_at() -> int:
    """Where the losses of the steps lie, [STEPS]."""
    return _LOSSES_AT


def steps_of(batch: int) -> int:
    """How many steps of `batch` samples the ledger holds."""
    return max(1, min(STEPS, _SAMPLES // batch))


def whole(count: int) -> int:
    """The next multiple of four numbers, which begins where sixteen bytes do."""
    return -(-count // 4) * 4


class Layout:
    """Places, taken one after the other.

    Attributes:
        places: by tensor, where it begins.
        end: how many numbers are taken.
    """

    def __init__(self, begin: int, places: Mapping[str, int] | None = None) -> None:
        self.places: dict[str, int] = dict(places or {})
        self.end = whole(begin)

    def take(self, name: str, size: int) -> int:
        """Room for `size` numbers under `name`; where it begins."""
        at = self.places[name] = self.end
        self.end += whole(size)
        return at


class Kept:
    """What stays from one step to the next: parameters, and the optimiser's states.

    The trained parameters come first, then each state in the same order, so that one kernel can
    update them all; then what layers keep by themselves; then what never changes.

    Attributes:
        shapes: by tensor.
        layout: their places.
        trained: (begin, end) of the trained parameters.
        states: where the copy of each state begins, by name.
        updated_to: where the last of these ends.
        carried: (begin, end) of everything that a step changes.
    """

    def __init__(self, iteration: Iteration) -> None:
        parameters = {name: p.shape for name, p in iteration.network.parameters.items()}
        states = iteration.states
        self.shapes: dict[str, tuple[int, ...]] = {**parameters, **states}
        self.layout = Layout(_LOSSES_AT + STEPS)
        self.layout.places[COUNTER] = COUNT
        first = self.layout.end
        for slot in iteration.slots:
            self._take(slot.name)
        self.trained = first, self.layout.end
        self.states: dict[str, int] = {}
        for what in iteration.optimizer.states if iteration.optimizer else ():
            if all(slot.state(what) in states for slot in iteration.slots):
                self.states[what] = self.layout.end
                for slot in iteration.slots:
                    self._take(slot.state(what))
        self.updated_to = self.layout.end
        for name in iteration.carried:
            if name not in self.layout.places:
                self._take(name)
        self.carried = first, self.layout.end
        for name in self.shapes:
            if name not in self.layout.places:
                self._take(name)

    def _take(self, name: str) -> None:
        self.layout.take(name, prod(self.shapes[name]))
