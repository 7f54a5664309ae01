"""Why a layer has its shape, its costs and its receptive field: one line for each number."""

from __future__ import annotations

from math import prod

from cnnsim.network.graph import INPUT, Network
from cnnsim.network.layer import Layer, Place, Why
from cnnsim.network.receptive import ReceptiveField
from cnnsim.network.window import Window
from cnnsim.tui.drawing.glyphs import MINUS
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.walk.knobs import layer_keys, layer_value, shown
from cnnsim.tui.walk.table import cross, dotted
from cnnsim.tui.walk.whatif import Outcome


def why_lines(outcome: Outcome, name: str) -> list[Why]:
    """The reasons for everything about a layer; what is wrong where its shapes do not fit."""
    network = outcome.network
    if name == INPUT:
        return _input_lines(network)
    layer = network.by_name[name]
    place = network.places.get(name)
    if place is None:
        return _broken_lines(network, layer)
    row = next(row for row in outcome.walked.rows if row.name == name)
    fields = {INPUT: ReceptiveField() if len(network.input_shape) == 3 else None}
    fields |= {each.name: each.receptive_field for each in outcome.walked.rows}
    lines = [Why("in", _reads(layer, place), "")]
    lines += [line._replace(formula=dotted(line.formula)) for line in layer.why(place.inputs)]
    given = {line.label for line in lines}
    if not given & {"side", "rows", "size"}:
        lines.append(Why("out", "the shape of its input" if row.output == place.inputs[0] else "",
                         cross(row.output)))  # fmt: skip
    if row.params and "params" not in given:
        lines.append(Why("params", "", count(row.params)))
    if row.macs and "MACs" not in given:
        lines.append(Why("MACs", "", count(row.macs)))
    lines += _field_lines(layer, place, fields)
    numbers = "·".join(map(str, row.output))
    if row.activation_bytes:
        lines.append(Why("memory", f"4 bytes · {numbers}", count(row.activation_bytes)))
    else:
        lines.append(Why("memory", "none: it can overwrite its input", "0"))
    if row.macs:
        lines.append(Why("back", "2 · MACs, for both gradients", count(row.backward_macs)))
    return lines


def _input_lines(network: Network) -> list[Why]:
    shape = network.input_shape
    lines = [Why("in", "the network's input", cross(shape))]
    lines.append(Why("numbers", " · ".join(map(str, shape)), count(prod(shape))))
    if network.batch > 1:
        lines.append(Why("samples", "that run together", count(network.batch)))
    lines.append(Why("memory", f"4 bytes · {count(prod(shape))}", count(4 * prod(shape))))
    return lines


def _broken_lines(network: Network, layer: Layer) -> list[Why]:
    for error in network.errors:
        if error.layer == layer.name:
            return [Why("✗", dotted(error.bare_message), "")]
    first = network.errors[0].layer
    return [Why("✗", f"nothing arrives: {first} above it does not fit", "")]


def _reads(layer: Layer, place: Place) -> str:
    """``96×27×27, size 5, stride 1, padding 2``; how many units is told by the other lines."""
    parts = [" and ".join(map(cross, place.inputs))]
    for key in layer_keys(layer):
        value = layer_value(layer, key)
        usual = key == "dilation" and value is not None and shown(value) == "1"
        if value is not None and not usual and key not in ("filters", "units"):
            parts.append(f"{key} {shown(value)}")
    return ", ".join(parts)


def _field_lines(layer: Layer, place: Place, fields: dict[str, ReceptiveField | None]) -> list[Why]:
    """How the field grows here, and by how many pixels neighbouring units are apart."""
    found = fields[place.name]
    sources = [fields[name.removesuffix(".y") if name != INPUT else name] for name in place.tensors]
    window = layer.field(place.inputs)
    if found is None or window is None:
        if any(source is None for source in sources):
            return [Why("field", "what it reads sees everything", "all")]
        return [Why("field", "its cells see the whole input", "all")]
    source = sources[0]
    if source is None or len(set(sources)) > 1:
        return [Why("field", "all that its inputs see", cross(found.size))]
    axes = [0] if _alike(found, source, window) else [0, 1]
    lines = []
    for axis in axes:
        which = "" if len(axes) == 1 else (" down", " across")[axis]
        kernel, dilation, stride = window[4 + axis], window[8 + axis], window[6 + axis]
        jump = source.stride[axis]
        wide = f"·{dilation}" if dilation > 1 else ""
        if kernel == 1:
            grown = f"{source.size[axis]}, as before"
        else:
            grown = f"{source.size[axis]} + ({kernel} {MINUS} 1){wide}·{jump}"
        lines.append(Why(f"field{which}", grown, str(found.size[axis])))
        first = f"{-found.pad[axis]}".replace("-", MINUS)
        lines.append(
            Why(f"jump{which}", f"{jump}·{stride}, begins at {first}", str(found.stride[axis]))
        )
    return lines


def _alike(found: ReceptiveField, source: ReceptiveField, window: Window) -> bool:
    """Whether rows and columns have the same numbers."""
    pairs = [found.size, found.stride, found.pad, source.size, source.stride]
    pairs += [(window.kernel_h, window.kernel_w), (window.stride_h, window.stride_w)]
    return all(first == second for first, second in pairs)
