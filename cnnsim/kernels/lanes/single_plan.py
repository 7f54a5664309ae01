"""The plan for training sample by sample: what each operation is, and where its tensors lie.

Everything lies as the network has it, with one float to an element: [channels][height][width], and
weights in rows [maps][taps]. Kernel rows are filled up to whole small vectors, and what is behind
them is never read. A row has its bias behind its taps, and ends with a whole vector; what a dense
layer reads has a 1 in the place of the bias. An untied bias is [maps][height · width].

    the weights, then as many copies of this region as the optimiser has states;
    every tensor; the samples and targets of as many steps as there are lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.lanes.chain import Chain
from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION, DENSE
from cnnsim.kernels.lanes.layout import Ground, bordered
from cnnsim.kernels.lanes.memory import memory
from cnnsim.kernels.lanes.plan import Step

Floats32 = npt.NDArray[np.float32]

#: A tile of products holds so many maps times so many vectors of pixels; one of gradients so many
#: maps times so many kernel rows.
TILE_MAPS, TILE_VECTORS, TILE_ROWS = 4, 3, 3
#: Taps of a kernel row come in so many.
TAPS = 4

#: What a record of an operation holds, all int64 but the slope.
FIELDS = (
    "kind",
    "activation",
    "trained",
    "has_bias",
    "back",  # the gradient of its input is wanted
    "pools",
    "channels",
    "maps",
    "kernel_h",
    "kernel_w",
    "kernel_row",  # floats from a row of a kernel to the next one: whole small vectors
    "taps",  # of a map, with these
    "row",  # floats from a map's weights to the next one's
    # of x, with its border
    "across",
    "plane",  # floats of a map
    "begin",  # the first float inside the border
    "inner_h",  # rows and columns inside the border
    "inner_w",
    "reach",  # from a window's first pixel to its last
    "right",  # from a window to the next one, and to the one below
    "down",
    "extent",  # from the first window to behind the last
    # of y
    "height_y",
    "width_y",
    "across_y",
    "plane_y",
    "begin_y",
    # places
    "weights",
    "x",
    "y",
    "dy",  # [maps][height_y][width_y]
    "dx",
    "z",  # the convolution's own output, on the grid of x, maps plane_z apart
    "plane_z",
    "code",  # as z: how far the largest of four is behind the first
    "dz",  # on the grid of x, behind zeros, maps a plane apart
    "wide",  # dx with its border, maps plane_wide apart
    "plane_wide",
    "gradient",
)
OP = np.dtype([*((name, np.int64) for name in FIELDS), ("slope", np.float64)])

#: Places that belong to no operation.
PLACES = np.dtype(
    [
        (name, np.int64)
        for name in (
            "states",  # floats from the weights to each state
            "samples",
            "sample_line",  # floats between two of them
            "is_copied",  # into the first x, which has a border
            "targets",
            "target_line",
        )
    ]
)


@dataclass(frozen=True)
class SinglePlan:
    """The plan with places.

    Attributes:
        memory: all numbers, see `memory`.
        ops: a record of OP for each operation from the first that is trained.
        places: a record of PLACES.
    """

    memory: Any
    ops: Any
    places: Any

    def weights(self, number: int, copy: int) -> Floats32:
        """The rows of an operation's weights, [maps][row]; or with `copy` > 0 of a state."""
        op = self.ops[number]
        begin = int(op["weights"] + copy * self.places["states"])
        floats: Floats32 = self.memory.view(np.float32)
        return floats[begin : begin + int(op["maps"] * op["row"])].reshape(op["maps"], op["row"])


def plan_singles(chain: Chain, lanes: int, states: int) -> SinglePlan:
    """Give everything a place."""
    steps = chain.steps[chain.first_trained :]
    ground = Ground(lanes)
    found: list[dict[str, int]] = []
    for step in steps:
        op = _sizes(step, lanes)
        # Tiles read whole vectors of maps.
        op["weights"] = ground.floats(whole(op["maps"], lanes) * op["row"])
        found.append(op)
    copy = ground.used
    ground.used += copy * states
    for number, (step, op) in enumerate(zip(steps, found, strict=True)):
        op["trained"], op["back"] = step.trained, number > 0
        op["x"] = ground.floats(op["plane"] * op["channels"])
        # An untied bias hands its gradient on as it is.
        op["dy"] = found[number - 1]["dy"] if step.kind == BIAS else ground.floats(step.y.size)
        if step.kind == CONVOLUTION:
            maps = whole(op["maps"], TILE_MAPS)
            op["plane_z"] = whole(op["extent"], TILE_VECTORS * lanes)
            op["z"], op["code"] = (ground.floats(op["plane_z"] * maps) for _ in range(2))
            reach = (op["kernel_h"] - 1) * op["across"] + op["kernel_w"] - 1
            op["dz"] = ground.floats(reach + op["plane"] * op["maps"]) + reach
            op["reach"], op["plane_wide"] = reach, whole(op["plane"], TILE_VECTORS * lanes)
            op["wide"] = ground.floats(op["plane_wide"] * whole(op["channels"], TILE_MAPS))
            op["gradient"] = ground.floats(op["row"] * maps)
        elif step.kind == DENSE:
            op["dz"] = ground.floats(op["maps"])
    ops = np.zeros(len(steps), OP)
    for number, op in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        op["y"] = (
            after["x"] if after else ground.floats(op["maps"] * op["height_y"] * op["width_y"])
        )
        op["dx"] = found[number - 1]["dy"] if number else 0
        if after and after["kind"] == CONVOLUTION:
            op["across_y"], op["plane_y"] = after["across"], after["plane"]
            op["begin_y"] = after["begin"]
        for name in FIELDS:
            ops[number][name] = op.get(name, 0)
        ops[number]["slope"] = steps[number].slope
    places = np.zeros((), PLACES)
    places["states"] = copy
    size = steps[0].x.size
    line = whole(size + 1, lanes)
    places["sample_line"], places["samples"] = line, ground.floats(line * lanes)
    places["is_copied"] = found[0]["plane"] * found[0]["channels"] != size
    line = whole(steps[-1].y.size, lanes)
    places["target_line"], places["targets"] = line, ground.floats(line * lanes)
    plan = SinglePlan(memory(ground.used, lanes), ops, places)
    floats = plan.memory.view(np.float32)
    for op in found:
        if op["kind"] == DENSE:
            floats[op["x"] + op["taps"]] = op["has_bias"]
    if found[0]["kind"] == DENSE:
        begin = int(places["samples"]) + size
        end = begin + int(places["sample_line"]) * lanes
        floats[begin : end : int(places["sample_line"])] = found[0]["has_bias"]
    return plan


def whole(count: int, of: int) -> int:
    """`count`, rounded up to a multiple of `of`."""
    return -(-count // of) * of


def _sizes(step: Step, lanes: int) -> dict[str, int]:
    """The sizes of an operation that do not depend on places."""
    x, y = bordered(step), step.y
    op = {
        "kind": step.kind,
        "activation": step.activation,
        "has_bias": step.has_bias,
        "pools": step.pools,
        "channels": x.channels,
        "maps": y.channels,
        "across": x.across,
        "plane": x.size // x.channels,
        "begin": x.first // x.channels,
        "inner_h": x.height,
        "inner_w": x.width,
        "height_y": y.height,
        "width_y": y.width,
    }
    op["across_y"], op["plane_y"] = op["width_y"], op["height_y"] * op["width_y"]
    if step.kind == CONVOLUTION:
        w = step.window
        assert w is not None
        op |= {"kernel_h": w.kernel_h, "kernel_w": w.kernel_w}
        op["kernel_row"] = whole(w.kernel_w, TAPS)
        op["taps"] = x.channels * w.kernel_h * op["kernel_row"]
        op["right"], op["down"] = w.stride_w, w.stride_h * x.across
        op["extent"] = (w.out_h - 1) * op["down"] + (w.out_w - 1) * op["right"] + 1
        # Tiles of gradients write rows that the kernel does not have.
        more = (whole(w.kernel_h, TILE_ROWS) - w.kernel_h) * op["kernel_row"]
        op["row"] = whole(op["taps"] + max(1, more), lanes)
    elif step.kind == BIAS:
        op["row"] = op["plane"]
    else:
        op["taps"], op["row"] = x.size, whole(x.size + 1, lanes)
    return op
