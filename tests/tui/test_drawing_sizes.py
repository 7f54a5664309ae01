from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsim.tui.drawing.cellclass import (
    BLOCKS,
    MAP,
    XL,
    CellClass,
    L,
    M,
    blocks,
    choose_class,
    extra_small,
    small,
)
from cnnsim.tui.drawing.plane import (
    Plane,
    fit,
    size_of,
)

SHAPES = [(3, 3), (2, 2), (2, 2)]


@pytest.mark.parametrize(
    ("shapes", "room", "expected"),
    [
        (SHAPES, (81, 15), L),
        (SHAPES, (120, 36), XL),
        (SHAPES, (76, 15), M),
        (SHAPES, (66, 15), small(4)),
        (SHAPES, (48, 8), extra_small(4)),
        (SHAPES, (30, 8), BLOCKS),
        (SHAPES, (15, 5), MAP),
        ([(13, 13)], (200, 60), BLOCKS),
        ([(27, 27)], (40, 20), MAP),
    ],
)
def test_the_largest_class_that_fits(
    shapes: list[tuple[int, int]], room: tuple[int, int], expected: CellClass
) -> None:
    assert choose_class(shapes, *room, 4) == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=4),
    st.integers(10, 200),
    st.integers(5, 60),
    st.integers(2, 7),
)
def test_a_chosen_class_fits_and_the_next_larger_does_not(
    shapes: list[tuple[int, int]], width: int, height: int, digits: int
) -> None:
    def needed(cls: CellClass) -> tuple[int, int]:
        planes = [Plane(np.zeros(shape)) for shape in shapes]
        sizes = [size_of(plane, cls) for plane in planes]
        return sum(w + 2 for w, _ in sizes) + len(sizes) - 1, max(h for _, h in sizes) + 2

    ladder = [XL, L, M, small(digits), extra_small(digits), BLOCKS, MAP]
    chosen = choose_class(shapes, width, height, digits)
    for cls in ladder:
        w, h = needed(cls)
        if cls == chosen:
            assert (w <= width and h <= height) or cls is MAP
            break
        assert w > width or h > height


def test_the_class_can_be_capped_and_ascii_has_no_half_blocks() -> None:
    assert choose_class(SHAPES, 200, 60, 4, largest=L) == L
    assert choose_class([(50, 50)], 60, 20, 4, half_blocks=False) == blocks(1)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 20), st.integers(1, 10), st.data())
def test_fit_averages_squares(
    rows: int, cols: int, width: int, height: int, data: st.DataObject
) -> None:
    seed = data.draw(st.integers(0, 999))
    values = np.random.default_rng(seed).normal(size=(rows, cols))
    known = np.random.default_rng(seed + 1).random((rows, cols)) < 0.7
    now = (rows - 1, cols - 1)
    fitted, step = fit(
        Plane(values, known=known, now=now, padding=(1, 1, 1, 1)), width, height, MAP
    )
    if step == 1:
        assert fitted.rows == rows
        assert fitted.cols == cols
        return
    assert size_of(fitted, MAP)[0] <= width
    assert size_of(fitted, MAP)[1] <= height
    assert fitted.now == (now[0] // step, now[1] // step)
    for r, c in np.ndindex(fitted.values.shape):
        square: tuple[Any, ...] = (
            slice(r * step, r * step + step),
            slice(c * step, c * step + step),
        )
        inside = values[square][known[square]]
        assert fitted.known is not None
        assert fitted.known[r, c] == (inside.size > 0)
        if inside.size:
            assert fitted.values[r, c] == pytest.approx(inside.mean())
    _, larger = fit(Plane(values), 10**6, 10**6, MAP)
    assert larger == 1
