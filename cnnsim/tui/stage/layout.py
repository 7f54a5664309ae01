"""Where the stepper's panels stand at any terminal size."""

from __future__ import annotations

from cnnsim.tui.places import Places, Rect

#: Below this many lines every panel gives up what the others show too.
LOW = 20

#: Columns of the panel that says where the indices come from.
_ORIGIN, _ORIGIN_WIDE = 27, 32

#: Panels that may share a place, in the order of their tabs.
TABS = ("note", "loops", "check", "update", "origin", "growth")

#: Lines that the words need at most, and the least that maps of channels are of use in.
_WORDS, _LEAST_CHANNELS = 12, 8


def arrange(
    width: int,
    height: int,
    sum_rows: int,
    is_long: bool,
    has_maps: bool,
    matrix_rows: int,
    has_check: bool = False,
    has_update: bool = False,
    has_channels: bool = False,
) -> Places:
    """The panels in `width` x `height` characters, and "matrices": the room for all of those.

    `sum_rows` are the lines that the sum needs inside its frame, `is_long` says that it is a
    ledger, `has_maps` that the matrices need much width, `matrix_rows` how many rows they can use,
    `has_check` that there is a gradient to check, `has_update` that a parameter is updated,
    `has_channels` that there are several maps to show.
    """
    roomy = width >= 100
    gap = 1 if height >= 32 else 0
    timeline = 2 + gap
    margin = 1 if roomy and height >= 30 else 0
    inner = width - 2 * margin
    sum_height = sum_rows + 2
    left = height - timeline - sum_height
    if roomy and height >= 28:
        bottom = max(min(left - 10, 9 + (height - 34) // 4), 6)
    else:
        bottom = max(min(left - 9, 7), 3 if height < LOW else 4)
    matrices = left - bottom
    if matrices > matrix_rows >= 6:
        # What the matrices cannot use goes to the words.
        bottom += matrices - matrix_rows
        matrices = matrix_rows
    panels: dict[str, Rect] = {}
    channels = bottom - _WORDS if has_channels and roomy else 0
    if channels >= _LEAST_CHANNELS:
        # What the words cannot use goes to the maps.
        bottom -= channels
        below = height - timeline - channels
        panels["channels"] = (margin, below, inner, channels)
    else:
        channels = 0
    matrices_width = inner
    hidden = {"growth": not is_long, "check": not has_check, "update": not has_update}
    tabs = [tab for tab in TABS if not hidden.get(tab, False)]
    if matrices >= 9 and width >= (160 if has_maps else 100):
        wide = _ORIGIN_WIDE if width >= 160 else _ORIGIN
        panels["origin"] = (margin + inner - wide, 0, wide, matrices)
        matrices_width = inner - wide - 1
        tabs.remove("origin")
    panels["matrices"] = (margin, 0, matrices_width, matrices)
    panels["sum"] = (margin, matrices, inner, sum_height)
    top = matrices + sum_height
    if not roomy:
        panels |= dict.fromkeys(tabs, (margin, top, inner, bottom))
    else:
        first = ("growth", "loops") if is_long else ("loops",)
        if has_check:
            # The check stays in sight; what shows the sum shares one place.
            names: tuple[str, ...] = (first[0], "check", "note")
            shares: tuple[float, ...] = (0.36, 0.27, 0.37)
        elif is_long:
            names, shares = ("growth", "loops", "note"), (0.42, 0.24, 0.34)
        else:
            names, shares = ("loops", "note"), (0.46, 0.54)
        x = margin
        for name, share in zip(names, shares, strict=True):
            last = name == names[-1]
            each = margin + inner - x if last else int((inner - len(names) + 1) * share)
            panels[name] = (x, top, each, bottom)
            x += each + 1
        # What has no place of its own shares one.
        place = names[0] if has_check else "loops"
        others = ("growth", "loops", "update", "origin")
        shared = [tab for tab in others if tab in tabs and (tab == place or tab not in panels)]
        if has_update and not has_check:
            shared.sort(key=lambda tab: tab != "update")
        panels |= dict.fromkeys(shared, panels.pop(place))
    panels["timeline"] = (0, top + bottom + channels, width, 2)
    return Places(panels)
