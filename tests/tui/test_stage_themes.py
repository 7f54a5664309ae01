"""Every ground on the screen is one of the theme in force, whatever was drawn before."""

from __future__ import annotations

import numpy as np
import pytest

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import BLOCKS, MAP, XL, CellClass, L, M, blocks, small
from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, Palette
from cnnsim.tui.drawing.plane import Plane, draw_plane, size_of


def grounds(palette: Palette, cls: CellClass, picture: bool) -> set[str | None]:
    plane = Plane(
        np.array([[1.0, -2, 0], [4, 5, 6]]),
        known=np.array([[True, True, False], [True, False, True]]),
        now=(0, 1),
        padding=(1, 0, 0, 1),
        picture=picture,
    )
    canvas = Canvas(*size_of(plane, cls), palette.base)
    draw_plane(canvas, 0, 0, plane, cls, palette)
    styles = [canvas.style_at(x, y) for y in range(canvas.height) for x in range(canvas.width)]
    return {style.bgcolor.name if style.bgcolor else None for style in styles}


@pytest.mark.parametrize("cls", [XL, L, M, small(4), MAP, BLOCKS, blocks(4, 2)], ids=str)
@pytest.mark.parametrize("picture", [False, True])
def test_no_ground_of_one_theme_shows_in_another(cls: CellClass, picture: bool) -> None:
    themes = (DARK, LIGHT, ANSI, MONO, DARK)
    seen = [grounds(palette, cls, picture) for palette in themes]
    dark, light, ansi, mono, again = seen
    gold = {"#ffc53d"}
    assert not (dark - gold) & (light - gold)
    assert ansi <= {None, "default", "yellow"}
    assert mono <= {None, "default"}
    assert again == dark
