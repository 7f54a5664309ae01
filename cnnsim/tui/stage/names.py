"""What tensors and their entries are called in formulas."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnnsim.network.graph import INPUT, Network
from cnnsim.steps.entry import format_entry
from cnnsim.steps.reading import ReadValue
from cnnsim.steps.sweep import Sweep
from cnnsim.tui.stage.matrix import Matrix

#: Roles of tensors that begin with the number of the sample.
_PER_SAMPLE = re.compile(r"input|x|y|dx\d*|dy|given|winner|mask|normalised|target|p")

_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def letter_of(tensor: str) -> str:
    """The role of a tensor, w, b or y; x for the input."""
    return "x" if tensor == INPUT else tensor.rpartition(".")[2]


def read_letter(network: Network, sweep: Sweep, number: int) -> str:
    """What the `number`-th read of a sweep is called in its formula: x, w, dy; x₀ of several x."""
    letters = [_letter(network, sweep, place) for place in range(len(sweep.reads))]
    letter = letters[number]
    if letters.count(letter) == 1:
        return letter
    return letter + str(letters[:number].count(letter)).translate(_LOWERED)


def _letter(network: Network, sweep: Sweep, number: int) -> str:
    tensor = sweep.reads[number].tensor
    name = letter_of(tensor)
    place = network.places.get(sweep.layer)
    above = place.tensors if place is not None else ()
    if "grad" in sweep.name and name.startswith(("dx", "given")):
        # What comes back from the layer above is this layer's output gradient.
        return "dy"
    if tensor in above or (number == 0 and tensor.endswith((".y", INPUT))):
        return "x"
    return name


def entry_names(matrix: Matrix, letter: str) -> Callable[[int, int], str]:
    """Names of the entries of a matrix: ``x12``; with commas where an index has two digits."""
    large = max(matrix.slice.rows, matrix.slice.columns) > 10
    if matrix.slice.is_grid:
        columns = matrix.slice.columns
        return lambda row, column: f"{letter}{row * columns + column}"
    return lambda row, column: f"{letter}{row}{',' if large else ''}{column}"


def read_name(network: Network, sweep: Sweep, number: int, read: ReadValue) -> str:
    """The `number`-th read of a sweep in a formula: ``x[0,2,0]``, without a lone batch's 0."""
    name = read_letter(network, sweep, number)
    if read.index is None:
        return name
    index = read.index
    role = read.tensor.rpartition(".")[2]
    if len(index) > 1 and _PER_SAMPLE.fullmatch(role) and network.batch == 1:
        index = index[1:]
    return format_entry(name, index).replace("-", "−")
