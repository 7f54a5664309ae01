"""Where the panels of the training screen stand at any terminal size."""

from __future__ import annotations

from cnnsim.tui.stage.layout import Rect
from cnnsim.tui.walk.layout import WalkLayout

#: The panels in the order of their numbers.
PANELS = ("loss", "accuracy", "confusion", "filters", "mistakes", "gradients", "log")

#: Rows of the numbers above the panels.
_FIGURES = 2


def lay_train(width: int, height: int, parameters: int = 3) -> WalkLayout:
    """The panels in `width` x `height` characters between header and footer.

    The gradients have a line for each of `parameters` where there is room.
    """
    if width >= 100 and height >= 30:
        return _wide(width, height, parameters)
    top = _FIGURES
    panels: dict[str, Rect]
    shared: tuple[str, ...]
    if height >= 20:
        strip = max(7, (height - top) // 3)
        upper = height - top - strip
        left = width // 2 + 1
        panels = {
            "loss": (0, top, left, upper),
            "confusion": (left, top, width - left, upper),
        }
        shared = ("mistakes", "accuracy", "filters", "gradients", "log")
        panels |= dict.fromkeys(shared, (0, top + upper, width, strip))
        return WalkLayout(panels, shared)
    left = width * 9 // 20
    panels = {"loss": (0, top, left, height - top)}
    shared = ("confusion", "accuracy", "mistakes", "filters", "gradients", "log")
    panels |= dict.fromkeys(shared, (left, top, width - left, height - top))
    return WalkLayout(panels, shared)


def _wide(width: int, height: int, parameters: int) -> WalkLayout:
    margin, top = 1, _FIGURES
    inner = width - 2 * margin
    upper = (height - top) // 2
    lower = height - top - upper
    right = min(max(inner * 31 // 100, 36), 56)
    rest = inner - right - 1
    first = (rest - 1) * 11 // 21
    y = top + upper
    filters = max(rest * 32 // 100, 26)
    grads = min(max(parameters + 3, 6), lower - 6)
    x = margin + rest + 1
    return WalkLayout(
        {
            "loss": (margin, top, first, upper),
            "accuracy": (margin + first + 1, top, rest - first - 1, upper),
            "confusion": (x, top, right, upper),
            "filters": (margin, y, filters, lower),
            "mistakes": (margin + filters + 1, y, rest - filters - 1, lower),
            "gradients": (x, y, right, grads),
            "log": (x, y + grads, right, lower - grads),
        }
    )
