"""A table that says in one of its keys of which kind it is, made of that kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from cnnsim.errors import Problem, did_you_mean
from cnnsim.scenario.complaints import dotted, problems_of, shown
from cnnsim.scenario.locate import Path


def read_tagged(
    table: Any, at: Path, tag: str, noun: str, known: Mapping[str, type[BaseModel]]
) -> tuple[Any, list[Problem]]:
    """What `table` at path `at` is, of the kind that its key `tag` names; None with mistakes.

    `noun` is what a kind is called, `known` has them all by name.
    """
    field = dotted(at)
    if not isinstance(table, dict):
        return None, [Problem(field, f"should be a table, not {shown(table)}", path=at)]
    kind = table.get(tag)
    if isinstance(kind, str) and kind in known:
        return read_table(known[kind], table, at)
    near = ""
    if kind is None:
        what = "is missing"
    elif isinstance(kind, str):
        what, near = f"no {noun} {shown(kind)}", did_you_mean(kind, known)
    else:
        what = f"should be a name, not {shown(kind)}"
    what += near or f"; known are {', '.join(sorted(known))}"
    return None, [Problem(f"{field}.{tag}", what, path=(*at, tag))]


def read_table(model: type[BaseModel], table: Any, at: Path) -> tuple[Any, list[Problem]]:
    """What `table` at path `at` is, whose kind is known; None with mistakes."""
    try:
        return model.model_validate(table), []
    except ValidationError as error:
        return None, problems_of(error, model, at)
