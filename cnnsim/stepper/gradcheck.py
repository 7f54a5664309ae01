"""Every gradient against central differences of the loss, in float64.

Entries at a kink, where a difference says nothing (see `line`), are counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnnsim.errors import CnnsimError
from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.network.parameter import stream_of
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.line import STEPS, TOLERANCE, Line, SlopeCheck
from cnnsim.stepper.values import Values
from cnnsim.steps.entry import format_entry

Floats = npt.NDArray[np.float64]

#: Tensors up to this size are checked entry by entry; of larger ones a sample, and directions.
EVERY_ENTRY = 2000
#: How large that sample is.
ENTRIES = 200
DIRECTIONS = 3
#: Errors are relative to the gradient, or to this share of the tensor's largest one.
_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """What came out for one tensor. `worst` is the entry with the largest error that is no kink."""

    tensor: str
    checked: int
    max_relative_error: float
    kinks: int
    worst: tuple[int, ...] | None
    analytic: float
    numeric: float

    @property
    def ok(self) -> bool:
        """No entry is wrong."""
        return self.max_relative_error <= TOLERANCE

    @property
    def says_nothing(self) -> bool:
        """Every entry is a kink: there was nothing to compare."""
        return self.kinks == self.checked

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of a gradient."""
        return {
            "kind": "gradient",
            "tensor": self.tensor,
            "checked": self.checked,
            "max_relative_error": self.max_relative_error,
            "kinks": self.kinks,
            "ok": self.ok,
            "worst": None if self.worst is None else list(self.worst),
            "analytic": self.analytic,
            "numeric": self.numeric,
        }


def with_gradient(scenario: Scenario) -> tuple[Scenario, bool]:
    """`scenario` with a backward pass, and whether that needed random output gradients.

    Without a loss every layer that nobody reads gets a random one, drawn from the seed.
    """
    iteration = scenario.iteration
    if iteration.gradients:
        return scenario, False
    network = iteration.network
    read = {
        tensor.removesuffix(".y") for place in network.places.values() for tensor in place.tensors
    }
    ends = [place for name, place in network.places.items() if name not in read]
    stream = stream_of(scenario.model.seed, "gradcheck")
    given = {place.name: stream.standard_normal(place.cells) for place in ends}
    return replace(scenario, iteration=Iteration(network, given=given)), True


def check_gradients(
    scenario: Scenario, entries: int | None = None, report: Report = silent
) -> Iterator[GradientCheck]:
    """Check dL/d of the input and of every parameter that has a gradient.

    With `entries` at most so many of each tensor are checked; of those with more a few random
    directions too. Raises CnnsimError where a number is not finite: no difference says anything
    there.
    """
    iteration = scenario.iteration
    pairs = checkable(iteration)
    leaves = scenario.leaves()
    shapes = iteration.shapes
    samples = {leaf: _sample(prod(shapes[leaf]), entries) for leaf in pairs.values()}
    checks = sum(sample.checks for sample in samples.values())
    values = Values(iteration.sweeps, leaves, times=len(STEPS) * checks)
    with np.errstate(all="ignore"):
        _require_finite(iteration, values)
    done = 0
    for gradient, leaf in pairs.items():
        before, sample = done, samples[leaf]

        def tell(number: int, gradient: str = gradient, before: int = before) -> None:
            report(Progress("checking", gradient, (before + number) / checks))

        with np.errstate(all="ignore"):
            check = _check(scenario, values, leaf, gradient, sample, tell)
        done += sample.checks
        yield check


class _Sample(NamedTuple):
    """How many entries of a tensor are checked, and how many random directions besides."""

    entries: int
    directions: int

    @property
    def checks(self) -> int:
        return self.entries + self.directions


def _sample(size: int, entries: int | None) -> _Sample:
    if entries is None:
        entries = size if size <= EVERY_ENTRY else ENTRIES
    return _Sample(size, 0) if entries >= size else _Sample(entries, DIRECTIONS)


def _require_finite(iteration: Iteration, values: Values) -> None:
    """Raise CnnsimError naming the first number on the way to the objective that is not finite."""
    _objective(iteration, values)
    for name in values:
        if values.is_ready(name) and not np.isfinite(values[name]).all():
            tensor = values[name]
            index = np.argwhere(~np.isfinite(tensor))[0].tolist()
            value = float(tensor[tuple(index)])
            raise CnnsimError(
                f"{format_entry(name, index)} is {value:g}",
                "gradients can be checked where every number is finite",
            )


def checkable(iteration: Iteration) -> dict[str, str]:
    """By tensor with a gradient, the leaf that it is the gradient of: ``conv1.dw``: ``conv1.w``."""
    written = {sweep.writes for sweep in iteration.sweeps}
    network = iteration.network
    found = {}
    for name in network.parameters:
        layer, _, role = name.rpartition(".")
        if f"{layer}.d{role}" in written:
            found[f"{layer}.d{role}"] = name
    if f"{INPUT}.dy" in written:
        return {**found, f"{INPUT}.dy": INPUT}
    for reader in network.layers:
        place = network.places[reader.name]
        for tensor, gradient in zip(place.tensors, reader.input_gradients(place), strict=True):
            if tensor == INPUT and gradient in written:
                found[gradient] = INPUT
    return found


def check_entry(
    iteration: Iteration, values: Values, leaf: str, gradient: str, index: tuple[int, ...]
) -> SlopeCheck:
    """Check one entry of `gradient`, that of tensor `leaf`."""
    with np.errstate(all="ignore"):
        return _entry(iteration, values, leaf, gradient, index, [*STEPS])


def _entry(
    iteration: Iteration,
    values: Values,
    leaf: str,
    gradient: str,
    index: tuple[int, ...],
    steps: list[float],
) -> SlopeCheck:
    tensor = values[leaf].astype(np.float64)
    size = max(1.0, abs(float(tensor[index])))

    def at(step: float) -> Values:
        if not step:
            return values
        moved = tensor.copy()
        moved[index] += step * size
        return values.replaced(leaf, moved)

    return Line(
        lambda step: _objective(iteration, at(step)) / size,
        lambda step: float(at(step)[gradient][index]),
        _scale(iteration, values, values[gradient]),
    ).check(steps)


def _scale(iteration: Iteration, values: Values, analytic: Floats) -> float:
    """What errors are at least relative to: less is the rounding of the differences."""
    if iteration.loss is not None:
        size = abs(float(values["loss"]))
    else:
        given = iteration.given.items()
        size = sum(float(np.abs(dy * values[f"{layer}.y"]).sum()) for layer, dy in given)
    rounding = 4 * float(np.finfo(np.float64).eps) * size / STEPS[0]
    largest = float(np.abs(analytic).max(initial=0.0))
    return max(largest * _FLOOR, rounding / TOLERANCE) or _FLOOR


def _objective(iteration: Iteration, values: Values) -> float:
    """The loss, or Σ ⟨output gradient, output⟩."""
    if iteration.loss is not None:
        return float(values["loss"])
    return sum(
        float((given * values[f"{layer}.y"]).sum()) for layer, given in iteration.given.items()
    )


def _check(
    scenario: Scenario,
    values: Values,
    leaf: str,
    gradient: str,
    sample: _Sample,
    tell: Callable[[int], None],
) -> GradientCheck:
    iteration = scenario.iteration
    tensor = values[leaf].astype(np.float64)
    analytic = values[gradient]
    stream = stream_of(scenario.model.seed, f"gradcheck.{leaf}")
    numbers = np.arange(tensor.size)
    if sample.entries < tensor.size:
        numbers = np.sort(stream.choice(tensor.size, sample.entries, replace=False))
    found: list[tuple[tuple[int, ...] | None, SlopeCheck]] = []
    steps = [*STEPS]
    for number in numbers.tolist():
        tell(len(found))
        index = tuple(int(at) for at in np.unravel_index(number, tensor.shape))
        found.append((index, _entry(iteration, values, leaf, gradient, index, steps)))
    for _ in range(sample.directions):
        tell(len(found))
        direction = stream.standard_normal(tensor.shape)
        direction /= np.linalg.norm(direction)

        def at(step: float, direction: Floats = direction) -> Values:
            return values.replaced(leaf, tensor + step * direction) if step else values

        def slope(step: float, direction: Floats = direction) -> float:
            return float((at(step, direction)[gradient] * direction).sum())

        line = Line(
            lambda step: _objective(iteration, at(step)), slope, _scale(iteration, values, analytic)
        )
        found.append((None, line.check(steps)))
    smooth = [(index, entry) for index, entry in found if not entry.is_kink]
    kinks = len(found) - len(smooth)
    if not smooth:
        return GradientCheck(gradient, len(found), 0.0, kinks, None, 0.0, 0.0)
    place, worst = max(smooth, key=lambda pair: pair[1].relative_error)
    return GradientCheck(
        gradient,
        len(found),
        worst.relative_error,
        kinks,
        place,
        worst.analytic,
        worst.numeric,
    )
