"""The one place that says which kernels do what, by the kinds and shapes of the layers.

| what | its kernel |
|---|---|
| conv2d of stride 1, activation, 2x2 max pool | `convolution` |
| its input gradient | `convolution` with turned kernels, through what followed |
| its kernel and bias gradient | `kernel_gradient`, likewise |
| dense, activation; its gradients | `product`; `slopes` where no other kernel takes these along |
| the last dense layers, softmax_cross_entropy, and back to what came in | `tail` |
| sgd, adam, the end of the step | `update` |
| flatten, reshape | nothing: their numbers stay where they are |
| everything else | the general kernel |
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.kernels.cuda.chosen import Chosen, Fast
from cnnsim.kernels.cuda.convlayers import ConvLayers
from cnnsim.kernels.cuda.denselayers import DenseLayers
from cnnsim.kernels.cuda.feeding import Carried, Loss, closing
from cnnsim.kernels.cuda.groups import groups_of
from cnnsim.kernels.cuda.layout import Kept
from cnnsim.kernels.cuda.rooms import Rooms
from cnnsim.kernels.cuda.update import Sliced, can_update, update
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS
from cnnsim.steps.sweep import Sweep


def choose(
    iteration: Iteration, sweeps: Sequence[Sweep], rooms: Rooms, kept: Kept, carried: Carried
) -> Fast:
    """The fast kernels for those `sweeps` of an iteration that have one.

    `carried` is what a step without any carries over.
    """
    chosen = Chosen(iteration, sweeps, rooms, kept)
    gradients = _gradients(chosen)
    groups = groups_of(iteration)
    convolutions, dense = ConvLayers(chosen), DenseLayers(chosen, groups)
    for group in groups:
        if group.shape is not None:
            convolutions.forward(group, group.shape)
        else:
            dense.forward(group)
    dense.end()
    for group in reversed(groups):
        if not chosen.goes_back(group):
            continue
        if group.shape is not None:
            convolutions.back(group, group.shape)
        else:
            dense.back(group)
    _update(chosen, gradients, convolutions.sliced, carried)
    return chosen.fast


def _gradients(chosen: Chosen) -> int:
    """Gradients lie as the parameters do, so that one launch updates all; where they begin."""
    begin, end = chosen.kept.trained
    iteration, rooms = chosen.iteration, chosen.rooms
    if not can_update(iteration.optimizer) or not iteration.network.training:
        return 0
    gradients = rooms.layout.take("gradients", end - begin)
    for slot in iteration.slots:
        rooms.put(slot.gradient, gradients + rooms.of(slot.name) - begin)
    return gradients


def _update(chosen: Chosen, gradients: int, sliced: Sequence[Sliced], carried: Carried) -> None:
    """All parameters at once, and the end of the step."""
    optimizer, kept, iteration = chosen.iteration.optimizer, chosen.kept, chosen.iteration
    written = {slot.updated for slot in iteration.slots}
    written |= {f"{state}_next" for state in iteration.states}
    replaced = [name for name, sweep in chosen.sweeps.items() if sweep.writes in written]
    if optimizer is None or not can_update(optimizer) or not replaced:
        return
    for name in replaced:
        chosen.put(name)
    # What is left to carry over is what layers keep by themselves.
    left = Carried(kept.updated_to, carried.end, carried.updated + kept.updated_to - carried.begin)
    loss = chosen.fast.loss or Loss(chosen.of(LOSS))
    begin, end = kept.trained
    chosen.fast.last = update(
        optimizer, begin, end - begin, kept.states, gradients, sliced, closing(loss, left)
    )
