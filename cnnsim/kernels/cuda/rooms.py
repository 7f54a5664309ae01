"""The places of a batch size's tensors, taken when somebody first asks for them."""

from __future__ import annotations

from math import prod

from cnnsim.kernels.cuda.layout import Kept, Layout
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.flatten import Flatten
from cnnsim.network.kinds.reshape import Reshape
from cnnsim.network.loss import LOSS
from cnnsim.network.optimizer import COUNTER


class Rooms:
    """Where every tensor of an iteration lies.

    A layer that only names the numbers of its input anew has no tensor of its own: its output lies
    where its input does, and their gradients too.

    Attributes:
        layout: what is taken so far.
        shapes: of all tensors.
        places: of those that have one.
        same: by tensor that lies where another one does, that other one.
    """

    def __init__(self, iteration: Iteration, kept: Kept) -> None:
        self.layout = Layout(kept.layout.end, kept.layout.places)
        network = iteration.network
        last = network.places[network.layers[-1].name].output
        self.shapes: dict[str, tuple[int, ...]] = {
            **network.shapes,
            **kept.shapes,
            **{sweep.writes: sweep.cells for sweep in iteration.sweeps},
            COUNTER: (1,),
            f"{LOSS}.target": (network.batch, *last),
        }
        self.same: dict[str, str] = {}
        self._copies = copies_of(iteration)
        for sweep in iteration.sweeps:
            if sweep.layer in self._copies and sweep.name in ("forward", "input_grad"):
                self.same[sweep.writes] = sweep.reads[0].tensor

    @property
    def places(self) -> dict[str, int]:
        """Where the tensors begin."""
        return self.layout.places

    def is_copy(self, layer: str) -> bool:
        """Whether a layer's output lies where its input does."""
        return layer in self._copies

    def of(self, name: str) -> int:
        """Where tensor `name` begins."""
        if name not in self.layout.places:
            if name in self.same:
                self.put(name, self.of(self.same[name]))
            else:
                self.layout.take(name, prod(self.shapes[name]))
        return self.layout.places[name]

    def put(self, name: str, at: int) -> None:
        """Tensor `name` lies at `at`."""
        self.layout.places[name] = at

    def scratch(self, name: str, shape: tuple[int, ...]) -> int:
        """Room for a tensor that only kernels know; where it begins."""
        self.shapes[name] = shape
        return self.of(name)


def copies_of(iteration: Iteration) -> set[str]:
    """The layers whose output has the numbers of its input, in the same order."""
    return {
        layer.name for layer in iteration.network.layers if isinstance(layer, Flatten | Reshape)
    }
