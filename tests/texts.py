"""Scenario files in fewer words: what many tests' networks have in common, as lines of TOML."""

from __future__ import annotations

import json
from typing import Any


def layer(kind: str, name: str, **settings: Any) -> str:
    """An entry among the layers; its settings are numbers, texts, or lists of them."""
    entry = {"type": kind, "name": name, **settings}
    return "\n".join(["[[layers]]", *(f"{key} = {json.dumps(entry[key])}" for key in entry)])


def dense(units: int, **settings: Any) -> str:
    """A dense layer, fc, and before it flat, which makes one row of all maps."""
    return "\n".join([layer("flatten", "flat"), layer("dense", "fc", units=units, **settings)])


def classifier(units: int, target: int, **settings: Any) -> str:
    """The same with the loss of a class: the cross-entropy of the softmax of fc."""
    return f"""\
{dense(units, **settings)}
[loss]
type = "softmax_cross_entropy"
target = {target}"""


#: The least that learns something: a dense layer for the digits 0 and 3, as a file without a seed.
DENSE = f"""
title = "A dense layer for digits"
[input]
digit = 3
[data]
source = "digits"
classes = [0, 3]
{classifier(2, target=1, init="he")}
[training]
optimizer = "sgd"
rate = 0.01
batch = 50
epochs = 2
"""
