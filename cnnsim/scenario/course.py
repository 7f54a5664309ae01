"""A course of training that is known from elsewhere than from the scenario's own iterations."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

from cnnsim.steps.sweep import Sweep

if TYPE_CHECKING:
    from cnnsim.scenario.scenario import Scenario


class Course(Protocol):
    """Where each iteration begins: a trained run, of which any iteration can be seen again.

    Attributes:
        opened: the iteration that it was opened at.
        iterations: how many there are.
    """

    opened: int
    iterations: int

    @property
    def done(self) -> int:
        """How many of them have been trained and saved so far."""

    def fits(self, number: int) -> bool:
        """Whether iteration `number` has a batch of the opened one's size."""

    def reopened(self, number: int) -> Scenario:
        """The same course, opened at iteration `number`."""

    def leaves(
        self, number: int, report: Callable[[float], None]
    ) -> MutableMapping[str, npt.NDArray[Any]]:
        """Every tensor that no sweep of iteration `number` computes.

        `report` hears of the share of the way that is done, and may raise. Raises CnnsimError where
        `number` does not fit.
        """

    def sweep(self, sweep: Sweep, number: int) -> Sweep:
        """`sweep` with the learning rate of iteration `number`."""
