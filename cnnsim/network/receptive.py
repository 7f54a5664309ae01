"""The receptive field: which input pixels a cell of a layer can see."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.network.graph import INPUT, Network


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """In input pixels, (height, width) each: cell y sees rows y·stride − pad … + size − 1."""

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)

    def rows(self, y: int) -> tuple[int, int]:
        """The first and last input row that cells of row `y` see, padding included."""
        first = y * self.stride[0] - self.pad[0]
        return first, first + self.size[0] - 1

    def columns(self, x: int) -> tuple[int, int]:
        """The first and last input column that cells of column `x` see, padding included."""
        first = x * self.stride[1] - self.pad[1]
        return first, first + self.size[1] - 1


def receptive_fields(network: Network) -> dict[str, ReceptiveField | None]:
    """The receptive field of each layer; None where a cell sees everything."""
    fields: dict[str, ReceptiveField | None] = {}
    for layer in network.layers:
        place = network.places.get(layer.name)
        if place is None:
            continue
        start = ReceptiveField() if len(network.input_shape) == 3 else None
        names = [name if name == INPUT else name.removesuffix(".y") for name in place.tensors]
        sources = [start if name == INPUT else fields[name] for name in names]
        window = layer.field(place.inputs)
        if window is None or any(source is None for source in sources):
            fields[layer.name] = None
            continue
        joined = _union([source for source in sources if source is not None])
        if joined is None:
            fields[layer.name] = None
            continue
        spans = (
            (window.kernel_h - 1) * window.dilation_h,
            (window.kernel_w - 1) * window.dilation_w,
        )
        (jump_h, jump_w) = joined.stride
        fields[layer.name] = ReceptiveField(
            (joined.size[0] + spans[0] * jump_h, joined.size[1] + spans[1] * jump_w),
            (jump_h * window.stride_h, jump_w * window.stride_w),
            (joined.pad[0] + window.top * jump_h, joined.pad[1] + window.left * jump_w),
        )
    return fields


def _union(fields: list[ReceptiveField]) -> ReceptiveField | None:
    """The smallest field that holds all of `fields`; None where their strides differ."""
    if len({field.stride for field in fields}) > 1:
        return None
    pad = tuple(max(field.pad[axis] for field in fields) for axis in (0, 1))
    last = [
        max(field.size[axis] - field.pad[axis] for field in fields) + pad[axis] for axis in (0, 1)
    ]
    return ReceptiveField((last[0], last[1]), fields[0].stride, (pad[0], pad[1]))
