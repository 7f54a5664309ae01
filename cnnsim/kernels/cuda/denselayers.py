"""The kernels of dense layers with their activations."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnnsim.kernels.cuda.activations import slopes
from cnnsim.kernels.cuda.ending import Ending
from cnnsim.kernels.cuda.groups import Group
from cnnsim.kernels.cuda.product import Finish, Matrix, Product, product
from cnnsim.kernels.cuda.selection import Selection
from cnnsim.kernels.cuda.tasks import launched


class DenseLayers:
    """Chooses them, forward in the order of the layers, then back; `ending` does the last ones."""

    def __init__(self, selection: Selection, groups: Sequence[Group], ending: Ending) -> None:
        self._selection, self._ending = selection, ending
        # The groups whose products are launched, and those that wait to be launched with the next.
        self._left = [g for g in groups if g.shape is None and selection.goes_back(g)]
        self._waiting: list[Product] = []

    def forward(self, group: Group) -> None:
        """The outputs of a group."""
        if group in self._ending.groups:
            self._selection.put_forward(group)
            return
        selection, name = self._selection, group.place.name
        (features,), (units,) = group.place.inputs[0], group.place.output
        x, w, y = group.place.tensors[0], f"{name}.w", group.output
        made = product(
            group.place.batch, units, features,
            Matrix(selection.of(x), features, 1), Matrix(selection.of(w), 1, features),
            Matrix(selection.of(y), units, 1), selection.scratch(f"{name}.forward"),
            Finish(selection.bias(group), group.activation), name=f"{name}.forward",
        )  # fmt: skip
        kernels = made.kernels
        if group is self._ending.entry:
            kernels, self._ending.parts = launched([made.multiply]), made.parts
        selection.put_forward(group, *kernels)

    def back(self, group: Group) -> None:
        """The gradients of its parameters and its input."""
        selection, name = self._selection, group.place.name
        numbers = prod(group.place.cells)
        dz = selection.of(selection.arriving(group))
        for layer in group.follow:
            selection.put(f"{layer.name}.input_grad")
            if name not in selection.done:
                behind = selection.of(selection.sweeps[f"{layer.name}.input_grad"].reads[0].tensor)
                back = slopes(
                    group.activation, numbers, selection.of(group.output), behind, dz,
                    f"{layer.name}.input_grad",
                )  # fmt: skip
                selection.put(f"{layer.name}.input_grad", back)
        for what in ("bias_grad", "kernel_grad", "input_grad"):
            selection.put(f"{name}.{what}")
        if selection.wants(group, "kernel_grad"):
            self._waiting.append(self._kernel_grad(group, dz))
        if selection.wants(group, "input_grad") and group not in self._ending.groups:
            self._waiting.append(self._input_grad(group, dz))
        self._left.remove(group)
        if group in self._ending.groups and self._left:
            # Nobody waits for these: they go along with the next.
            return
        last = "input_grad" if selection.wants(group, "input_grad") else "kernel_grad"
        selection.put(
            f"{name}.{last}",
            *launched(
                [each.multiply for each in self._waiting],
                [each.parts.task for each in self._waiting if each.parts],
            ),
        )
        self._waiting = []

    def _kernel_grad(self, group: Group, dz: int) -> Product:
        selection, name, batch = self._selection, group.place.name, group.place.batch
        (features,), (units,) = group.place.inputs[0], group.place.output
        x, has_bias = selection.of(group.place.tensors[0]), selection.bias(group) is not None
        return product(
            units, features, batch,
            Matrix(dz, 1, units), Matrix(x, features, 1),
            Matrix(selection.of(f"{name}.dw"), features, 1),
            selection.scratch(f"{name}.kernel_grad"),
            Finish(ones=selection.of(f"{name}.db") if has_bias else None),
            name=f"{name}.kernel_grad",
        )  # fmt: skip

    def _input_grad(self, group: Group, dz: int) -> Product:
        selection, name = self._selection, group.place.name
        (features,), (units,) = group.place.inputs[0], group.place.output
        finish, dx = Finish(), f"{name}.dx"
        below = selection.take_along(group.below)
        if below is not None:
            finish = Finish(known=selection.of(below.output), slope=below.activation)
            dx = selection.arriving(below)
        return product(
            group.place.batch, features, units,
            Matrix(dz, units, 1), Matrix(selection.of(f"{name}.w"), features, 1),
            Matrix(selection.of(dx), features, 1), selection.scratch(f"{name}.input_grad"), finish,
            name=f"{name}.input_grad",
        )  # fmt: skip
