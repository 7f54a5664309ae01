"""Where the training screen's panels lie."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsim.tui.train.layout import PANELS, lay_train


@settings(deadline=None)
@given(st.integers(60, 240), st.integers(9, 80), st.integers(1, 30), st.integers(1, 30))
def test_panels_never_overlap(width: int, height: int, parameters: int, layers: int) -> None:
    found = lay_train(width, height, parameters, layers)
    assert set(found.panels) == set(PANELS)
    covered = np.zeros((height, width), np.int64)
    for place in set(found.panels.values()):
        x, y, wide, high = place
        assert x >= 0
        assert y >= 0
        assert wide >= 20
        assert high >= 5
        assert x + wide <= width
        assert y + high <= height
        covered[y : y + high, x : x + wide] += 1
    assert covered.max() == 1
    assert {name for name in PANELS for name in found.stack(name)} == set(PANELS)
