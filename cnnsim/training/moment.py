"""How a run looked after any of its updates, as the snapshots of `snapshot` tell it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnsim.training.activations import Activations
from cnnsim.training.evaluate import measure
from cnnsim.training.history import History, Report
from cnnsim.training.probe import gradients_between
from cnnsim.training.samples import Samples, Split
from cnnsim.training.snapshot import Tested, take_snapshot

#: Test pictures that one moment is tested with.
_TESTED = 2000


def tested_at(history: History, number: int, report: Report) -> dict[str, Any]:
    """A snapshot after `number` updates: filters, and what the test pictures show.

    Of many test pictures the first few thousand are taken, so that a slider can be dragged.
    """
    split = history.split
    if len(split.test) > _TESTED:
        split = Split(split.train, split.test[np.arange(_TESTED)], split.names)
    samples: Samples = split.test
    found = take_snapshot(history.run, history.tensors(number, report), number)
    outputs = history.outputs(number, samples.pictures, report)
    judged = measure(history.run.scenario, outputs, samples.classes)
    tested = Tested(judged, outputs, number // history.each)
    return found | tested.as_json(history.run, split)


def look_at(
    history: History, number: int, activations: Activations, shown: int, report: Report
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
