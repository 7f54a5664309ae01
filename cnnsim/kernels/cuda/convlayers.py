"""The kernels of convolutions, with the activation and the pool that follow."""

from __future__ import annotations

from cnnsim.kernels.cuda.convolution import Shape, Weights, blocks_of, convolution
from cnnsim.kernels.cuda.groups import Group
from cnnsim.kernels.cuda.kernelgrad import kernel_gradient, slices_of
from cnnsim.kernels.cuda.selection import Selection
from cnnsim.kernels.cuda.sources import Source, plain, through_activation, through_pool
from cnnsim.kernels.cuda.update import Sliced
from cnnsim.network.kinds.conv2d import Conv2d


class ConvLayers:
    """Chooses them, forward in the order of the layers, then back.

    Attributes:
        sliced: the gradients that lie in slices.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self.sliced: list[Sliced] = []

    def forward(self, group: Group, s: Shape) -> None:
        """The outputs of a group."""
        selection, name = self._selection, group.place.name
        cut = blocks_of(s)
        assert cut is not None, "groups have been looked at"
        source = plain(selection.of(group.place.tensors[0]), s.height, s.width)
        kernel = convolution(
            s, cut, source, self._weights(group, s, False), selection.of(group.output),
            selection.bias(group), group.activation, self._code(group, s), f"{name}.forward",
        )  # fmt: skip
        selection.put_forward(group, kernel)

    def back(self, group: Group, s: Shape) -> None:
        """The gradients of its parameters and its input."""
        selection, name = self._selection, group.place.name
        dz = self._source(group, s)
        if selection.wants(group, "kernel_grad"):
            self._kernel_grad(group, s, dz)
        if selection.wants(group, "input_grad"):
            blocks = blocks_of(s.back)
            assert blocks is not None, "groups have been looked at"
            weights, dx = self._weights(group, s, True), selection.of(f"{name}.dx")
            selection.put(
                f"{name}.input_grad",
                convolution(s.back, blocks, dz, weights, dx, name=f"{name}.input_grad"),
            )

    def _kernel_grad(self, group: Group, s: Shape, dz: Source) -> None:
        selection, name = self._selection, group.place.name
        cut, bias = slices_of(s), selection.bias(group)
        assert cut is not None, "groups have been looked at"
        elements = s.channels * s.kernel_h * s.kernel_w
        line = elements + (bias is not None)
        apart = s.maps * line
        parts = selection.scratch(f"{name}.kernel_grad")(cut.slices * apart)
        w = selection.of(f"{name}.w")
        self.sliced.append(Sliced(w, s.maps * elements, parts, cut.slices, apart, elements, line))
        if bias is not None:
            begin = parts + elements
            self.sliced.append(Sliced(bias, s.maps, begin, cut.slices, apart, 1, line))
        assert isinstance(group.layer, Conv2d)
        turned = group.layer.mode == "convolution"
        x = plain(selection.of(group.place.tensors[0]), s.height, s.width)
        selection.put(f"{name}.bias_grad")
        selection.put(
            f"{name}.kernel_grad",
            kernel_gradient(s, cut, x, dz, parts, bias is not None, turned, f"{name}.kernel_grad"),
        )

    def _source(self, group: Group, s: Shape) -> Source:
        """What the gradients of a convolution read: what arrives, through pool and activation."""
        selection = self._selection
        for layer in group.follow:
            selection.put(f"{layer.name}.input_grad")
        own = selection.of(selection.arriving(group))
        if not group.follow or group.place.name in selection.done:
            return plain(own, s.out_h, s.out_w)
        behind = selection.of(selection.sweeps[f"{group.last.name}.input_grad"].reads[0].tensor)
        y, activation = selection.of(group.output), group.activation
        if s.pools:
            code = self._code(group, s)
            return through_pool(activation, y, behind, code, s.out_h, s.out_w)
        return through_activation(activation, y, behind, s.out_h, s.out_w)

    def _code(self, group: Group, s: Shape) -> int:
        """Which cell of each window was the largest."""
        if not s.pools:
            return 0
        return self._selection.rooms.scratch(f"{group.last.name}.code", group.last.cells)

    def _weights(self, group: Group, s: Shape, back: bool) -> Weights:
        """How the kernels are read: forward, or turned with channels and maps exchanged."""
        at = self._selection.of(f"{group.place.name}.w")
        taps = s.kernel_h * s.kernel_w
        map_step, channel_step = s.channels * taps, taps
        if back:
            map_step, channel_step = channel_step, map_step
        assert isinstance(group.layer, Conv2d)
        if (group.layer.mode == "convolution") != back:
            return Weights(at + taps - 1, map_step, channel_step, -s.kernel_w, -1)
        return Weights(at, map_step, channel_step, s.kernel_w, 1)
