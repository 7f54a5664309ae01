"""The kernels of dense layers with their activations, and of a classifier's end."""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.kernels.cuda.activations import NONE, slopes
from cnnsim.kernels.cuda.chosen import Chosen
from cnnsim.kernels.cuda.feeding import Loss
from cnnsim.kernels.cuda.groups import Group, tail_of
from cnnsim.kernels.cuda.product import Finish, Matrix, Parts, Product, product
from cnnsim.kernels.cuda.stages import Entry, Link
from cnnsim.kernels.cuda.tail import blocks_of, fits, tail
from cnnsim.kernels.cuda.tasks import launched
from cnnsim.network.kinds.softmax_cross_entropy import SoftmaxCrossEntropy
from cnnsim.network.loss import LOSS


class DenseLayers:
    """Chooses them, forward in the order of the layers, then the end, then back."""

    def __init__(self, chosen: Chosen, groups: Sequence[Group]) -> None:
        self._chosen = chosen
        iteration, network = chosen.iteration, chosen.iteration.network
        self._last = network.places[network.layers[-1].name]
        self._has_head = (
            f"{LOSS}.forward" in chosen.sweeps
            and type(iteration.loss) is SoftmaxCrossEntropy
            and fits(self._last.output)
        )
        self._tail = tail_of(groups, iteration) if self._has_head else []
        # The group whose output comes into the tail.
        self._entry: Group | None = None
        if self._tail:
            self._entry = self._tail[0].below
        elif self._has_head and groups and groups[-1].output == iteration.output:
            self._entry = groups[-1]
        # The sums that this output is still to be made of.
        self._parts: Parts | None = None
        # The groups whose products are launched, and those that wait to be launched with the next.
        self._left = [g for g in groups if g.is_dense and chosen.goes_back(g)]
        self._waiting: list[Product] = []

    def forward(self, group: Group) -> None:
        """The outputs of a group."""
        if group in self._tail:
            self._chosen.put_forward(group)
            return
        chosen, name = self._chosen, group.place.name
        (features,), (units,) = group.place.inputs[0], group.place.output
        x, w, y = group.place.tensors[0], f"{name}.w", group.output
        made = product(
            group.place.batch, units, features,
            Matrix(chosen.of(x), features, 1), Matrix(chosen.of(w), 1, features),
            Matrix(chosen.of(y), units, 1), chosen.scratch(f"{name}.forward"),
            Finish(chosen.bias(group), group.activation), name=f"{name}.forward",
        )  # fmt: skip
        kernels = made.kernels
        if group is self._entry:
            kernels, self._parts = launched([made.multiply]), made.parts
        chosen.put_forward(group, *kernels)

    def end(self) -> None:
        """The last layers, the loss, and the way back through both."""
        if not self._has_head:
            return
        chosen, batch = self._chosen, self._last.batch
        for sweep in chosen.iteration.phases["loss"]:
            chosen.put(sweep.full_name)
        count = blocks_of(batch)
        losses = chosen.rooms.scratch(f"{LOSS} parts", (count,))
        chosen.fast.loss = Loss(losses, count, batch)
        entry, links = self._came_in(), [self._link(group) for group in self._tail]
        names = [*(group.place.name for group in self._tail), LOSS]
        kernel = tail(batch, entry, links, chosen.of(f"{LOSS}.target"), losses, " and ".join(names))
        chosen.put(f"{LOSS}.forward", kernel)

    def _came_in(self) -> Entry:
        """What comes into the tail, and where its gradient goes."""
        chosen = self._chosen
        if self._tail:
            first = self._tail[0]
            x, dx = first.place.tensors[0], f"{first.place.name}.dx"
            (features,) = first.place.inputs[0]
            is_wanted = chosen.wants(first, "input_grad")
        else:
            x, dx = chosen.iteration.output, f"{LOSS}.dx"
            (features,) = self._last.output
            is_wanted = any(sweep.writes == dx for sweep in chosen.sweeps.values())
        activation = NONE
        if is_wanted and (entry := chosen.through(self._entry)) is not None:
            activation, dx = entry.activation, chosen.arriving(entry)
        gradient = chosen.of(dx) if is_wanted else None
        return Entry(features, chosen.of(x), activation, gradient, self._parts)

    def _link(self, group: Group) -> Link:
        chosen, name = self._chosen, group.place.name
        dz = chosen.of(chosen.arriving(group)) if chosen.goes_back(group) else None
        chosen.done.add(name)
        return Link(
            group.place.output[0], chosen.of(f"{name}.w"), chosen.bias(group), group.activation,
            chosen.of(group.output), dz,
        )  # fmt: skip

    def back(self, group: Group) -> None:
        """The gradients of its parameters and its input."""
        chosen, name, batch = self._chosen, group.place.name, group.place.batch
        (features,), (units,) = group.place.inputs[0], group.place.output
        of, dz = chosen.of, chosen.of(chosen.arriving(group))
        for layer in group.follow:
            chosen.put(f"{layer.name}.input_grad")
            if name not in chosen.done:
                behind = of(chosen.sweeps[f"{layer.name}.input_grad"].reads[0].tensor)
                back = slopes(
                    group.activation, batch * units, of(group.output), behind, dz,
                    f"{layer.name}.input_grad",
                )  # fmt: skip
                chosen.put(f"{layer.name}.input_grad", back)
        for what in ("bias_grad", "kernel_grad", "input_grad"):
            chosen.put(f"{name}.{what}")
        if chosen.wants(group, "kernel_grad"):
            has_bias = chosen.bias(group) is not None
            self._waiting.append(
                product(
                    units, features, batch,
                    Matrix(dz, 1, units), Matrix(of(group.place.tensors[0]), features, 1),
                    Matrix(of(f"{name}.dw"), features, 1), chosen.scratch(f"{name}.kernel_grad"),
                    Finish(ones=of(f"{name}.db") if has_bias else None),
                    name=f"{name}.kernel_grad",
                )
            )  # fmt: skip
        if chosen.wants(group, "input_grad") and group not in self._tail:
            self._waiting.append(self._input_grad(group, dz))
        self._left.remove(group)
        if group in self._tail and self._left:
            # Nobody waits for these: they go along with the next.
            return
        last = "input_grad" if chosen.wants(group, "input_grad") else "kernel_grad"
        chosen.put(
            f"{name}.{last}",
            *launched(
                [each.multiply for each in self._waiting],
                [each.parts.task for each in self._waiting if each.parts],
            ),
        )
        self._waiting = []

    def _input_grad(self, group: Group, dz: int) -> Product:
        chosen, name = self._chosen, group.place.name
        (features,), (units,) = group.place.inputs[0], group.place.output
        finish, dx = Finish(), f"{name}.dx"
        below = chosen.through(group.below)
        if below is not None:
            finish = Finish(known=chosen.of(below.output), slope=below.activation)
            dx = chosen.arriving(below)
        return product(
            group.place.batch, features, units,
            Matrix(dz, units, 1), Matrix(chosen.of(f"{name}.w"), features, 1),
            Matrix(chosen.of(dx), features, 1), chosen.scratch(f"{name}.input_grad"), finish,
            name=f"{name}.input_grad",
        )  # fmt: skip
