"""The one place that says which kernels do what, by the kinds and shapes of the layers.

| what | its kernel |
|---|---|
| conv2d of stride 1, activation, 2x2 max pool | `convolution` |
| its input gradient | `convolution` with turned kernels, through what followed |
| its kernel and bias gradient | `kernel_gradient`, likewise |
| dense, activation; its gradients | `product`; `slopes` where no other kernel takes these along |
| softmax_cross_entropy and its gradient | `softmax_head` |
| sgd, adam | `update` |
| flatten, reshape | nothing: their numbers stay where they are |
| everything else | the general kernel |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cnnsim.kernels.cuda.activations import slopes
from cnnsim.kernels.cuda.convolution import Shape, Weights, blocks_of, convolution
from cnnsim.kernels.cuda.groups import Group, groups_of
from cnnsim.kernels.cuda.head import softmax_head
from cnnsim.kernels.cuda.jit import Kernel
from cnnsim.kernels.cuda.kernelgrad import kernel_gradient, slices_of
from cnnsim.kernels.cuda.layout import Kept
from cnnsim.kernels.cuda.product import Finish, Matrix, product
from cnnsim.kernels.cuda.rooms import Rooms
from cnnsim.kernels.cuda.sources import Source, plain, through_activation, through_pool
from cnnsim.kernels.cuda.tasks import launched
from cnnsim.kernels.cuda.update import Sliced, can_update, update
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
        self._groups = [
            group
            for group in groups_of(iteration)
            # What adds up the slices of a convolution's gradient is the update.
            if group.shape is None or can_update(iteration.optimizer)
        ]
        self._fast = Fast()
        self._sliced: list[Sliced] = []
        # Groups whose gradient before the activation comes from the layer behind them.
        self._done: set[str] = set()

    def all(self) -> Fast:
        """Everything that has a kernel of its own."""
        gradients = self._gradients()
        for group in self._groups:
            self._forward(group)
        self._head()
        for group in reversed(self._groups):
            self._backward(group)
        self._update(gradients)
        return self._fast

    def _put(self, name: str, *kernels: Kernel) -> None:
        if name in self._sweeps:
            self._fast.kernels[name] = list(kernels)

    def _gradients(self) -> int:
        """Gradients lie as the parameters do, so that one launch updates all; where they begin."""
        begin, end = self._kept.trained
        if not can_update(self._iteration.optimizer) or not self._iteration.network.training:
            return 0
        gradients = self._rooms.layout.take("gradients", end - begin)
        for slot in self._iteration.slots:
            self._rooms.put(slot.gradient, gradients + self._rooms.of(slot.name) - begin)
        return gradients

    def _update(self, gradients: int) -> None:
        """All parameters at once."""
        optimizer, kept = self._iteration.optimizer, self._kept
        written = {slot.updated for slot in self._iteration.slots}
        written |= {f"{state}_next" for state in self._iteration.states}
        replaced = [name for name, sweep in self._sweeps.items() if sweep.writes in written]
        if optimizer is None or not can_update(optimizer) or not replaced:
            return
        begin, end = kept.trained
        for name in replaced:
            self._put(name)
        kernel = update(optimizer, begin, end - begin, kept.states, gradients, self._sliced)
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
            source = plain(x, group.shape.height, group.shape.width)
            kernels = [
                convolution(
                    group.shape, cut, source, self._weights(group, False), y, bias,
                    group.activation, self._code(group), f"{name}.forward",
                )
            ]  # fmt: skip
        else:
            (features,), (units,) = group.place.inputs[0], group.place.output
            kernels = product(
                group.place.batch, units, features,
                Matrix(x, features, 1), Matrix(w, 1, features), Matrix(y, units, 1),
                self._scratch(f"{name}.forward"), Finish(bias, group.activation),
                name=f"{name}.forward",
            ).kernels  # fmt: skip
        for follower in (group.place.name, *(layer.name for layer in group.follow)):
            for what in ("forward", "winner"):
                self._put(f"{follower}.{what}")
        self._put(f"{group.last.name}.forward", *kernels)

    def _backward(self, group: Group) -> None:
        name = group.place.name
        if not any(f"{name}.{what}" in self._sweeps for what in ("kernel_grad", "input_grad")):
            return
        if group.shape is not None:
            self._convolution_back(group, group.shape)
        else:
            self._dense_back(group)

    def _arriving(self, group: Group) -> str:
        """The tensor with the gradient of the layer's own output, before what follows it."""
        name = group.place.name
        if f"{name}.kernel_grad" in self._sweeps:
            return self._sweeps[f"{name}.kernel_grad"].reads[1].tensor
        return self._sweeps[f"{name}.input_grad"].reads[0].tensor

    def _convolution_back(self, group: Group, shape: Shape) -> None:
        name, of = group.place.name, self._rooms.of
        dz = self._source_back(group, shape)
        cut, blocks = slices_of(shape), blocks_of(shape.back)
        assert cut is not None, "groups have been looked at"
        assert blocks is not None, "groups have been looked at"
        if f"{name}.kernel_grad" in self._sweeps:
            has_bias = self._has_bias(group)
            elements = shape.channels * shape.kernel_h * shape.kernel_w
            line = elements + has_bias
            apart = shape.maps * line
            parts = self._scratch(f"{name}.kernel_grad")(cut.slices * apart)
            w = Sliced(
                of(f"{name}.w"), shape.maps * elements, parts, cut.slices, apart, elements, line
            )
            self._sliced.append(w)
            if has_bias:
                begin, size = of(f"{name}.b"), shape.maps
                self._sliced.append(
                    Sliced(begin, size, parts + elements, cut.slices, apart, 1, line)
                )
            assert isinstance(group.layer, Conv2d)
            turned = group.layer.mode == "convolution"
            x = plain(of(group.place.tensors[0]), shape.height, shape.width)
            self._put(f"{name}.bias_grad")
            self._put(
                f"{name}.kernel_grad",
                kernel_gradient(shape, cut, x, dz, parts, has_bias, turned, f"{name}.kernel_grad"),
            )
        if f"{name}.input_grad" in self._sweeps:
            weights, dx = self._weights(group, True), of(f"{name}.dx")
            self._put(
                f"{name}.input_grad",
                convolution(shape.back, blocks, dz, weights, dx, name=f"{name}.input_grad"),
            )

    def _source_back(self, group: Group, shape: Shape) -> Source:
        """What the gradients of a convolution read: what arrives, through pool and activation."""
        of = self._rooms.of
        for layer in group.follow:
            self._put(f"{layer.name}.input_grad")
        own = of(self._arriving(group))
        if not group.follow or group.place.name in self._done:
            return plain(own, shape.out_h, shape.out_w)
        behind = of(self._sweeps[f"{group.last.name}.input_grad"].reads[0].tensor)
        y, activation = of(group.output), group.activation
        if shape.pools:
            code = self._code(group)
            return through_pool(activation, y, behind, code, shape.out_h, shape.out_w)
        return through_activation(activation, y, behind, shape.out_h, shape.out_w)

    def _dense_back(self, group: Group) -> None:
        name, of, batch = group.place.name, self._rooms.of, group.place.batch
        (features,), (units,) = group.place.inputs[0], group.place.output
        x, w, dz = of(group.place.tensors[0]), of(f"{name}.w"), of(self._arriving(group))
        for layer in group.follow:
            behind = of(self._sweeps[f"{layer.name}.input_grad"].reads[0].tensor)
            self._put(f"{layer.name}.input_grad")
            if name not in self._done:
                back = slopes(
                    group.activation, batch * units, of(group.output), behind, dz,
                    f"{layer.name}.input_grad",
                )  # fmt: skip
                self._put(f"{layer.name}.input_grad", back)
        products = []
        for what in ("bias_grad", "kernel_grad", "input_grad"):
            self._put(f"{name}.{what}")
        if f"{name}.kernel_grad" in self._sweeps:
            finish = Finish(ones=of(f"{name}.db") if self._has_bias(group) else None)
            products.append(
                product(
                    units, features, batch,
                    Matrix(dz, 1, units), Matrix(x, features, 1),
                    Matrix(of(f"{name}.dw"), features, 1),
                    self._scratch(f"{name}.kernel_grad"), finish, name=f"{name}.kernel_grad",
                )
            )  # fmt: skip
        if f"{name}.input_grad" in self._sweeps:
            finish, dx = Finish(), f"{name}.dx"
            before = self._before(group)
            if before is not None:
                # The slope of the layer before is taken along, whose gradient this is.
                self._done.add(before.place.name)
                finish = Finish(known=of(before.output), slope=before.activation)
                dx = self._arriving(before)
            products.append(
                product(
                    batch, features, units,
                    Matrix(dz, units, 1), Matrix(w, features, 1), Matrix(of(dx), features, 1),
                    self._scratch(f"{name}.input_grad"), finish, name=f"{name}.input_grad",
                )
            )  # fmt: skip
        last = "input_grad" if f"{name}.input_grad" in self._sweeps else "kernel_grad"
        self._put(
            f"{name}.{last}",
            *launched([each.multiply for each in products]),
            *launched([each.add_up for each in products if each.add_up is not None]),
        )

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
