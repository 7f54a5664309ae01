"""The rule of an optimiser: its numbers as compiled code takes them."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.kernels.lanes.codes import ADAM, MOMENTUM, NESTEROV, SGD
from cnnsim.network.kinds.adam import Adam
from cnnsim.network.kinds.sgd import Sgd
from cnnsim.network.optimizer import Optimizer

#: What a record of an optimiser holds.
RULE = np.dtype(
    [("kind", np.int64), ("states", np.int64)]
    + [
        (name, np.float64)
        for name in ("weight_decay", "momentum", "beta_one", "beta_two", "epsilon")
    ]
)


def has_rule(optimizer: Optimizer | None) -> TypeGuard[Sgd | Adam]:
    """Whether fast kernels know this kind. Somebody's own that is derived from one is another."""
    return type(optimizer) in (Sgd, Adam)


def rule_of(optimizer: Optimizer | None) -> Any:
    """An optimiser that `has_rule` as a record of RULE, `states` left open."""
    assert has_rule(optimizer)
    rule = np.zeros((), RULE)
    rule["weight_decay"] = optimizer.weight_decay
    if isinstance(optimizer, Adam):
        rule["kind"] = ADAM
        for name in ("beta_one", "beta_two", "epsilon"):
            rule[name] = getattr(optimizer, name)
    elif optimizer.momentum:
        rule["kind"] = NESTEROV if optimizer.nesterov else MOMENTUM
        rule["momentum"] = optimizer.momentum
    else:
        rule["kind"] = SGD
    return rule


def paces_of(rule: Any, rates: Floats64, updates: int) -> Floats32:
    """What each update makes of its rate, and of Adam's √v: [steps][2]; `updates` came before."""
    scales = np.ones_like(rates)
    # A rate that is too large for a float is infinite: the loss tells.
    with np.errstate(over="ignore"):
        if rule["kind"] == ADAM:
            count = np.arange(updates + 1, updates + 1 + rates.size, dtype=np.float64)
            rates = rates / (1 - rule["beta_one"] ** count)
            scales = (1 - rule["beta_two"] ** count) ** -0.5
        return np.column_stack([rates, scales]).astype(np.float32)
