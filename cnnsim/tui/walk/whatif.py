"""What if a size, stride or padding were another? Changes to a network, with undo and redo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from cnnsim.errors import CnnsimError, ShapeError
from cnnsim.network.graph import INPUT, Network, connect
from cnnsim.network.layer import Layer, Shape
from cnnsim.network.walk import Walk, walk
from cnnsim.tui.walk.knobs import (
    Value,
    input_keys,
    input_value,
    layer_keys,
    layer_value,
    names_of,
    neighbour,
    shown,
    spread,
    with_input,
    with_value,
)

#: (layer or ``input``, key).
LayerKey = tuple[str, str]


class Change(NamedTuple):
    """One edit: what was there before and after; None stands for the file's own value."""

    place: LayerKey
    old: Value | None
    new: Value | None


@dataclass(frozen=True)
class Knob:
    """A row of the what-if panel. `was` is the file's value where it is another now."""

    place: LayerKey
    text: str
    was: str | None

    @property
    def key(self) -> str:
        """``stride``."""
        return self.place[1]


@dataclass(frozen=True)
class Outcome:
    """A network with changes, walked up to its first shape error."""

    network: Network

    @cached_property
    def walked(self) -> Walk:
        """Rows and totals. The error stays in the network: explaining it takes long."""
        return walk(replace(self.network, errors=()))

    @property
    def error(self) -> ShapeError | None:
        """The first shape error."""
        return self.network.errors[0] if self.network.errors else None

    def shape(self, name: str) -> Shape | None:
        """The output of a layer or the input; None behind a shape error."""
        if name == INPUT:
            return self.network.input_shape
        place = self.network.places.get(name)
        return place.output if place else None


class WhatIf:
    """Changes to a network that never touch it. `outcome` follows from them at once."""

    def __init__(self, network: Network) -> None:
        self.original = Outcome(network)
        self.outcome = self.original
        self._changes: dict[LayerKey, Value] = {}
        self._done: list[list[Change]] = []
        self._undone: list[list[Change]] = []
        # The place of the last edit, while digits are typed into it: they are one edit.
        self._typing: LayerKey | None = None

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the file."""
        return bool(self._changes)

    @property
    def changes(self) -> dict[LayerKey, Value]:
        """What differs from the file."""
        return dict(self._changes)

    def layer(self, name: str) -> Layer:
        """A layer with its changes."""
        return self.outcome.network.by_name[name]

    def knobs(self, name: str) -> list[Knob]:
        """The rows for the input, then those of layer `name`, which may be the input too."""
        places = [(INPUT, key) for key in input_keys(self.original.network.input_shape)]
        if name != INPUT:
            places += [(name, key) for key in layer_keys(self.layer(name))]
        return [self._knob(place) for place in places]

    def _knob(self, place: LayerKey) -> Knob:
        first, value = self._first(place), self.value(place)
        return Knob(place, shown(value), shown(first) if value != first else None)

    def value(self, place: LayerKey) -> Value:
        """The present value."""
        return self._value(self.outcome.network, place)

    def _first(self, place: LayerKey) -> Value:
        """The file's value."""
        return self._value(self.original.network, place)

    @staticmethod
    def _value(network: Network, place: LayerKey) -> Value:
        name, key = place
        if name == INPUT:
            return input_value(network.input_shape, key)
        value = layer_value(network.by_name[name], key)
        if value is None:
            raise CnnsimError(f"{name} has no {key} to change")
        return value

    # -- editing --------------------------------------------------------------------------------

    def set(self, place: LayerKey, value: Value, typing: bool = False) -> None:
        """Give `place` another value. Raises UsageError where it cannot have it.

        With `typing`, further digits for the same place belong to the same edit.
        """
        before = dict(self._changes)
        if value == self._first(place):
            self._changes.pop(place, None)
        else:
            self._changes[place] = value
        try:
            self._follow()
        except CnnsimError:
            self._changes = before
            raise
        change = Change(place, before.get(place), self._changes.get(place))
        if typing and self._typing == place:
            change = self._done.pop()[0]._replace(new=change.new)
        self._typing = None
        if change.old != change.new:
            self._done.append([change])
            self._undone.clear()
            self._typing = place if typing else None

    def step(self, place: LayerKey, by: int) -> None:
        """The next value up or down. Raises UsageError where there is none."""
        value = self.value(place)
        name, key = place
        if name == INPUT:
            assert isinstance(value, int)
            self.set(place, max(value + by, 1))
            return
        new = neighbour(self.layer(name), key, value, by, self._sides(name, key, value))
        self.set(place, new)

    def type(self, place: LayerKey, number: int) -> None:
        """A number typed: it holds for all axes or sides. Raises UsageError."""
        value = self.value(place)
        if isinstance(value, str):
            value = self._sides(*place, value) or 0
        self.set(place, spread(value, number), typing=True)

    def _sides(self, name: str, key: str, value: Value) -> tuple[int, ...] | None:
        """The numbers that ``same`` or ``full`` stand for; four zeros where nothing arrives."""
        if (
            not isinstance(value, str)
            or key != "padding"
            or "same" not in names_of(self.layer(name), key)
        ):
            return None
        place = self.outcome.network.places.get(name)
        window = self.layer(name).field(place.inputs) if place else None
        return (0, 0, 0, 0) if window is None else window[-4:]

    def undo(self) -> None:
        """Take back the last edit. Raises CnnsimError where there is none."""
        if not self._done:
            raise CnnsimError("nothing to undo")
        edit = self._done.pop()
        self._apply([(change.place, change.old) for change in reversed(edit)])
        self._undone.append(edit)

    def redo(self) -> None:
        """Do the last undone edit again. Raises CnnsimError where there is none."""
        if not self._undone:
            raise CnnsimError("nothing to redo")
        edit = self._undone.pop()
        self._apply([(change.place, change.new) for change in edit])
        self._done.append(edit)

    def reset(self) -> None:
        """Everything as in the file; one edit, so that it can be undone."""
        edit = [Change(place, value, None) for place, value in self._changes.items()]
        if edit:
            self._apply([(change.place, None) for change in edit])
            self._done.append(edit)
            self._undone.clear()

    def _apply(self, values: list[tuple[LayerKey, Value | None]]) -> None:
        for place, value in values:
            if value is None:
                self._changes.pop(place, None)
            else:
                self._changes[place] = value
        self._typing = None
        self._follow()

    def _follow(self) -> None:
        """Connect the changed layers anew. Raises UsageError where a value is not allowed."""
        if not self._changes:
            self.outcome = self.original
            return
        network = self.original.network
        shape = network.input_shape
        layers = dict(network.by_name)
        for (name, key), value in self._changes.items():
            if name == INPUT:
                shape = with_input(shape, key, value)
            else:
                layers[name] = with_value(layers[name], key, value)
        self.outcome = Outcome(
            connect(
                tuple(layers[layer.name] for layer in network.layers),
                shape,
                network.batch,
                network.training,
                network.seed,
            )
        )
