"""A classifier's end in one kernel: its last dense layers, the loss, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.kernels.cuda.activations import NONE
from cnnsim.kernels.cuda.closing import Loss
from cnnsim.kernels.cuda.groups import Group
from cnnsim.kernels.cuda.product import Parts
from cnnsim.kernels.cuda.selection import Selection
from cnnsim.kernels.cuda.stages import Entry, Link
from cnnsim.kernels.cuda.tail import block_count, fits, tail
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.softmax_cross_entropy import SoftmaxCrossEntropy
from cnnsim.network.loss import LOSS


class Ending:
    """Chooses it, once all layers are chosen forward.

    Attributes:
        groups: those that it does, in order.
        entry: the one whose output comes in, if it is one.
        parts: the sums that this output is still to be made of, which `entry` leaves there.
    """

    def __init__(self, selection: Selection, groups: Sequence[Group]) -> None:
        self._selection = selection
        iteration, network = selection.iteration, selection.iteration.network
        self._last = network.places[network.layers[-1].name]
        self._is_there = (
            f"{LOSS}.forward" in selection.sweeps
            and type(iteration.loss) is SoftmaxCrossEntropy
            and fits(self._last.output)
        )
        self.groups = _groups(groups, iteration) if self._is_there else []
        self.entry: Group | None = None
        if self.groups:
            self.entry = self.groups[0].below
        elif self._is_there and groups and groups[-1].output == iteration.output:
            self.entry = groups[-1]
        self.parts: Parts | None = None

    def choose(self) -> None:
        """The kernel, in the place of the loss."""
        if not self._is_there:
            return
        selection, batch = self._selection, self._last.batch
        for sweep in selection.iteration.phases["loss"]:
            selection.put(sweep.full_name)
        count = block_count(batch)
        losses = selection.rooms.scratch(f"{LOSS} parts", (count,))
        selection.loss = Loss(losses, count, batch)
        entry, links = self._came_in(), [self._link(group) for group in self.groups]
        name = " and ".join([*(group.place.name for group in self.groups), LOSS])
        kernel = tail(batch, entry, links, selection.of(f"{LOSS}.target"), losses, name)
        selection.put(f"{LOSS}.forward", kernel)

    def _came_in(self) -> Entry:
        """What comes in, and where its gradient goes."""
        selection = self._selection
        if self.groups:
            first = self.groups[0]
            x, dx = first.place.tensors[0], f"{first.place.name}.dx"
            (features,) = first.place.inputs[0]
            is_wanted = selection.wants(first, "input_grad")
        else:
            x, dx = selection.iteration.output, f"{LOSS}.dx"
            (features,) = self._last.output
            is_wanted = any(sweep.writes == dx for sweep in selection.sweeps.values())
        activation = NONE
        if is_wanted and (entry := selection.take_along(self.entry)) is not None:
            activation, dx = entry.activation, selection.arriving(entry)
        gradient = selection.of(dx) if is_wanted else None
        return Entry(features, selection.of(x), activation, gradient, self.parts)

    def _link(self, group: Group) -> Link:
        selection, name = self._selection, group.place.name
        dz = selection.of(selection.arriving(group)) if selection.goes_back(group) else None
        selection.done.add(name)
        return Link(
            group.place.output[0], selection.of(f"{name}.w"), selection.bias(group),
            group.activation, selection.of(group.output), dz,
        )  # fmt: skip


def _groups(groups: Sequence[Group], iteration: Iteration) -> list[Group]:
    """The last dense layers before the loss, as many as a block of `tail` holds; in order."""
    found: list[Group] = []
    group = groups[-1] if groups and groups[-1].output == iteration.output else None
    while group is not None and group.shape is None:
        sizes = [group.place.inputs[0][0], *(each.place.output[0] for each in (group, *found))]
        if not fits(sizes):
            break
        found.insert(0, group)
        group = group.below
    return found
