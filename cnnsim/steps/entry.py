"""One entry of a tensor as people write it: ``conv1.w[0,0,1,1]``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnnsim.errors import AddressError, did_you_mean, printable

_ENTRY = re.compile(r"([^\[\]]+)(?:\[([0-9,]*)\])?")


def parse_entry(
    shapes: Mapping[str, tuple[int, ...]], text: str, example: str = "conv1.y[0,0,1,2]"
) -> tuple[str, tuple[int, ...]]:
    """Tensor and index; leading zeros of the index may be left out.

    Raises AddressError, with an `example` of what could be meant.
    """
    match = _ENTRY.fullmatch("".join(text.split()))
    if match is None:
        raise AddressError(
            f"'{printable(text, 60)}' is no entry of a tensor", f"for example {example}"
        )
    name, inside = match[1], match[2] or ""
    if name not in shapes:
        raise AddressError(
            f"no tensor '{printable(name, 60)}'{did_you_mean(name, shapes)}",
            f"for example {example}",
        )
    shape = shapes[name]
    parts = inside.split(",") if inside else []
    fits = len(parts) <= len(shape) and all(part and len(part) < 20 for part in parts)
    index = (0,) * (len(shape) - len(parts)) + tuple(int(part) for part in parts if fits)
    if not fits or not all(at < extent for at, extent in zip(index, shape, strict=True)):
        sides = "x".join(map(str, shape)) or "one number"
        raise AddressError(f"'{printable(text, 60)}' is outside of {name}", f"{name} is {sides}")
    return name, index


def format_entry(name: str, index: tuple[int, ...]) -> str:
    """The inverse: ``conv1.w[0,0,1,1]``; a tensor of one number has no brackets."""
    return f"{name}[{','.join(map(str, index))}]" if index else name
