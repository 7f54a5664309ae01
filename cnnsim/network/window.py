"""The geometry of a sliding window: sizes, paddings, and how many taps land inside."""

from __future__ import annotations

from typing import NamedTuple

from cnnsim.errors import ShapeError

Sides = tuple[int, int, int, int]


class Window(NamedTuple):
    """A window sliding over a plane, in pixels. ``input row = y·stride_h + i·dilation_h − top``."""

    in_h: int
    in_w: int
    out_h: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    left: int
    bottom: int
    right: int


def sides(
    padding: Sides | str,
    plane: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    extra_first: bool = False,
) -> Sides:
    """(top, left, bottom, right) of a padding given by numbers or by name.

    ``same`` keeps ⌈input/stride⌉ cells; an odd pixel too many goes to the bottom and right (ONNX
    SAME_UPPER, PyTorch), or with `extra_first` to the top and left, which is where
    scipy.signal.convolve2d(mode="same") has it.
    """
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return (0, 0, 0, 0)
    spans = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    if padding == "full":
        return (spans[0], spans[1], spans[0], spans[1])
    before = []
    after = []
    for size, span, step in zip(plane, spans, stride, strict=True):
        total = max((-(-size // step) - 1) * step + span + 1 - size, 0)
        first = (total + 1) // 2 if extra_first else total // 2
        before.append(first)
        after.append(total - first)
    return (before[0], before[1], after[0], after[1])


def slide(
    layer: str,
    plane: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: Sides,
    ceil_mode: bool = False,
) -> Window:
    """The window over `plane`. Raises ShapeError where the kernel does not fit in."""
    top, left, bottom, right = padding
    out: list[int] = []
    for axis, (size, pads) in enumerate(zip(plane, ((top, bottom), (left, right)), strict=True)):
        padded = size + sum(pads)
        span = (kernel[axis] - 1) * dilation[axis] + 1
        if span > padded:
            raise ShapeError(
                layer,
                f"its kernel of {kernel[0]}x{kernel[1]} "
                + (f"spread over {span} pixels " if dilation[axis] > 1 else "")
                + f"does not fit into an input of {plane[0]}x{plane[1]}"
                + (f" padded to {padded}" if sum(pads) else ""),
                "make the kernel smaller, the padding larger or the input larger",
            )
        room = padded - span
        cells = room // stride[axis] + 1
        if ceil_mode and room % stride[axis] and cells * stride[axis] < size + pads[0]:
            # One more window, which must still begin inside the input or its first padding.
            cells += 1
        out.append(cells)
    return Window(*plane, out[0], out[1], *kernel, *stride, *dilation, top, left, bottom, right)


def taps_inside(size: int, cells: int, kernel: int, stride: int, dilation: int, before: int) -> int:
    """How many of the cells x kernel taps along one axis land on a pixel, not on padding."""
    count = 0
    for i in range(kernel):
        # 0 <= y·stride + shift < size
        shift = i * dilation - before
        first = max(0, -(shift // stride))
        last = min(cells - 1, (size - 1 - shift) // stride)
        count += max(0, last - first + 1)
    return count


def share_inside(window: Window) -> tuple[int, int]:
    """(taps on pixels, taps in all) of one output plane with one input plane."""
    w = window
    rows = taps_inside(w.in_h, w.out_h, w.kernel_h, w.stride_h, w.dilation_h, w.top)
    columns = taps_inside(w.in_w, w.out_w, w.kernel_w, w.stride_w, w.dilation_w, w.left)
    return rows * columns, w.out_h * w.out_w * w.kernel_h * w.kernel_w


def size_formula(size: int, pads: int, kernel: int, stride: int, dilation: int, ceil: bool) -> str:
    """``⌊(27 + 4 − 5) / 1⌋ + 1``, with only the parts that matter."""
    span = f"{kernel}" if dilation == 1 else f"({kernel} − 1)·{dilation} − 1"
    padding = f" + {pads}" if pads else ""
    left, right = ("⌈", "⌉") if ceil else ("⌊", "⌋")
    return f"{left}({size}{padding} − {span}) / {stride}{right} + 1"
