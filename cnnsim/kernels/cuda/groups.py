"""Layers that one kernel does together: a convolution or dense layer with what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnsim.kernels.cuda.activations import ACTIVATIONS, Activation, activation_of
from cnnsim.kernels.cuda.convolution import Shape, blocks_of
from cnnsim.kernels.cuda.kernelgrad import slices_of
from cnnsim.kernels.cuda.rooms import copies_of
from cnnsim.kernels.cuda.tail import fits
from cnnsim.kernels.cuda.update import can_update
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
        shape: of a convolution, with its pool.
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

    @property
    def is_dense(self) -> bool:
        """Whether it is a dense layer's."""
        return isinstance(self.layer, Dense)


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
            if shape is None or not _fits(shape) or not can_update(iteration.optimizer):
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
        activation = activation_of(None)
        if isinstance(follower, ACTIVATIONS):
            follow.append(follower)
            activation = activation_of(follower)
            follower = _only(readers, network.places[follower.name])
        if shape is not None and isinstance(follower, MaxPool2d) and _halves(follower, shape):
            pooled = Shape(**{**vars(shape), "pools": True})
            follow.append(follower)
            shape = pooled
        last = network.places[follow[-1].name] if follow else place
        below = sources.get(place.tensors[0])
        group = Group(layer, place, tuple(follow), last, activation, shape, below)
        if _only(readers, last):
            sources[group.output] = group
        found.append(group)
    return found


def tail_of(groups: Sequence[Group], iteration: Iteration) -> list[Group]:
    """The last dense layers before the loss, as many as a block of `tail` holds; in order."""
    found: list[Group] = []
    group = groups[-1] if groups and groups[-1].output == iteration.output else None
    while group is not None and group.is_dense:
        sizes = [group.place.inputs[0][0], *(each.place.output[0] for each in (group, *found))]
        if not fits(sizes):
            break
        found.insert(0, group)
        group = group.below
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


def _halves(layer: MaxPool2d, shape: Shape) -> bool:
    """Whether a pool takes 2x2 cells each, and leaves out what is over."""
    w = layer.window((shape.maps, shape.out_h, shape.out_w))
    sizes = (w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w)
    return (
        sizes == (2, 2, 2, 2, 1, 1)
        and (w.top, w.left, w.bottom, w.right) == (0, 0, 0, 0)
        and (w.out_h, w.out_w) == (shape.out_h // 2, shape.out_w // 2)
    )
