"""What is typed to go to a step, where entries may be written as the panels write them."""

from __future__ import annotations

import re

from cnnsim.errors import AddressError
from cnnsim.stepper.flow import writer_of
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import format_address
from cnnsim.steps.entry import format_entry, parse_entry
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.trace import Position
from cnnsim.tui.stage.names import letter_of, read_letter

_ENTRY = re.compile(
    r"(?P<iteration>\d{1,18}\s*:\s*)?(?P<name>[^\s\[\]:]+)\s*"
    r"(?:\[(?P<inside>[^\]]*)\])?(?P<tap>.*)"
)


def spelled_out(stepper: Stepper, position: Position, text: str) -> str:
    """The address that `text` means at `position`; `text` itself where it is no entry.

    ``y[0,1,1]`` is an entry of the present layer, without the number of a lone sample. Raises
    AddressError for one that no step computes.
    """
    match = _ENTRY.fullmatch(text.strip().replace("−", "-"))
    if match is None:
        return text
    sweeps = stepper.trace.sweeps
    name = _full_name(stepper, stepper.trace.sweep_of(position), match["name"])
    inside = match["inside"]
    if inside is not None:
        shapes = {**stepper.shapes, **{sweep.full_name: sweep.cells for sweep in sweeps}}
        shape = shapes.get(name, ())
        if inside.count(",") + 2 == len(shape) and shape[0] == 1:
            inside = f"0,{inside}"
    if name in stepper.shapes and all(sweep.writes != name for sweep in sweeps):
        entry = name if inside is None else f"{name}[{inside}]"
        first = format_entry(name, (0,) * len(stepper.shapes[name]))
        tensor, index = parse_entry(stepper.shapes, entry, first)
        iteration = int((match["iteration"] or f"{position.iteration}:").rstrip(" :"))
        writer = writer_of(stepper, iteration, tensor, index)
        if writer is None:
            raise AddressError(
                f"no step computes {format_entry(tensor, index)}", "o lists the steps that read it"
            )
        return format_address(stepper.trace, writer)
    if inside is None:
        return text
    return f"{match['iteration'] or ''}{name}[{inside}]{match['tap']}"


def _full_name(stepper: Stepper, sweep: Sweep, name: str) -> str:
    """The tensor that the panels call `name` in `sweep`; `name` itself where they do not."""
    if name in stepper.shapes or stepper.trace.sweeps_of_layer(name):
        return name
    letters = {
        read_letter(stepper.network, sweep, number): read.tensor
        for number, read in enumerate(sweep.reads)
    }
    own = f"{sweep.layer}.{name}"
    return letters.get(name) or (
        sweep.writes if name == letter_of(sweep.writes) else own if own in stepper.shapes else name
    )
