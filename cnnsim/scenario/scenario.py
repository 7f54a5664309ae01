"""A scenario, read and checked: the network, its input, its weights, its tour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cnnsim.network.graph import Network
from cnnsim.network.iteration import Iteration
from cnnsim.scenario.leaves import Leaves
from cnnsim.scenario.model import ScenarioModel, Stop
from cnnsim.steps.trace import Trace


@dataclass(frozen=True)
class Scenario:
    """What a file says. Nothing is drawn or loaded before `leaves` is called.

    Attributes:
        name: the file's, without its ending.
        path: the file; None for standard input.
        text: what stood in it.
        model: its keys.
        iteration: its layers, connected and free of shape errors, with what runs backwards.
    """

    name: str
    path: Path | None
    text: str
    model: ScenarioModel
    iteration: Iteration

    @property
    def network(self) -> Network:
        """The layers."""
        return self.iteration.network

    @cached_property
    def trace(self) -> Trace:
        """Every step, of all iterations."""
        optimizer = self.iteration.optimizer
        return Trace(self.iteration.sweeps, optimizer.iterations if optimizer else 1)

    @property
    def title(self) -> str:
        """The file's title."""
        return self.model.title

    @property
    def tour(self) -> tuple[Stop, ...]:
        """The stops of the tour."""
        return tuple(self.model.tour)

    def leaves(self) -> Leaves:
        """Every tensor that no sweep computes: the input, parameters, masks. Raises UsageError."""
        return Leaves(self.model, self.iteration, self.path)
