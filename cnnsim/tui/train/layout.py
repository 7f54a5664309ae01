"""Where the panels of the training screen stand at any terminal size."""

from __future__ import annotations

from cnnsim.tui.places import Places, Rect

#: The panels in the order of the tab key.
PANELS = (
    "loss", "accuracy", "confusion", "filters", "maps", "mistakes", "weight", "gradients", "layers",
    "log",
)  # fmt: skip

#: Rows of the numbers above the panels; from this height of the terminal on, two for the slider.
FIGURES, _TALL = 2, 28
#: The room in which nearly all panels have a place, and the height of a row in which two stand one
#: above the other.
_WIDE, _HIGH, _TWO = 100, 24, 22


def slider_rows(height: int) -> int:
    """Rows of the slider in a terminal of that height: the rail, and its words below."""
    return 2 if height >= _TALL else 1


def lay_train(width: int, height: int, parameters: int = 3, layers: int = 5) -> Places:
    """The panels in `width` x `height` characters between numbers and slider.

    The gradients have a line for each of `parameters`, and the activations for each of `layers`,
    where there is room.
    """
    if width >= _WIDE and height >= _HIGH:
        return _wide(width, height, parameters, layers)
    panels: dict[str, Rect]
    shared: tuple[str, ...]
    if height >= 16:
        strip = max(7, height // 3)
        upper = height - strip
        left = width // 2 + 1
        panels = {"loss": (0, 0, left, upper), "confusion": (left, 0, width - left, upper)}
        shared = ("mistakes", "weight", "accuracy", "filters", "maps", "gradients", "layers", "log")
        return Places(panels | dict.fromkeys(shared, (0, upper, width, strip)))
    left = width * 9 // 20
    shared = ("confusion", "accuracy", "mistakes", "weight", "filters", "maps", "gradients",
              "layers", "log")  # fmt: skip
    panels = {"loss": (0, 0, left, height)}
    return Places(panels | dict.fromkeys(shared, (left, 0, width - left, height)))


def _wide(width: int, height: int, parameters: int, layers: int) -> Places:
    margin = 1
    inner = width - 2 * margin
    upper = height // 2
    lower = height - upper
    right = min(max(inner * 31 // 100, 36), 56)
    rest = inner - right - 1
    first = (rest - 1) * 11 // 21
    filters = max(rest * 32 // 100, 26)
    x, middle = margin + rest + 1, margin + filters + 1
    wide = rest - filters - 1
    panels: dict[str, Rect] = {
        "loss": (margin, 0, first, upper),
        "accuracy": (margin + first + 1, 0, rest - first - 1, upper),
        "confusion": (x, 0, right, upper),
    }
    if lower < _TWO:
        panels |= dict.fromkeys(("filters", "maps"), (margin, upper, filters, lower))
        panels |= dict.fromkeys(("mistakes", "weight"), (middle, upper, wide, lower))
        grads = min(max(parameters, layers) + 3, lower - 6)
        panels |= dict.fromkeys(("gradients", "layers"), (x, upper, right, grads))
        panels["log"] = (x, upper + grads, right, lower - grads)
        return Places(panels)
    half = lower // 2
    panels |= {
        "filters": (margin, upper, filters, half),
        "maps": (margin, upper + half, filters, lower - half),
        "mistakes": (middle, upper, wide, half),
        "weight": (middle, upper + half, wide, lower - half),
    }
    grads = min(max(parameters + 3, 6), (lower - 6) // 2)
    acts = min(max(layers + 3, 6), lower - 6 - grads)
    panels |= {
        "gradients": (x, upper, right, grads),
        "layers": (x, upper + grads, right, acts),
        "log": (x, upper + grads + acts, right, lower - grads - acts),
    }
    return Places(panels)
