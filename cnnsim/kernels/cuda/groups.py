"""Layers that one kernel does together: a convolution or dense layer with what follows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnnsim.kernels.cuda.activations import ACTIVATIONS, NONE, Activation, activation_of
from cnnsim.kernels.cuda.convolution import Shape, blocks_of
from cnnsim.kernels.cuda.kernelgrad import slices_of
from cnnsim.kernels.cuda.rooms import copies_of
from cnnsim.kernels.lanes.rule import has_rule
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.network.kinds.dense import Dense
from cnnsim.network.kinds.max_pool2d import MaxPool2d
from cnnsim.network.layer import Layer, Place


@dataclass(frozen=True, eq=False)
class Group:
    """A layer with weights, then an activation, then a pool; the latter two may be missing.

    Attributes:
        layer, place: the one with weights.
        follow: the others, in order.
        last: the place of the last of all.
        activation: that of the group, or none.
        shape: of a convolution, with its pool; a dense layer has none.
        below: the group whose output this one alone reads, copies of it aside.
    """

    layer: Conv2d | Dense
    place: Place
    follow: tuple[Layer, ...]
    last: Place
    activation: Activation
    shape: Shape | None
    below: Group | None

    @property
    def output(self) -> str:
        """The tensor that comes out."""
        return self.last.tensor("y")


def groups_of(iteration: Iteration) -> list[Group]:
    """The groups of a network, in the order of their layers."""
    network, copies = iteration.network, copies_of(iteration)
    readers: dict[str, list[Layer]] = {}
    for layer in network.layers:
        for tensor in network.places[layer.name].tensors:
            readers.setdefault(tensor, []).append(layer)
    found: list[Group] = []
    # By tensor that only one layer reads, the group that it comes from.
    sources: dict[str, Group] = {}
    for layer in network.layers:
        place = network.places[layer.name]
        if isinstance(layer, Conv2d):
            shape = _shape(layer, place)
            # What adds up the slices of a convolution's gradient is the update.
            if shape is None or not _fits(shape) or not has_rule(iteration.optimizer):
                continue
        elif isinstance(layer, Dense):
            shape = None
        else:
            below = sources.get(place.tensors[0]) if layer.name in copies else None
            if below is not None and _only(readers, place):
                sources[place.tensor("y")] = below
            continue
        follow: list[Layer] = []
        follower = _only(readers, place)
        activation = NONE
        if isinstance(follower, ACTIVATIONS):
            follow.append(follower)
            activation = activation_of(follower)
            follower = _only(readers, network.places[follower.name])
        if shape is not None and isinstance(follower, MaxPool2d):
            cells = network.places[follower.name].inputs[0]
            if follower.window(cells).is_halving:
                follow.append(follower)
                shape = replace(shape, pools=True)
        last = network.places[follow[-1].name] if follow else place
        below = sources.get(place.tensors[0])
        group = Group(layer, place, tuple(follow), last, activation, shape, below)
        if _only(readers, last):
            sources[group.output] = group
        found.append(group)
    return found


def _only(readers: dict[str, list[Layer]], place: Place) -> Layer | None:
    """The only layer that reads what comes out at `place`; None where there is not just one."""
    found = readers.get(place.tensor("y"), [])
    return found[0] if len(found) == 1 else None


def _shape(layer: Conv2d, place: Place) -> Shape | None:
    """The sizes of a convolution; None where the kernels do not take it."""
    w = layer.window(place.inputs[0])
    strides = (w.stride_h, w.stride_w, w.dilation_h, w.dilation_w)
    if strides != (1, 1, 1, 1) or layer.groups > 1 or layer.bias_kind == "untied":
        return None
    channels, height, width = place.inputs[0]
    maps, out_h, out_w = place.output
    return Shape(
        place.batch, channels, height, width, maps, w.kernel_h, w.kernel_w, w.top, w.left,
        out_h, out_w,
    )  # fmt: skip


def _fits(shape: Shape) -> bool:
    """Whether a block takes it, forward and back."""
    return None not in (blocks_of(shape), blocks_of(shape.back), slices_of(shape))
