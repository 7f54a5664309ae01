"""A tensor of any rank as one matrix."""

from __future__ import annotations

from math import ceil, prod, sqrt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.tui.stage.slice import grid_columns, slice_at

shapes = st.lists(st.integers(1, 7), min_size=1, max_size=5).map(tuple)


@st.composite
def indices(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    shape = draw(shapes)
    return shape, tuple(draw(st.integers(0, extent - 1)) for extent in shape)


@given(indices())
def test_an_index_stands_at_a_place_that_leads_back_to_it(case) -> None:
    shape, index = case
    cut = slice_at(shape, index)
    place = cut.place(index)
    assert place is not None
    assert cut.index(*place) == index


@given(indices())
def test_every_place_that_exists_holds_an_entry_of_its_own(case) -> None:
    shape, index = case
    cut = slice_at(shape, index)
    found = [cut.index(row, column) for row in range(cut.rows) for column in range(cut.columns)]
    there = [each for each in found if each is not None]
    assert len(set(there)) == len(there) == cut.exists.sum() == prod(shape[len(cut.fixed) :])
    assert [each is not None for each in found] == cut.exists.reshape(-1).tolist()
    assert all(cut.place(each) == divmod(n, cut.columns) for n, each in enumerate(found) if each)


@given(indices())
def test_the_matrix_holds_the_values_of_the_tensor(case) -> None:
    shape, index = case
    tensor = np.arange(prod(shape), dtype=float).reshape(shape)
    cut = slice_at(shape, index)
    values = cut.values(tensor)
    for row in range(cut.rows):
        for column in range(cut.columns):
            at = cut.index(row, column)
            expected = np.nan if at is None else tensor[at]
            np.testing.assert_equal(values[row, column], expected)


@given(indices(), st.integers(-3, 9), st.integers(-3, 9))
def test_a_place_outside_has_no_index(case, row: int, column: int) -> None:
    cut = slice_at(*case)
    outside = not (0 <= row < cut.rows and 0 <= column < cut.columns)
    assert not outside or cut.index(row, column) is None


def test_an_index_of_another_channel_has_no_place_here() -> None:
    cut = slice_at((1, 3, 4, 5), (0, 1, 2, 3))
    assert cut.place((0, 2, 2, 3)) is None
    assert cut.place((0, 1, 2, 3)) == (2, 3)


def test_an_index_on_the_padding_has_a_place_beyond_the_edge() -> None:
    assert slice_at((1, 3, 4, 5), (0, 1, 0, 0)).place((0, 1, -1, 5)) == (-1, 5)


@given(st.integers(1, 10_000))
def test_features_make_a_grid_near_a_square_without_much_waste(count: int) -> None:
    columns = grid_columns(count)
    rows = ceil(count / columns)
    assert 1 <= columns <= 2.5 * ceil(sqrt(count))
    assert 0 <= rows * columns - count < columns
