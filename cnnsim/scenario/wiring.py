"""How the layers of a file are joined by their names, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsim.errors import Problem, did_you_mean, printable
from cnnsim.network.graph import INPUT
from cnnsim.network.layer import Layer
from cnnsim.network.loss import LOSS

#: Words of addresses, which are read in capitals too.
_WORDS = frozenset(("mac", "step", "tap", "first", "last", "start", "end"))
#: Names that layers cannot have: of the input, the loss, the optimiser, and words of addresses.
RESERVED = frozenset((INPUT, LOSS, "training")) | _WORDS

#: Up to so many unknown names get a suggestion; each is a search through all names.
_MOST_SUGGESTIONS = 20


def wiring_problems(layers: Mapping[int, Layer], names: Sequence[str | None]) -> list[Problem]:
    """Names given twice, and sources that do not exist or come later.

    `layers` are the good ones by their place in the file, `names` those of all entries: a layer
    with another mistake in it can still be read from.
    """
    problems: list[Problem] = []
    above = {INPUT: None}
    everything = set(names)
    for number, name in enumerate(names):
        layer = layers.get(number)
        if layer is not None:
            problems += _name_problems(number, layer.name, above)
            for source in layer.sources:
                if source not in above:
                    near = len(problems) < _MOST_SUGGESTIONS
                    problems.append(_no_source(number, layer, source, everything, above, near))
            problems += _arity_problems(number, layer)
        if name is not None:
            above[name] = None
    return problems


def _name_problems(number: int, name: str, above: Mapping[str, None]) -> list[Problem]:
    if name in RESERVED or name.lower() in _WORDS:
        what = (
            f"'{name}' is kept for the network's input, the loss, training or addresses; "
            "choose another"
        )
    elif name in above:
        what = f"the name '{name}' is taken by an earlier layer"
    else:
        return []
    return [Problem(f"layers[{number}].name", what, path=("layers", number, "name"))]


def _no_source(
    number: int,
    layer: Layer,
    source: str,
    everything: set[str | None],
    above: Mapping[str, None],
    near: bool,
) -> Problem:
    if source in everything:
        what = (
            f"'{source}' does not come before '{layer.name}'; "
            "a layer reads only what stands above it"
        )
    else:
        what = f"no layer '{printable(source, 60)}'"
        what += did_you_mean(source, above) if near else ""
    return Problem(f"layers[{number}].from", what, path=("layers", number, "from"))


def _arity_problems(number: int, layer: Layer) -> list[Problem]:
    least, most = layer.arity
    count = len(layer.sources) or 1
    if least <= count <= most:
        return []
    takes = f"{least}" if least == most else f"{least} to {most}"
    what = f"{layer.type} reads {takes} {'layer' if most == 1 else 'layers'}, not {count}"
    return [Problem(f"layers[{number}].from", what, path=("layers", number, "from"))]
