"""The sweep at hand in terms of whole maps: ``Y0 = b0 + X0 ⋆ W00 + X1 ⋆ W01``."""

from __future__ import annotations

import re

from cnnsim.tui.stage.view import View

#: Terms of a sum that are written out.
_MOST = 4
_SUM = re.compile(r"Σ([a-z])\((.+?)\)(?=$|[^)\]])")


def map_form(view: View) -> str:
    """The formula with the indices of the cell at hand; empty where the sweep has none."""
    sweep = view.sweep

    def written_out(match: re.Match[str]) -> str:
        axis, term = match[1], match[2]
        place = sweep.tap_axes.index(axis)
        terms = []
        for number in range(min(sweep.taps[place], _MOST)):
            tap = tuple(number if at == place else 0 for at in range(len(sweep.taps)))
            terms.append(_filled(view, term, tap))
        more = " + …" if sweep.taps[place] > _MOST else ""
        return " + ".join(terms) + more

    text = _SUM.sub(written_out, sweep.maps)
    return _filled(view, text, (0,) * len(sweep.taps)) if "{" in text else text


def _filled(view: View, text: str, tap: tuple[int, ...]) -> str:
    sweep, cell = view.sweep, view.position.cell
    reads = sweep.where(cell, tap, sweep.params)
    names = {f"r{number}": index for number, index in enumerate(reads)}
    axes = dict(zip((*sweep.tap_axes, *sweep.cell_axes), (*tap, *cell), strict=True))
    wide = any(value > 9 for value in axes.values())
    filled = text.replace("}{", "},{") if wide else text
    return filled.format(**axes, **names)
