"""The float32 numbers beside an iteration are those of its own update, whatever came before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lanes_nets import NETS, batch_of, drawn, iteration

from cnnsim.kernels.trained import engine_tensors, trained_values
from cnnsim.network.graph import INPUT
from cnnsim.network.loss import LOSS
from cnnsim.network.optimizer import COUNTER
from cnnsim.stepper.iterations import Iterations


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "sgd", "rate": 0.05},
        {"optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "weight_decay": 0.01},
        {"optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True},
        {"optimizer": "adam", "rate": 0.01},
    ],
    ids=["plain", "momentum", "nesterov", "adam"],
)
@pytest.mark.parametrize("name", ["pooled", "untied"])
def test_a_later_update_too(name: str, training: dict[str, Any]) -> None:
    shape, entries = NETS[name]
    x, target = batch_of(iteration(shape, entries), "softmax_cross_entropy", 5, 1)
    of = iteration(shape, entries, 5, target=target.astype(np.float64), **training)
    leaves = {name: np.asarray(p, np.float64) for name, p in drawn(of).items()}
    leaves |= {INPUT: np.asarray(x, np.float64)} | of.given_tensors
    every = Iterations(of, leaves)
    third, second = every.at(3), every.at(2)
    begun = dict(leaves) | {leaf: second[written] for leaf, written in of.carried.items()}
    begun[COUNTER] = np.asarray(third[COUNTER])
    begun[f"{LOSS}.target"] = third[f"{LOSS}.target"]
    found = trained_values(of, begun, training["rate"])
    assert set(found) == engine_tensors(of)
    for tensor, values in found.items():
        expected = third[tensor]
        scale = 2e-5 * max(1e-2, float(np.abs(expected).max()))
        np.testing.assert_allclose(values, expected, rtol=0, atol=scale, err_msg=tensor)
