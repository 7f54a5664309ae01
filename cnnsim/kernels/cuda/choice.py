"""The one place that says which kernels do what, by the kinds and shapes of the layers.

| what | its kernel |
|---|---|
| conv2d, activation, 2x2 max pool | `convolution` |
| its input gradient | `convolution` with turned kernels, through what followed |
| its kernel and bias gradient | `kernel_gradient`, likewise |
| dense, activation; its gradients | `product`; `slopes` where no other kernel takes these along |
| the last dense layers, softmax_cross_entropy, and back to what came in | `tail` |
| sgd, adam, the end of the step | `update` |
| flatten, reshape | nothing: their numbers stay where they are |
| everything else | the general kernel |

A conv2d is taken with a stride and a dilation of 1, in one group, with a bias for each map or none,
and as far as its optimiser has a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.kernels.cuda.closing import Carried, Loss, close, closing
from cnnsim.kernels.cuda.convlayers import ConvLayers
from cnnsim.kernels.cuda.denselayers import DenseLayers
from cnnsim.kernels.cuda.ending import Ending
from cnnsim.kernels.cuda.groups import groups_of
from cnnsim.kernels.cuda.jit import Kernel
from cnnsim.kernels.cuda.layout import Kept
from cnnsim.kernels.cuda.rooms import Rooms
from cnnsim.kernels.cuda.selection import Fast, Selection
from cnnsim.kernels.cuda.update import Sliced, update
from cnnsim.kernels.lanes.rule import has_rule
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS
from cnnsim.steps.sweep import Sweep


def choose(
    iteration: Iteration,
    sweeps: Sequence[Sweep],
    rooms: Rooms,
    kept: Kept,
    carried: Carried | None,
) -> Fast:
    """The fast kernels for those `sweeps` of an iteration that have one.

    `carried` is what a step of training carries over where no kernel updates it in place.
    """
    selection = Selection(iteration, sweeps, rooms, kept)
    gradients = _gradients(selection)
    groups = groups_of(iteration)
    ending = Ending(selection, groups)
    convolutions, dense = ConvLayers(selection), DenseLayers(selection, groups, ending)
    for group in groups:
        if group.shape is not None:
            convolutions.forward(group, group.shape)
        else:
            dense.forward(group)
    ending.choose()
    for group in reversed(groups):
        if not selection.goes_back(group):
            continue
        if group.shape is not None:
            convolutions.back(group, group.shape)
        else:
            dense.back(group)
    if carried is not None:
        selection.fast.last = _last(selection, gradients, convolutions.sliced, carried)
    return selection.fast


def _gradients(selection: Selection) -> int:
    """Gradients lie as the parameters do, so that one launch updates all; where they begin."""
    begin, end = selection.kept.trained
    iteration, rooms = selection.iteration, selection.rooms
    if not has_rule(iteration.optimizer) or not iteration.network.training:
        return 0
    gradients = rooms.layout.take("gradients", end - begin)
    for slot in iteration.slots:
        rooms.put(slot.gradient, gradients + rooms.of(slot.name) - begin)
    return gradients


def _last(
    selection: Selection, gradients: int, sliced: Sequence[Sliced], carried: Carried
) -> Kernel:
    """The end of the step, with the update of all parameters where there is a kernel for it."""
    optimizer, kept, iteration = selection.iteration.optimizer, selection.kept, selection.iteration
    loss = selection.loss or Loss(selection.of(LOSS))
    written = {slot.updated for slot in iteration.slots}
    written |= {f"{state}_next" for state in iteration.states}
    replaced = [name for name, sweep in selection.sweeps.items() if sweep.writes in written]
    if not has_rule(optimizer) or not replaced:
        return close(loss, carried)
    for name in replaced:
        selection.put(name)
    # What is left to carry over is what layers keep by themselves.
    left = Carried(kept.updated_to, carried.end, carried.updated + kept.updated_to - carried.begin)
    begin, end = kept.trained
    return update(
        optimizer, begin, end - begin, kept.states, gradients, sliced, closing(loss, left)
    )
