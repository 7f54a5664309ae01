"""Addresses: what people type and files keep.

``conv1.forward[0,225,14,7] tap[32,0,0]``, with ``3:`` in front for iteration 3; without ``tap`` the
cell's last tap. People may also type ``mac 500000000``, ``step 12``, ``50%``, ``conv2``,
``conv2.forward`` and ``first``, ``last``; and ``conv2.y[0,1,0,0]``, an entry of a tensor, for the
step that makes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from cnnsim.errors import AddressError, did_you_mean, printable
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.trace import Position, Trace

_ADDRESS = re.compile(
    r"(?:(?P<iteration>\d{1,18})\s*:\s*)?"
    r"(?P<layer>[\w-]+)(?:\.(?P<sweep>\w+))?\s*"
    r"(?:\[(?P<cell>[^\]]*)\]\s*)?"
    r"(?:tap\s*\[(?P<tap>[^\]]*)\]\s*)?",
    re.ASCII,
)
_ITERATION = re.compile(r"\s*(\d+)\s*:", re.ASCII)
_NUMBERED = re.compile(r"(?:(\d{1,18})\s*:\s*)?(mac|step)\s+(\S+)", re.ASCII | re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,9}(?:\.\d{1,18})?)\s*%", re.ASCII)
_STEP = re.compile(r"[-−]?\d+")
_NUMBER = "a whole number, counted from 0"


def bracketed(coordinates: Sequence[int]) -> str:
    """``[0,2,1,1]``."""
    return "[" + ",".join(map(str, coordinates)) + "]"


def format_address(trace: Trace, position: Position) -> str:
    """The canonical address of `position`; the iteration only where there are several."""
    sweep = trace.sweep_of(position)
    iteration = f"{position.iteration}:" if trace.iterations > 1 else ""
    tap = f" tap{bracketed(position.tap)}" if position.tap else ""
    return f"{iteration}{sweep.full_name}{bracketed(position.cell)}{tap}"


def _forms(trace: Trace) -> str:
    """What addresses look like here."""
    example, layer = format_address(trace, trace.position(0)), trace.sweeps[0].layer
    return f"an address looks like {example}, step 12, 50% or {layer}"


def iteration_of(text: str) -> int | None:
    """The iteration that the address `text` begins with, or None.

    Raises AddressError for a number beyond all iterations.
    """
    match = _ITERATION.match(text)
    if match is None:
        return None
    if len(match[1]) > 18:
        raise AddressError(f"iteration {printable(match[1], 40)} does not exist")
    return int(match[1])


def parse_address(trace: Trace, text: str, *, end: bool = False, iteration: int = 0) -> int:
    """The step that `text` names. With `end`, a layer or sweep means its last step.

    What begins with no iteration of its own is meant in `iteration`; steps, which are counted
    through all of them, are not.

    Raises AddressError with the nearest right name or the legal range.
    """
    text = text.strip()
    if len(trace) == 0:
        raise AddressError("this scenario has no steps")
    if text.lower() in ("first", "start"):
        return 0
    if text.lower() in ("last", "end"):
        return len(trace) - 1
    if match := _NUMBERED.fullmatch(text):
        number = _integer(match[3], match[2])
        is_mac = match[2].lower() == "mac"
        iteration = int(match[1]) if match[1] else iteration if is_mac else 0
        _check_iteration(trace, iteration)
        if is_mac:
            return trace.step_of_mac(number, iteration)
        if match[1] and not 0 <= number < trace.steps_per_iteration:
            raise AddressError(
                f"step {number:,} is outside iteration {iteration}",
                f"its steps run from 0 to {trace.steps_per_iteration - 1:,}",
            )
        step = number + iteration * trace.steps_per_iteration
        trace.position(step)
        return step
    if match := _PERCENT.fullmatch(text):
        share = Fraction(match[1]) / 100
        if share > 1:
            raise AddressError(f"{text} is beyond the end", "0% to 100%")
        return round((len(trace) - 1) * share)
    if _STEP.fullmatch(text):
        step = _integer(text.replace("−", "-"), "step")
        trace.position(step)
        return step
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise AddressError(f"'{printable(text)}' is no address", _forms(trace))
    return _parse_cell(trace, match, end, iteration)


def _parse_cell(trace: Trace, match: re.Match[str], end: bool, iteration: int) -> int:
    iteration = int(match["iteration"] or iteration)
    _check_iteration(trace, iteration)
    number = _find_sweep(trace, match["layer"], match["sweep"], end and match["cell"] is None)
    sweep = trace.sweeps[number]
    base = iteration * trace.steps_per_iteration + trace.first_step(number)
    if match["cell"] is None:
        if match["tap"] is not None:
            raise AddressError("a tap needs its cell", _forms(trace))
        # A tensor is made where its sweep ends.
        is_tensor = match["sweep"] not in (None, sweep.name)
        return base + (sweep.steps - 1 if end or is_tensor else 0)
    cell = _coordinates(match["cell"], "cell", sweep, sweep.cell_axes, sweep.cells)
    if match["tap"] is None:
        tap = tuple(extent - 1 for extent in sweep.taps)
    else:
        tap = _coordinates(match["tap"], "tap", sweep, sweep.tap_axes, sweep.taps)
    return trace.step(Position(iteration, number, cell, tap))


def _find_sweep(trace: Trace, layer: str, name: str | None, last: bool) -> int:
    numbers = trace.sweeps_of_layer(layer)
    if not numbers:
        layers = list(dict.fromkeys(sweep.layer for sweep in trace.sweeps))
        raise AddressError(
            f"no layer '{layer}' here{did_you_mean(layer, layers)}", "layers: " + ", ".join(layers)
        )
    if name is None:
        # A layer means its forward sweep; its end, the last of its sweeps.
        if last:
            return numbers[-1]
        named = trace.number_of(f"{layer}.forward")
        return numbers[0] if named is None else named
    found = trace.number_of(f"{layer}.{name}")
    if found is None:
        writes = [sweep.writes for sweep in trace.sweeps]
        if f"{layer}.{name}" in writes:
            return writes.index(f"{layer}.{name}")
        names = [trace.sweeps[number].name for number in numbers]
        raise AddressError(
            f"{layer} has no sweep '{name}'{did_you_mean(name, names)}",
            f"sweeps of {layer}: " + ", ".join(names),
        )
    return found


def _coordinates(
    text: str, what: str, sweep: Sweep, axes: tuple[str, ...], extents: tuple[int, ...]
) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(parts) != len(axes):
        raise AddressError(
            f"a {what} of {sweep.full_name} is [{','.join(axes)}], "
            f"{len(axes)} numbers, not {len(parts)}"
        )
    numbers = tuple(_integer(part, what) for part in parts)
    for axis, number, extent in zip(axes, numbers, extents, strict=True):
        if not 0 <= number < extent:
            raise AddressError(
                f"{axis} = {number} is outside {sweep.full_name}",
                f"{axis} runs from 0 to {extent - 1}",
            )
    return numbers


def _integer(text: str, what: str) -> int:
    cleaned = text.replace("_", "").replace(",", "")
    if re.fullmatch(r"\d{20,}", cleaned, re.ASCII):
        raise AddressError(f"{what} {printable(text, 40)} is far beyond the end", _NUMBER)
    if not re.fullmatch(r"-?\d{1,19}", cleaned, re.ASCII):
        raise AddressError(f"{what} '{printable(text, 40)}' is no whole number", _NUMBER)
    return int(cleaned)


def _check_iteration(trace: Trace, iteration: int) -> None:
    if iteration >= trace.iterations:
        raise AddressError(
            f"iteration {iteration} does not exist",
            f"iterations run from 0 to {trace.iterations - 1}",
        )
