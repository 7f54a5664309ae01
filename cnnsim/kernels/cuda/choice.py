"""The one place that says which kernels do what, by the kinds and shapes of the layers.

| what | its kernel |
|---|---|
| conv2d of stride 1, activation, 2x2 max pool | `convolution`; back through them `spread` |
| its input gradient | `convolution` with turned kernels |
| its kernel and bias gradient | `kernel_gradient`, `add_up` |
| dense, activation; its gradients | `product` |
| softmax_cross_entropy and its gradient | `softmax_head` |
| sgd, adam | `update` |
| flatten, reshape | nothing: their numbers stay where they are |
| everything else | the general kernel |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

from cnnsim.kernels.cuda.convolution import Shape, Weights, blocks_of, convolution, spread
from cnnsim.kernels.cuda.groups import Group, groups_of
from cnnsim.kernels.cuda.head import softmax_head
from cnnsim.kernels.cuda.jit import Kernel
from cnnsim.kernels.cuda.kernelgrad import add_up, kernel_gradient, slices_of
from cnnsim.kernels.cuda.layout import Kept
from cnnsim.kernels.cuda.product import Finish, Matrix, product
from cnnsim.kernels.cuda.rooms import Rooms
from cnnsim.kernels.cuda.update import update
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.network.kinds.softmax_cross_entropy import SoftmaxCrossEntropy
from cnnsim.network.loss import LOSS
from cnnsim.steps.sweep import Sweep


@dataclass
class Fast:
    """What stands in for sweeps.

    Attributes:
        kernels: by full name of a sweep, what runs in its turn; nothing where another does it too.
        updates: the trained parameters and their states are updated in place.
    """

    kernels: dict[str, list[Kernel]] = field(default_factory=dict)
    updates: bool = False


def choose(iteration: Iteration, sweeps: Sequence[Sweep], rooms: Rooms, kept: Kept) -> Fast:
    """The fast kernels for those `sweeps` of an iteration that have one."""
    return _Choice(iteration, sweeps, rooms, kept).all()


class _Choice:
    def __init__(
        self, iteration: Iteration, sweeps: Sequence[Sweep], rooms: Rooms, kept: Kept
    ) -> None:
        self._iteration = iteration
        self._sweeps = {sweep.full_name: sweep for sweep in sweeps}
        self._rooms, self._kept = rooms, kept
        self._groups = groups_of(iteration)
        self._fast = Fast()
        # Groups whose gradient before the activation comes from the layer behind them.
        self._done: set[str] = set()

    def all(self) -> Fast:
        """Everything that has a kernel of its own."""
        self._update()
        for group in self._groups:
            self._forward(group)
        self._head()
        for group in reversed(self._groups):
            self._backward(group)
        return self._fast

    def _put(self, name: str, *kernels: Kernel) -> None:
        if name in self._sweeps:
            self._fast.kernels[name] = list(kernels)

    def _update(self) -> None:
        """Gradients lie as the parameters do, so that one launch updates all."""
        optimizer, kept = self._iteration.optimizer, self._kept
        written = {slot.updated for slot in self._iteration.slots}
        written |= {f"{state}_next" for state in self._iteration.states}
        replaced = [name for name, sweep in self._sweeps.items() if sweep.writes in written]
        if optimizer is None or not replaced:
            return
        begin, end = kept.trained
        gradients = self._rooms.layout.take("gradients", end - begin)
        kernel = update(optimizer, begin, end - begin, kept.states, gradients)
        if kernel is None:
            return
        for slot in self._iteration.slots:
            self._rooms.put(slot.gradient, gradients + self._rooms.of(slot.name) - begin)
        for name in replaced:
            self._put(name)
        self._put(replaced[-1], kernel)
        self._fast.updates = True

    def _head(self) -> None:
        """The loss of a flat output."""
        network = self._iteration.network
        place = network.places[network.layers[-1].name]
        forward = self._sweeps.get(f"{LOSS}.forward")
        if forward is None or type(self._iteration.loss) is not SoftmaxCrossEntropy:
            return
        for sweep in self._iteration.phases["loss"]:
            self._put(sweep.full_name)
        of = self._rooms.of
        target, gradient = of(f"{LOSS}.target"), of(f"{LOSS}.dx")
        self._put(
            forward.full_name,
            softmax_head(
                place.batch, place.output[0], of(self._iteration.output), target, of(LOSS),
                gradient, "loss",
            ),
        )  # fmt: skip

    # -- layers with weights -----------------------------------------------------------------------

    def _forward(self, group: Group) -> None:
        name, of = group.place.name, self._rooms.of
        x, w, y = of(group.place.tensors[0]), of(f"{name}.w"), of(group.output)
        bias = of(f"{name}.b") if self._has_bias(group) else None
        if group.shape is not None:
            cut = blocks_of(group.shape)
            assert cut is not None, "groups have been looked at"
            kernels = [
                convolution(
                    group.shape, cut, x, self._weights(group, False), y, bias, group.activation,
                    self._code(group), f"{name}.forward",
                )
            ]  # fmt: skip
        else:
            (features,), (units,) = group.place.inputs[0], group.place.output
            kernels = product(
                group.place.batch, units, features,
                Matrix(x, features, 1), Matrix(w, 1, features), Matrix(y, units, 1),
                self._scratch(f"{name}.forward"), Finish(bias, group.activation),
                name=f"{name}.forward",
            )  # fmt: skip
        for follower in (group.place.name, *(layer.name for layer in group.follow)):
            for what in ("forward", "winner"):
                self._put(f"{follower}.{what}")
        self._put(f"{group.last.name}.forward", *kernels)

    def _backward(self, group: Group) -> None:
        name, of = group.place.name, self._rooms.of
        gradients = [
            sweep.reads[at].tensor
            for what, at in (("kernel_grad", 1), ("input_grad", 0))
            if (sweep := self._sweeps.get(f"{name}.{what}")) is not None
        ]
        if not gradients:
            return
        dz = gradients[0]
        if group.follow:
            for layer in group.follow:
                arriving = self._sweeps[f"{layer.name}.input_grad"].reads[0].tensor
                self._put(f"{layer.name}.input_grad")
            if name not in self._done:
                shape = group.shape or self._as_maps(group)
                back = spread(
                    shape, group.activation, of(group.output), of(arriving), self._code(group),
                    of(dz), f"{group.last.name}.input_grad",
                )  # fmt: skip
                self._put(f"{group.last.name}.input_grad", back)
        if group.shape is not None:
            self._convolution_back(group, group.shape, of(dz))
        else:
            self._dense_back(group, of(dz))

    def _convolution_back(self, group: Group, shape: Shape, dz: int) -> None:
        name, of = group.place.name, self._rooms.of
        has_bias = self._has_bias(group)
        cut = slices_of(shape)
        if f"{name}.kernel_grad" in self._sweeps and cut is not None:
            elements = shape.channels * shape.kernel_h * shape.kernel_w + has_bias
            parts = self._scratch(f"{name}.kernel_grad")(cut.slices * shape.maps * elements)
            turned = isinstance(group.layer, Conv2d) and group.layer.mode == "convolution"
            x, db = of(group.place.tensors[0]), of(f"{name}.db") if has_bias else None
            self._put(f"{name}.bias_grad")
            self._put(
                f"{name}.kernel_grad",
                kernel_gradient(shape, cut, x, dz, parts, has_bias, turned, f"{name}.kernel_grad"),
                add_up(shape, cut.slices, parts, of(f"{name}.dw"), db, f"{name}.kernel_grad sum"),
            )
        if f"{name}.input_grad" in self._sweeps:
            back = Shape(
                shape.batch, shape.maps, shape.out_h, shape.out_w, shape.channels,
                shape.kernel_h, shape.kernel_w,
                shape.kernel_h - 1 - shape.top, shape.kernel_w - 1 - shape.left,
                shape.height, shape.width,
            )  # fmt: skip
            blocks = blocks_of(back)
            if blocks is not None:
                weights, dx = self._weights(group, True), of(f"{name}.dx")
                self._put(
                    f"{name}.input_grad",
                    convolution(back, blocks, dz, weights, dx, name=f"{name}.input_grad"),
                )

    def _dense_back(self, group: Group, dz: int) -> None:
        name, of, batch = group.place.name, self._rooms.of, group.place.batch
        (features,), (units,) = group.place.inputs[0], group.place.output
        x, w = of(group.place.tensors[0]), of(f"{name}.w")
        if f"{name}.kernel_grad" in self._sweeps:
            finish = Finish(ones=of(f"{name}.db") if self._has_bias(group) else None)
            self._put(f"{name}.bias_grad")
            self._put(
                f"{name}.kernel_grad",
                *product(
                    units, features, batch,
                    Matrix(dz, 1, units), Matrix(x, features, 1),
                    Matrix(of(f"{name}.dw"), features, 1),
                    self._scratch(f"{name}.kernel_grad"), finish, name=f"{name}.kernel_grad",
                ),
            )  # fmt: skip
        if f"{name}.input_grad" in self._sweeps:
            finish, dx = Finish(), f"{name}.dx"
            before = self._before(group)
            if before is not None:
                # The slope of the layer before is taken along, whose gradient this is.
                self._done.add(before.place.name)
                finish = Finish(known=of(before.output), slope=before.activation)
                (last,) = before.follow
                dx = f"{last.name}.dx"
            self._put(
                f"{name}.input_grad",
                *product(
                    batch, features, units,
                    Matrix(dz, units, 1), Matrix(w, features, 1), Matrix(of(dx), features, 1),
                    self._scratch(f"{name}.input_grad"), finish, name=f"{name}.input_grad",
                ),
            )  # fmt: skip

    # -- where things are --------------------------------------------------------------------------

    def _before(self, group: Group) -> Group | None:
        """The group that this one alone reads, whose last layer is an activation."""
        source = group.place.tensors[0]
        while source in self._rooms.same:
            if not self._is_read_once(source):
                return None
            source = self._rooms.same[source]
        for other in self._groups:
            is_plain = len(other.follow) == 1 and not (other.shape and other.shape.pools)
            if other.output == source and other.is_read_once and is_plain:
                return other
        return None

    def _is_read_once(self, tensor: str) -> bool:
        places = self._iteration.network.places.values()
        return sum(place.tensors.count(tensor) for place in places) == 1

    def _has_bias(self, group: Group) -> bool:
        return f"{group.place.name}.b" in self._kept.shapes

    def _code(self, group: Group) -> int:
        """Which cell of each window was the largest."""
        if group.shape is None or not group.shape.pools:
            return 0
        return self._rooms.scratch(f"{group.last.name}.code", group.last.cells)

    def _as_maps(self, group: Group) -> Shape:
        """A dense layer's output as maps of one cell."""
        units = prod(group.place.output)
        return replace(_ONE, batch=group.place.batch, maps=units)

    def _weights(self, group: Group, back: bool) -> Weights:
        """How the kernels are read: forward, or turned with channels and maps exchanged."""
        shape = group.shape
        assert shape is not None
        at = self._rooms.of(f"{group.place.name}.w")
        taps = shape.kernel_h * shape.kernel_w
        map_step, channel_step = shape.channels * taps, taps
        if back:
            map_step, channel_step = channel_step, map_step
        assert isinstance(group.layer, Conv2d)
        if (group.layer.mode == "convolution") != back:
            return Weights(at + taps - 1, map_step, channel_step, -shape.kernel_w, -1)
        return Weights(at, map_step, channel_step, shape.kernel_w, 1)

    def _scratch(self, name: str) -> _Scratch:
        return _Scratch(self._rooms, f"{name} parts")


class _Scratch:
    """Gives room for parts of sums."""

    def __init__(self, rooms: Rooms, name: str) -> None:
        self._rooms, self._name = rooms, name

    def __call__(self, size: int) -> int:
        return self._rooms.scratch(self._name, (size,))


_ONE = Shape(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1)
