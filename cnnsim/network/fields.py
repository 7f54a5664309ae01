"""The value types of scenario keys: nested numbers, pairs, paddings, names."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from cnnsim.errors import unprintable

#: No axis is longer than this; a longer one is a slip of the finger, found before anything runs.
LONGEST_AXIS = 1 << 24

Floats = npt.NDArray[np.float64]


def is_whole(value: Any) -> bool:
    """Whether it is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def numbers(value: Any) -> Floats:
    """A rectangular nest of numbers as a float64 array. Raises ValueError saying where it fails."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64)
    shape: list[int] = []
    level = value
    while isinstance(level, list | tuple):
        if not level:
            raise ValueError("an empty list holds no numbers")
        if len(shape) == 4:
            raise ValueError("lists are nested more than 4 deep; the deepest is [n][c][y][x]")
        shape.append(len(level))
        level = level[0]
    flat: list[float] = []
    _flatten(value, tuple(shape), (), flat)
    return np.array(flat, np.float64).reshape(shape)


def _flatten(value: Any, shape: tuple[int, ...], at: tuple[int, ...], flat: list[float]) -> None:
    place = "".join(f"[{i}]" for i in at)
    if not shape:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{place or 'value'} should be a number, not {_noun(value)}")
        try:
            flat.append(float(value))
        except OverflowError:
            raise ValueError(f"{place or 'value'} is too large for a float64") from None
        return
    if not isinstance(value, list | tuple):
        raise ValueError(f"{place} should be a list of {shape[0]}, not {_noun(value)}")
    if len(value) != shape[0]:
        raise ValueError(f"{place} has {len(value)} entries where the first has {shape[0]}")
    for number, entry in enumerate(value):
        _flatten(entry, shape[1:], (*at, number), flat)


def _noun(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int | float):
        return "a number"
    return "a date or time"


def _pair(value: Any) -> tuple[int, int]:
    if is_whole(value):
        return (value, value)
    if isinstance(value, list | tuple) and len(value) == 2 and all(is_whole(v) for v in value):
        return (value[0], value[1])
    raise ValueError("should be a whole number or [height, width]")


def _sizes(numbers: tuple[int, ...]) -> tuple[int, ...]:
    for number in numbers:
        if number < 1:
            raise ValueError(f"should be 1 or more, not {number}")
        if number > LONGEST_AXIS:
            raise ValueError(f"should be {LONGEST_AXIS:,} or less, not {number:,}")
    return numbers


def _padding(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("valid", "same", "full"):
            raise ValueError("should be valid, same, full or numbers")
        return value
    if is_whole(value):
        return (value,) * 4
    if isinstance(value, list | tuple) and all(is_whole(v) for v in value):
        if len(value) == 2:
            return (value[0], value[1], value[0], value[1])
        if len(value) == 4:
            return tuple(value)
    raise ValueError(
        "should be a number, [height, width], [top, left, bottom, right], valid, same or full"
    )


def _check_padding(value: Any) -> Any:
    for number in value if isinstance(value, tuple) else ():
        if number < 0:
            raise ValueError(f"should be 0 or more, not {number}")
        if number > LONGEST_AXIS:
            raise ValueError(f"should be {LONGEST_AXIS:,} or less, not {number:,}")
    return value


class Drawn(NamedTuple):
    """How weights are drawn; biases are zeros, except with ``torch``."""

    how: Literal["torch", "he", "normal"] = "torch"
    deviation: float = 1.0


def _init(value: Any) -> Drawn:
    if isinstance(value, Drawn):
        return value
    if value in ("torch", "he"):
        return Drawn(value)
    if isinstance(value, dict) and list(value) == ["normal"]:
        deviation = value["normal"]
        number = isinstance(deviation, int | float) and not isinstance(deviation, bool)
        if number and 0 < deviation < np.inf:
            return Drawn("normal", float(deviation))
        raise ValueError("normal should be a standard deviation above 0, such as { normal = 0.1 }")
    raise ValueError("should be torch, he or { normal = 0.1 }")


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, list | tuple) and len(value) in (1, 3) and all(is_whole(v) for v in value):
        return tuple(value)
    raise ValueError("should be [features] or [channels, height, width]")


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,39}", value):
        raise ValueError(
            "should begin with a letter and hold only letters, digits, _ and -, at most 40"
        )
    return value


def _text(value: str) -> str:
    if found := unprintable(value):
        raise ValueError(f"holds the invisible character {found}; take it out")
    return value


_PAIR_SCHEMA = {
    "anyOf": [
        {"type": "integer"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    ]
}
_PADDING_SCHEMA = {
    "anyOf": [
        {"enum": ["valid", "same", "full"]},
        {"type": "integer", "minimum": 0},
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 4},
    ]
}
_NUMBERS_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "array", "description": "nested lists"}]}

#: A nest of numbers, up to 4 deep.
Numbers = Annotated[Floats, BeforeValidator(numbers), WithJsonSchema(_NUMBERS_SCHEMA)]
#: (height, width), each 1 or more; one number means both.
Size = Annotated[
    tuple[int, int], BeforeValidator(_pair), AfterValidator(_sizes), WithJsonSchema(_PAIR_SCHEMA)
]
#: (top, left, bottom, right), or a name.
Padding = Annotated[
    tuple[int, int, int, int] | Literal["valid", "same", "full"],
    AfterValidator(_check_padding),
    BeforeValidator(_padding),
    WithJsonSchema(_PADDING_SCHEMA),
]
#: The shape of one sample: (features,) or (channels, height, width).
SampleShape = Annotated[
    tuple[int, ...],
    AfterValidator(_sizes),
    BeforeValidator(_shape),
    WithJsonSchema({"type": "array", "items": {"type": "integer", "minimum": 1}}),
]
#: How weights are drawn, with PyTorch's default.
Init = Annotated[
    Drawn,
    BeforeValidator(_init),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["torch", "he"]},
                {
                    "type": "object",
                    "properties": {"normal": {"type": "number", "exclusiveMinimum": 0}},
                    "required": ["normal"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
#: A whole number of things, 1 or more.
Count = Annotated[int, Field(ge=1, le=LONGEST_AXIS)]
#: An identifier of a layer.
Name = Annotated[str, AfterValidator(_name)]
#: Text for people: no control characters.
Text = Annotated[str, AfterValidator(_text)]
