"""Stochastic gradient descent, with momentum, Nesterov's look ahead and weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from cnnsim.network.optimizer import Array, Optimizer, Slot, update_sweep
from cnnsim.steps.sweep import Index, Sweep


class Params(NamedTuple):
    """The numbers of the update."""

    rate: float
    momentum: float
    weight_decay: float


def plain(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """W − rate · (dw + weight_decay · w)."""
    w, dw = values
    return w - p.rate * (dw + p.weight_decay * w)


def velocity(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """Momentum · v + dw + weight_decay · w."""
    v, dw, w = values
    return p.momentum * v + (dw + p.weight_decay * w)


def along(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """W − rate · v."""
    w, v = values
    return w - p.rate * v


def ahead(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """W − rate · (dw + weight_decay · w + momentum · v)."""
    w, v, dw = values
    return w - p.rate * (dw + p.weight_decay * w + p.momentum * v)


class Sgd(Optimizer):
    """Gradient descent: w − rate · dw; with momentum, along a velocity that remembers."""

    states: ClassVar[tuple[str, ...]] = ("velocity",)

    optimizer: Literal["sgd"]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Sgd:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum")
        return self

    def sweeps(self, slot: Slot) -> list[Sweep]:
        """``update_w``; with momentum ``velocity_w`` first."""
        params = Params(self.rate, self.momentum, self.weight_decay)
        w, dw, after = slot.name, slot.gradient, slot.updated
        decay = " + weight_decay·{0}" if self.weight_decay else ""
        if not self.momentum:
            formula = f"{{0}} − rate·({{1}}{decay})" if decay else "{0} − rate·{1}"
            return [
                update_sweep(
                    slot, "update", after, (w, dw), term=plain, params=params, formula=formula
                )
            ]
        old, new = slot.state("velocity"), f"{slot.state('velocity')}_next"
        fading = " + weight_decay·{2}" if self.weight_decay else ""
        faster = update_sweep(
            slot,
            "velocity",
            new,
            (old, dw, w),
            term=velocity,
            params=params,
            formula=f"momentum·{{0}} + {{1}}{fading}",
        )
        if self.nesterov:
            step = update_sweep(
                slot,
                "update",
                after,
                (w, new, dw),
                term=ahead,
                params=params,
                formula=f"{{0}} − rate·({{2}}{decay} + momentum·{{1}})",
            )
        else:
            step = update_sweep(
                slot, "update", after, (w, new), term=along, params=params,
                formula="{0} − rate·{1}",
            )  # fmt: skip
        return [faster, step]

    def gradient_of(
        self, before: Mapping[str, Array], after: Mapping[str, Array], rate: float
    ) -> Array | None:
        """From the velocity, or from the way that was gone."""
        decay = self.weight_decay * before["w"]
        if "velocity" in before:
            return after["velocity"] - self.momentum * before["velocity"] - decay
        return (before["w"] - after["w"]) / rate - decay if rate else None
