"""The panel of a layer's maps."""

from __future__ import annotations

import numpy as np
import pytest
from alone import Alone

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.stage.maps import Maps
from cnnsim.tui.widgets.mapspanel import MapsPanel


@pytest.mark.parametrize(("count", "columns", "rows"), [(84, 12, 7), (10, 5, 2), (36, 6, 6)])
async def test_features_stand_in_the_grid_of_the_stepper(
    count: int, columns: int, rows: int
) -> None:
    panel = MapsPanel(id="panel")
    async with Alone(panel).run_test(size=(60, 11)):
        panel.show(Maps("fc", np.ones(count)))
        canvas = Canvas(60, 11, DARK.base)
        panel.paint(canvas)
    full = DARK.bares[-1].bgcolor
    lit = np.array([[canvas.style_at(x, y).bgcolor == full for x in range(60)] for y in range(11)])
    across, down = lit.any(axis=0).sum(), lit.any(axis=1).sum()
    # A whole rectangle, of pixels that are twice as wide as high.
    assert lit.sum() == across * down
    assert (across / columns, down / rows) in ((2, 1), (4, 2), (6, 3))
