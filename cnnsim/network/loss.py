"""What every kind of loss is: its keys, its target, the sweeps of the loss and of its gradient."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from cnnsim.errors import ShapeError
from cnnsim.network.axes import output_axes
from cnnsim.network.fields import Numbers
from cnnsim.network.fit import fit
from cnnsim.network.kind import Kind
from cnnsim.network.layer import Place, Shape, times
from cnnsim.network.pointwise import at_cell
from cnnsim.steps.sweep import ADD, Index, Read, Sweep

#: The name under which a loss's sweeps are addressed; its value is the tensor of this name.
LOSS = "loss"


class Loss(Kind):
    """A kind of loss. A subclass with a ``type`` of its own is known everywhere at once.

    The loss is the mean over the batch, or over all outputs, as PyTorch's default is.
    """

    #: What the target is, for messages.
    wants: ClassVar[str] = "a number for each output"

    type: str
    target: Numbers

    def target_values(self, shape: Shape, batch: int) -> npt.NDArray[np.float64]:
        """The target as a tensor [batch, …]. Raises ShapeError where it does not fit."""
        wanted = (batch, *shape)
        try:
            return fit(self.target, wanted)
        except ValueError:
            given = times(self.target.shape) or "one number"
            raise ShapeError(
                LOSS,
                f"its target is {given} and the output is {times(wanted)}",
                f"give {self.wants}; leading 1s may be left out",
            ) from None

    def repeated(self, shape: Shape, batch: int, copies: int) -> Self:
        """The same loss with the target of the first of `batch` samples for so many `copies`."""
        first = self.target_values(shape, batch)[:1]
        return self.model_copy(update={"target": np.broadcast_to(first, (copies, *shape))})

    def rows(self, targets: npt.NDArray[Any], shape: Shape) -> npt.NDArray[np.float64]:
        """Targets of samples as a tensor [samples, …] that the sweeps read.

        Class numbers become rows with a single 1; with a single output, classes 0 and 1 are its
        value.
        """
        if targets.shape[1:] == shape:
            return targets.astype(np.float64)
        if shape == (1,):
            return targets.astype(np.float64)[:, np.newaxis]
        rows: npt.NDArray[np.float64] = np.eye(shape[0])[targets]
        return rows

    def sweeps(self, place: Place) -> list[Sweep]:
        """The sweeps of the loss, in order; ``forward`` fills the tensor ``loss``."""
        raise ShapeError(LOSS, f"{self.type} has no sweeps")

    def backward(self, place: Place) -> list[Sweep]:
        """The sweeps of its gradient; ``input_grad`` fills ``loss.dx``."""
        raise ShapeError(LOSS, f"{self.type} has no gradient")


class Params(NamedTuple):
    """What a mean divides by: the outputs of the batch, or its samples."""

    divisor: int


def both_at_tap(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """Output and target of a tap."""
    return tap, tap


def divide(total: Any, cell: Index, p: Params) -> Any:
    """The mean."""
    return total / p.divisor


def count(cell: Index, p: Params) -> Any:
    """How many numbers the mean is over."""
    return p.divisor


def mean_of_all(place: Place, **rule: Any) -> Sweep:
    """The sweep that averages a term over every output of the batch into the one number."""
    return Sweep(
        layer=place.name,
        name="forward",
        writes=LOSS,
        cells=(),
        cell_axes=(),
        taps=(place.batch, *place.inputs[0]),
        tap_axes=output_axes(place.inputs[0]),
        fold=ADD,
        finish=divide,
        divisor=count,
        **rule,
    )


def gradient_of_all(place: Place, values: str, **rule: Any) -> Sweep:
    """The ``input_grad`` sweep of one term an output, reading `values` and the target there."""
    return Sweep(
        layer=place.name,
        name="input_grad",
        writes=place.tensor("dx"),
        cells=(place.batch, *place.inputs[0]),
        reads=(Read(values), Read(place.tensor("target"))),
        where=at_cell(2),
        cell_axes=output_axes(place.inputs[0]),
        **rule,
    )


def losses() -> dict[str, type[Loss]]:
    """Every kind of loss by its ``type``."""
    return Loss.known()
