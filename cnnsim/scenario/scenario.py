"""A scenario, read and checked: the network, its input, its weights, its tour."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath

from cnnsim.errors import FileError, Problem, UsageError
from cnnsim.network.graph import Network
from cnnsim.network.iteration import Iteration
from cnnsim.scenario.course import Course
from cnnsim.scenario.leaves import Array, Leaves, read_input, read_weights
from cnnsim.scenario.locate import Path, located
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
        typed: the keys that do not stand in the file as they are, each with the words for it.
        settings: the ``key=value`` overrides with which it was read.
        course: of a trained run, where each of its iterations begins.
    """

    name: str
    path: FilePath | None
    text: str
    model: ScenarioModel
    iteration: Iteration
    typed: tuple[tuple[Path, str], ...] = ()
    settings: tuple[str, ...] = ()
    course: Course | None = None

    @property
    def network(self) -> Network:
        """The layers."""
        return self.iteration.network

    @cached_property
    def trace(self) -> Trace:
        """Every step, of all iterations."""
        optimizer = self.iteration.optimizer
        vary = self.course.sweep if self.course is not None else None
        return Trace(self.iteration.sweeps, optimizer.iterations if optimizer else 1, vary)

    @cached_property
    def update(self) -> Iteration:
        """What one update of its training is: a whole batch in training mode."""
        optimizer = self.iteration.optimizer
        assert optimizer is not None, "asked of what is trained"
        return self.iteration.resized(optimizer.batch, True)

    @property
    def title(self) -> str:
        """The file's title."""
        return self.model.title

    @property
    def tour(self) -> tuple[Stop, ...]:
        """The stops of the tour."""
        return tuple(self.model.tour)

    def leaves(self) -> MutableMapping[str, Array]:
        """Every tensor that no sweep computes: the input, parameters, masks.

        Of a run those that the opened iteration begins with. Raises FileError where a picture or a
        weights file cannot be read.
        """
        if self.course is not None:
            return self.course.leaves(self.course.opened, lambda share: None)
        network = self.network
        with self.blamed("input", "image"):
            given = read_input(self.model, network, self.path)
        with self.blamed("weights"):
            stored = read_weights(self.model, network, self.path)
        return Leaves(self.model, self.iteration, given, stored)

    @contextmanager
    def blamed(self, *key: str) -> Iterator[None]:
        """A UsageError inside is a mistake of the file's `key`, and becomes a FileError."""
        try:
            yield
        except UsageError as error:
            problem = Problem(".".join(key), error.line, path=key)
            file = str(self.path) if self.path else self.name
            raise FileError(file, located([problem], self.text, self.typed)) from None
