"""Weights between the network's own layout and those of the lanes.

The network has [maps, channels, kernel_h, kernel_w] or [units, features], and a bias [maps].
Blocks of samples have [maps / L][taps + 1][L], the taps in the order kernel row, kernel column,
channel and the bias as the last row; single samples have rows, see single_plan.py. An untied bias
[maps, height, width] has rows of nothing but a bias.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION
from cnnsim.kernels.lanes.layout import panels
from cnnsim.kernels.lanes.plan import Step
from cnnsim.kernels.lanes.single_plan import TAPS, whole
from cnnsim.network.layer import Shape

Array = npt.NDArray[Any]
Floats32 = npt.NDArray[np.float32]
#: What an operation holds: ``w``, ``b``, or both.
Parameters = dict[str, Floats32]


def into_lanes(step: Step, lanes: int, held: Parameters) -> Floats32:
    """The parameters of an operation by role, as a flat array in the lanes' layout."""
    rows, taps = step.rows, step.taps
    found = np.zeros((panels(rows, lanes) * lanes, taps + 1), np.float32)
    if "w" in held:
        found[:rows, :taps] = _as_taps(step, held["w"])
    if "b" in held:
        found[:rows, taps] = held["b"].ravel()[step.order] if step.kind == BIAS else held["b"]
    return found.reshape(-1, lanes, taps + 1).transpose(0, 2, 1).ravel()


def out_of_lanes(step: Step, lanes: int, flat: Floats32) -> Parameters:
    """A copy of the parameters by role in the network's layout, from the lanes'."""
    taps, found = step.taps, {}
    rows = flat.reshape(-1, taps + 1, lanes).transpose(0, 2, 1).reshape(-1, taps + 1)[: step.rows]
    if "w" in step.parameters:
        found["w"] = _from_taps(step, rows[:, :taps])
    if "b" in step.parameters:
        found["b"] = rows[:, taps].copy()
    if step.kind == BIAS:
        found["b"][step.order] = rows[:, taps]
    return found


def into_rows(step: Step, rows: Floats32, held: Parameters) -> None:
    """Put the parameters of an operation by role into rows."""
    if step.kind == BIAS:
        rows[:] = held["b"].reshape(rows.shape)
        return
    taps, w = _taps_of_rows(step, rows), held["w"]
    taps[..., : w.shape[-1]] = _as_kernel(step, w).reshape(*taps.shape[:-1], w.shape[-1])
    rows[:, taps[0].size] = held.get("b", 0)


def out_of_rows(step: Step, rows: Floats32, shape: Shape) -> Parameters:
    """A copy of the parameters by role from rows; `shape` is that of the weights, if any."""
    if step.kind == BIAS:
        return {"b": rows.copy()}
    taps = _taps_of_rows(step, rows)
    found = {"w": np.array(_as_kernel(step, taps[..., : shape[-1]].reshape(shape)))}
    if "b" in step.parameters:
        found["b"] = rows[:, taps[0].size].copy()
    return found


def _taps_of_rows(step: Step, rows: Floats32) -> Floats32:
    """Rows without what is behind the taps: [maps][kernel rows of all channels][taps of a row]."""
    if step.kind == CONVOLUTION:
        assert step.window is not None
        count, size = step.x.channels * step.window.kernel_h, whole(step.window.kernel_w, TAPS)
    else:
        count, size = 1, step.x.size
    return rows[:, : count * size].reshape(len(rows), count, size)


def _as_kernel(step: Step, w: Array) -> Array:
    """The kernels as they slide; and back."""
    return w[:, :, ::-1, ::-1] if step.turned else w


def _as_taps(step: Step, w: Array) -> Array:
    """[maps][taps] from the network's layout."""
    if step.kind == CONVOLUTION:
        return _as_kernel(step, w).transpose(0, 2, 3, 1).reshape(len(w), -1)
    assert step.order is not None
    return w[:, step.order]


def _from_taps(step: Step, rows: Floats32) -> Floats32:
    """The network's layout from [maps][taps]."""
    if step.kind == CONVOLUTION:
        assert step.window is not None
        shape = (len(rows), step.window.kernel_h, step.window.kernel_w, step.x.channels)
        kernel = rows.reshape(shape).transpose(0, 3, 1, 2)
        return np.array(_as_kernel(step, kernel))
    assert step.order is not None
    found = np.empty_like(rows)
    found[:, step.order] = rows
    return found
