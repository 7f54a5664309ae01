"""What pydantic found, in the words of this program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from cnnsim.errors import Problem, did_you_mean, printable

_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "int_from_float": "a whole number",
}

#: Places that are named for a key that stands in the wrong one.
_MOST_MEANT = 3


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    before: tuple[str | int, ...] = (),
    beside: Sequence[str] = (),
    tables: Mapping[str, Any] | None = None,
) -> list[Problem]:
    """One problem for each complaint; `before` is the path of what was validated, `beside` are keys
    that stand there too but are read elsewhere. An unknown one is looked for in `tables`, which are
    those of the whole file.
    """
    found = []
    for detail in error.errors(include_url=False):
        path = (*before, *(part for part in detail["loc"] if isinstance(part, str | int)))
        found.append(Problem(dotted(path), _say(detail, model, beside, tables or {}), path=path))
    return found


def dotted(path: tuple[str | int, ...]) -> str:
    """``layers[2].padding``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + printable(part, 60)
    return text


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys as they are written in files."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _keys_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The keys that are known where an unknown one was found."""
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        for candidate in (inner, *getattr(inner, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return keys_of(model)


def _meant(key: str, tables: Mapping[str, Any]) -> str:
    """``, did you mean 'training.epochs'?`` for keys of this name inside `tables`, or nothing."""
    inner = [(name, table) for name, table in tables.items() if isinstance(table, dict)]
    layers = tables.get("layers")
    for number, layer in enumerate(layers if isinstance(layers, list) else ()):
        if isinstance(layer, dict):
            name = layer.get("name")
            plain = isinstance(name, str) and re.fullmatch(r"[\w-]+", name)
            inner.append((f"layers.{name}" if plain else f"layers[{number}]", layer))
    found = [f"'{printable(f'{name}.{key}', 60)}'" for name, table in inner if key in table]
    return f", did you mean {' or '.join(found[:_MOST_MEANT])}?" if found else ""


def _say(
    detail: Any, model: type[BaseModel], beside: Sequence[str], tables: Mapping[str, Any]
) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        keys = _keys_at(model, detail["loc"])
        keys += beside if len(detail["loc"]) == 1 else ()
        key = str(detail["loc"][-1])
        near = (len(detail["loc"]) == 1 and _meant(key, tables)) or did_you_mean(key, keys)
        return "unknown key" + (near or f"; known are {', '.join(keys)}")
    if kind in _TYPES:
        return f"should be {_TYPES[kind]}, not {shown(detail['input'])}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        near = did_you_mean(str(detail["input"]), context["expected"].replace("'", "").split(" "))
        return f"should be {context['expected']}, not {shown(detail['input'])}{near}"
    for name, words in (("ge", "or more"), ("le", "or less")):
        if name in context:
            return f"should be {context[name]:,} {words}, not {shown(detail['input'])}"
    for name, words in (("gt", "more than"), ("lt", "less than")):
        if name in context:
            return f"should be {words} {context[name]:,}, not {shown(detail['input'])}"
    message = str(detail["msg"])
    return printable(message[:1].lower() + message[1:])


def shown(value: Any) -> str:
    """A value from a file, short and safe to print."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{printable(value, 40)}'"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return printable(str(value), 40)
