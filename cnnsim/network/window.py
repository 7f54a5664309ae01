"""The geometry of a sliding window: sizes, paddings, where its taps land and whence they come.

All follows from one relation: ``input row = y·stride_h + i·dilation_h − top``, columns alike.
`pixel_at` reads it forwards, `cell_over` backwards.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cnnsim.errors import ShapeError
from cnnsim.steps.sweep import FAR, Origin

Sides = tuple[int, int, int, int]


class Window(NamedTuple):
    """A window sliding over a plane, in pixels."""

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

    @property
    def is_halving(self) -> bool:
        """Whether it takes 2x2 pixels each, next to each other, and leaves out what is over."""
        cells = self.in_h // 2, self.in_w // 2
        return self[2:] == (*cells, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0)


def pixel_at(y: Any, x: Any, i: Any, j: Any, p: Any) -> tuple[Any, Any]:
    """(row, column) of the pixel under tap (i, j) of the window at cell (y, x)."""
    return y * p.stride_h + i * p.dilation_h - p.top, x * p.stride_w + j * p.dilation_w - p.left


def cell_over(row: Any, column: Any, i: Any, j: Any, p: Any) -> tuple[Any, Any]:
    """(y, x) of the window that has the pixel (row, column) under its tap (i, j).

    Where the stride leaves the pixel out, there is none: FAR.
    """
    down = row + p.top - i * p.dilation_h
    across = column + p.left - j * p.dilation_w
    y = down // p.stride_h + FAR * (down % p.stride_h != 0)
    x = across // p.stride_w + FAR * (across % p.stride_w != 0)
    return y, x


#: `pixel_at` and `cell_over` for people, of the first read.
PIXEL_ORIGINS = (
    Origin("iy", "y·stride_h + i·dilation_h − top", 0, 2),
    Origin("ix", "x·stride_w + j·dilation_w − left", 0, 3),
)
CELL_ORIGINS = (
    Origin("oy", "(y + top − i·dilation_h) / stride_h", 0, 2),
    Origin("ox", "(x + left − j·dilation_w) / stride_w", 0, 3),
)


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
        room = padded - span
        # Rounded up, a window may reach over the end as long as it begins inside.
        reaches_over = ceil_mode and room < 0 and room > -stride[axis]
        if room < 0 and not reaches_over:
            raise ShapeError(
                layer,
                f"its kernel of {kernel[0]}x{kernel[1]} "
                + (f"spread over {span} pixels " if dilation[axis] > 1 else "")
                + f"does not fit into an input of {plane[0]}x{plane[1]}"
                + (f" padded to {padded}" if sum(pads) else ""),
                "make the kernel smaller, the padding larger or the input larger",
            )
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


def window_summary(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Sides | str,
    dilation: tuple[int, int] = (1, 1),
) -> str:
    """``5×5 /2 p2 d2``: size, stride, padding, dilation, without what changes nothing."""
    parts = [f"{kernel[0]}×{kernel[1]}"]
    if stride != (1, 1):
        parts.append("/" + "×".join(map(str, dict.fromkeys(stride))))
    if isinstance(padding, str):
        parts += [padding] if padding != "valid" else []
    elif any(padding):
        parts.append("p" + ",".join(map(str, dict.fromkeys(padding))))
    if dilation != (1, 1):
        parts.append("d" + "×".join(map(str, dict.fromkeys(dilation))))
    return " ".join(parts)
