"""The numbers of a network that can be tried out: what they are, their neighbours, their text."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Annotated, Any, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cnnsim.errors import UsageError
from cnnsim.network.fields import LONGEST_AXIS
from cnnsim.network.graph import INPUT
from cnnsim.network.layer import Layer, Shape
from cnnsim.scenario.complaints import problems_of

#: A number, a number for each axis or side, or a name such as ``same``.
Value = int | tuple[int, ...] | str

#: No input holds more numbers than this; beyond it counts say nothing to anyone.
MOST_NUMBERS = 1 << 40


def input_keys(shape: Shape) -> list[str]:
    """What can be changed of an input: one side for a square picture."""
    if len(shape) != 3:
        return ["features"]
    return ["side", "channels"] if shape[1] == shape[2] else ["height", "width", "channels"]


def input_value(shape: Shape, key: str) -> int:
    """The present value of one of `input_keys`."""
    return shape[{"features": 0, "channels": 0, "side": 1, "height": 1, "width": 2}[key]]


def with_input(shape: Shape, key: str, value: Value) -> Shape:
    """`shape` with another side or depth. Raises UsageError where that is no shape."""
    if not isinstance(value, int) or not 1 <= value <= LONGEST_AXIS:
        raise UsageError(f"{INPUT} {key} should be a number from 1 to {LONGEST_AXIS:,}")
    axes = {"features": (0,), "channels": (0,), "side": (1, 2), "height": (1,), "width": (2,)}[key]
    changed = tuple(value if axis in axes else extent for axis, extent in enumerate(shape))
    if prod(changed) > MOST_NUMBERS:
        raise UsageError(f"an input of {prod(changed):,} numbers is too large")
    return changed


def layer_keys(layer: Layer) -> list[str]:
    """What can be changed of a layer; keys without a value of their own are left out."""
    return [key for key in layer.adjustable if layer_value(layer, key) is not None]


def layer_value(layer: Layer, key: str) -> Value | None:
    """The present value of a key; None where there is none, as for the size of given kernels."""
    value: Any = getattr(layer, key, None)
    if value is None and key == "stride":
        # A pool without a stride moves by its own size.
        value = getattr(layer, "size", None)
    if isinstance(value, bool):
        return None
    if isinstance(value, tuple):
        return value if value and all(isinstance(each, int) for each in value) else None
    return value if isinstance(value, int | str) else None


def with_value(layer: Layer, key: str, value: Value) -> Layer:
    """`layer` with another value. Raises UsageError where the key does not take it."""
    try:
        checked = _adapter(type(layer), key).validate_python(value)
    except ValidationError as error:
        what = problems_of(error, type(layer))[0].what
        raise UsageError(f"{layer.name} {key}: {what}") from None
    return layer.model_copy(update={key: checked})


@cache
def _adapter(kind: type[Layer], key: str) -> TypeAdapter[Any]:
    """What checks one key of a kind of layer."""
    info = kind.model_fields[key]
    annotation: Any = info.annotation
    for part in info.metadata:
        annotation = Annotated[annotation, part]
    return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))


def names_of(layer: Layer, key: str) -> list[str]:
    """The names that a key takes besides numbers: ``valid``, ``same``, ``full``."""
    found: list[str] = []
    pending: list[Any] = [type(layer).model_fields[key].annotation]
    while pending:
        each = pending.pop(0)
        if isinstance(each, str):
            found.append(each)
        pending += get_args(each)
    return found


def neighbour(
    layer: Layer, key: str, value: Value, by: int, sides: tuple[int, ...] | None = None
) -> Value:
    """The value next to `value`: a number more or less, and below 0 the names.

    `sides` are the numbers that a name such as ``same`` stands for here.
    """
    names = names_of(layer, key)
    if not isinstance(value, str):
        lowest = min(value) if isinstance(value, tuple) else value
        if lowest + by >= 0 or not names or lowest > 0:
            # From 5 ten steps back go to the lowest number, not past it.
            by = max(by, -lowest) if names else by
            return moved(value, by)
        return next((name for name in names if name != "valid"), names[0])
    if sides is None:
        return names[(names.index(value) + (1 if by > 0 else -1)) % len(names)]
    if value == "valid":
        # It is another word for 0.
        return neighbour(layer, key, sides, by)
    below = [name for name in names if name != "valid"]
    at = below.index(value) + (1 if by < 0 else -1)
    return below[min(at, len(below) - 1)] if at >= 0 else (0,) * len(sides)


def moved(value: Value, by: int) -> Value:
    """Each number of `value` changed by as much."""
    if isinstance(value, tuple):
        return tuple(each + by for each in value)
    return value + by if isinstance(value, int) else value


def spread(value: Value, number: int) -> Value:
    """`number` for every axis or side that `value` has."""
    return (number,) * len(value) if isinstance(value, tuple) else number


def shown(value: Value) -> str:
    """``2``, ``3×5``, ``1,0,1,0`` or ``same``."""
    if isinstance(value, tuple):
        if len(set(value)) == 1:
            return f"{value[0]}"
        return ("×" if len(value) == 2 else ",").join(map(str, value))
    return f"{value}"
