"""What every kind of optimiser is: the keys of ``[training]`` and the sweeps of its update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from cnnsim.errors import ShapeError
from cnnsim.network.axes import parameter_axes
from cnnsim.network.kind import Kind
from cnnsim.network.pointwise import at_cell
from cnnsim.steps.sweep import Index, Read, Sweep

Array = npt.NDArray[np.float64]

#: A run of more epochs is a mistake.
MOST_EPOCHS = 1_000_000
#: The keys of [training] that only matter with [data].
DATA_KEYS = ("batch", "epochs", "schedule", "warm_up", "step_epochs", "step_factor")

#: How often the weights have been updated, this time included; a tensor of one number.
COUNTER = "training.step"


@dataclass(frozen=True)
class Slot:
    """A parameter to update: ``layer`` and ``role`` (w or b), and its shape."""

    layer: str
    role: str
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """``conv1.w``."""
        return f"{self.layer}.{self.role}"

    @property
    def gradient(self) -> str:
        """``conv1.dw``."""
        return f"{self.layer}.d{self.role}"

    @property
    def updated(self) -> str:
        """The tensor with the new values, ``conv1.w_next``."""
        return f"{self.name}_next"

    def state(self, what: str) -> str:
        """A tensor that the optimiser keeps from one iteration to the next: ``conv1.w_moment``."""
        return f"{self.name}_{what}"


class Optimizer(Kind):
    """A kind of optimiser. A subclass with an ``optimizer`` of its own is known everywhere."""

    tag: ClassVar[str] = "optimizer"
    #: What it keeps of each parameter, all zeros at first.
    states: ClassVar[tuple[str, ...]] = ()

    optimizer: str
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.01
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    iterations: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=1, description="how many iterations can be stepped through"
    )
    batch: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=32, description="how many pictures of [data] make one update"
    )
    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = Field(
        default=10, description="how often all training pictures of [data] are seen"
    )
    schedule: Literal["constant", "step", "cosine"] = Field(
        default="constant", description="how the rate changes from update to update"
    )
    warm_up: Annotated[float, Field(ge=0, le=1_000_000)] = Field(
        default=0.0, description="epochs in which the rate grows to its full size"
    )
    step_epochs: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        default=10.0, description="with schedule = step: epochs until the rate falls, each time"
    )
    step_factor: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.1, description="with schedule = step: what the rate is then multiplied by"
    )

    @model_validator(mode="after")
    def _step_keys_need_the_step_schedule(self) -> Self:
        for key in ("step_epochs", "step_factor"):
            if key in self.model_fields_set and self.schedule != "step":
                raise ValueError(f'{key} goes with schedule = "step"')
        return self

    def sweeps(self, slot: Slot) -> list[Sweep]:
        """The sweeps that fill ``slot.updated`` and the new states, in order."""
        raise ShapeError("training", f"{self.optimizer} has no update")

    def gradient_of(
        self, before: Mapping[str, Array], after: Mapping[str, Array], rate: float
    ) -> Array | None:
        """The gradient dw that an update at `rate` was made with; None where it does not show.

        Args:
            before: ``w`` and each of `states`, where it is kept.
            after: the same after the update.
            rate: its learning rate.
        """
        return None


def update_sweep(slot: Slot, name: str, writes: str, reads: tuple[str, ...], **rule: Any) -> Sweep:
    """A sweep of one term a cell over a parameter; the counter, where read, has one number."""
    return Sweep(
        layer=slot.layer,
        name=f"{name}_{slot.role}",
        writes=writes,
        cells=slot.shape,
        cell_axes=parameter_axes(slot.shape),
        reads=tuple(Read(tensor) for tensor in reads),
        where=_three_and_counter if COUNTER in reads else at_cell(len(reads)),
        is_update=True,
        **rule,
    )


def _three_and_counter(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    return cell, cell, cell, (cell[0] * 0,)


def optimizers() -> dict[str, type[Optimizer]]:
    """Every kind of optimiser by its name."""
    return Optimizer.known()
