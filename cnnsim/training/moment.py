"""How a run looked after any of its updates, as the snapshots of `snapshot` tell it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnsim.training.activations import Activations
from cnnsim.training.evaluate import measure
from cnnsim.training.history import History, Share
from cnnsim.training.probe import gradients_between
from cnnsim.training.samples import Split
from cnnsim.training.snapshot import Tested, take_snapshot

#: Test pictures that are looked at in one go: so soon a slider that is dragged goes on.
_AT_ONCE = 2048


def has_many(history: History) -> bool:
    """Whether `tested_at` takes a moment, so that `glanced_at` should come first."""
    return len(history.split.test) > _AT_ONCE


def tested_at(history: History, number: int, report: Share) -> dict[str, Any]:
    """A snapshot after `number` updates: filters, and what all test pictures show."""
    return _tested(history, number, history.split, report)


def glanced_at(history: History, number: int, report: Share) -> dict[str, Any]:
    """The same for some of the test pictures, at even distances."""
    split = history.split
    chosen = np.arange(_AT_ONCE) * len(split.test) // _AT_ONCE
    found = _tested(history, number, Split(split.train, split.test[chosen], split.names), report)
    for mistake in found["tested"]["mistakes"]:
        mistake["picture"] = int(chosen[mistake["picture"]])
    return found


def _tested(history: History, number: int, split: Split, report: Share) -> dict[str, Any]:
    found = take_snapshot(history.run, history.tensors(number, report), number)
    samples, pieces = split.test, []
    # In pieces of much the same size: an engine may treat a handful in another way.
    count = -(-len(samples) // _AT_ONCE)
    for place, pictures in enumerate(np.array_split(samples.pictures, count)):
        report(place / count)
        pieces.append(history.outputs(number, pictures, report))
    outputs = np.concatenate(pieces)
    judged = measure(history.run.scenario, outputs, samples.classes)
    tested = Tested(judged, outputs, number)
    return found | tested.as_json(history.run, split)


def look_at(
    history: History, number: int, activations: Activations, shown: int, report: Share
) -> dict[str, Any]:
    """The rest of it: every layer's activations, and the gradients of update `number`.

    After the last update there is no further one; its gradients are left out.
    """
    if number >= history.total:
        tensors = history.tensors(number, report)
        return {"kind": "snapshot", **activations.look(tensors, shown), "batch_loss": None}
    before, after, loss = history.step(number, report)
    pictures = len(history.batch(number)[0])
    return {
        "kind": "snapshot",
        **activations.look(before, shown),
        "gradients": gradients_between(history.run, before, after, history.rate(number), pictures),
        "batch_loss": loss,
    }
