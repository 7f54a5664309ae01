"""Where the panels of the walk stand at any terminal size."""

from __future__ import annotations

from cnnsim.tui.places import Places, Rect

#: The panels in the order of the tab key.
PANELS = ("table", "picture", "why", "whatif", "maps")
#: Rows that tell about the field below the picture.
_WORDS = 2


def lay_walk(width: int, height: int) -> Places:
    """The panels in `width` x `height` characters between header and footer."""
    if width >= 100 and height >= 28:
        return _wide(width, height)
    right = min(max(width * 39 // 100, 26), 46)
    left = width - right
    panels: dict[str, Rect] = {"table": (0, 0, left, height)}
    if height < 38:
        panels |= dict.fromkeys(("picture", "why", "whatif"), (left, 0, right, height))
        return Places(panels)
    # A high and narrow terminal has room for all of them in one column.
    first = min(right // 2 + 2 + _WORDS + 1, height - 24)
    second = (height - first) // 2
    panels["picture"] = (left, 0, right, first)
    panels["why"] = (left, first, right, second)
    panels["whatif"] = (left, first + second, right, height - first - second)
    return Places(panels)


def _wide(width: int, height: int) -> Places:
    margin = 1
    inner = width - 2 * margin
    bottom = min(10 + max(height - 34, 0) // 5, 18) if height >= 34 else 9
    top = height - bottom
    # As wide as a square picture of half blocks is high; the table needs the rest.
    picture = max(min(2 * (top - 2 - _WORDS) + 3, inner * 21 // 50), 34)
    table = inner - picture - 1
    panels: dict[str, Rect] = {
        "table": (margin, 0, table, top),
        "picture": (margin + table + 1, 0, picture, top),
    }
    names = ("why", "whatif", "maps") if width >= 160 else ("why", "whatif")
    x = margin
    for number, name in enumerate(names):
        left = len(names) - number
        each = (margin + inner - x - (left - 1)) // left
        panels[name] = (x, top, each, bottom)
        x += each + 1
    return Places(panels)


def block_rows(height: int, lines: int) -> tuple[int, int]:
    """For a table of `lines` inside `height` rows: rows of rules, and of blocks with labels."""
    rules = 2 if height >= lines + 4 else 0
    left = height - lines - 2 - rules
    return rules, min(left, 16) if left >= 4 else 0
