from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from cnnsim.tui.drawing.colour import blend, from_oklab, oklab
from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, STEPS, ZERO, Palette, palette_named

TINTED = pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])


def luminance(rgb: tuple[int, int, int]) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [value / 255 for value in rgb]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.triplet is not None
    assert style.bgcolor.triplet is not None
    one, two = luminance(style.color.triplet), luminance(style.bgcolor.triplet)
    return (max(one, two) + 0.05) / (min(one, two) + 0.05)


@TINTED
@pytest.mark.parametrize(
    "table", ["tiles", "bold_tiles", "soft_tiles", "bares", "inks", "bold_inks", "soft_inks"]
)
def test_every_step_is_readable(palette: Palette, table: str) -> None:
    styles = getattr(palette, table)
    assert len(styles) == STEPS == 65
    assert min(map(contrast, styles)) >= 4.3


@TINTED
@pytest.mark.parametrize(
    "role",
    [
        *["base", "bold", "dim", "bar", "bar_bold", "bar_dim", "selection", "selection_bold"],
        *["now", "now_soft", "now_text", "good", "minus", "plus", "zero_tile"],
    ],
)
def test_every_role_of_words_is_readable(palette: Palette, role: str) -> None:
    assert contrast(getattr(palette, role)) >= 4.2


def ground(style: Style) -> str:
    assert style.bgcolor is not None
    return style.bgcolor.name


@TINTED
def test_bare_maps_reach_the_ends_and_pass_through_the_stops(palette: Palette) -> None:
    at = np.array([-1, -0.5, 0, 0.5, 1])
    assert [ground(palette.bares[id]) for id in palette.tile_ids(at, 1.0)] == list(palette.signs)
    inks = [ground(palette.inks[id]) for id in palette.ink_ids(at[2:], 1.0)]
    assert inks == list(palette.ink_stops)


@TINTED
def test_tiles_under_numbers_stop_at_62_percent(palette: Palette) -> None:
    for end, inner, outer in ((-1.0, 1, 0), (1.0, 3, 4)):
        expected = blend(palette.signs[inner], palette.signs[outer], 0.24)
        assert ground(palette.tile(end)) == expected
    assert ground(palette.tile(0)) == ground(palette.bares[ZERO]) == palette.signs[2]


@TINTED
def test_distance_from_zero_grows_with_the_value(palette: Palette) -> None:
    zero = np.array(oklab(palette.bare_colours[ZERO]))
    away = [float(np.linalg.norm(np.array(oklab(c)) - zero)) for c in palette.bare_colours]
    assert all(np.diff(away[ZERO:]) > 0)
    assert all(np.diff(away[: ZERO + 1]) < 0)


@settings(deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=1), st.floats(0.1, 20))
def test_steps_are_symmetric_and_monotone(values: list[float], scale: float) -> None:
    array = np.sort(np.array(values))
    steps = DARK.tile_ids(array, scale)
    assert (np.diff(steps) >= 0).all()
    assert (DARK.tile_ids(-array, scale) == STEPS - 1 - steps).all()
    assert (steps[array >= scale] == STEPS - 1).all()
    assert (np.abs(steps - ZERO - np.clip(array / scale, -1, 1) * ZERO) <= 0.5 + 1e-9).all()


def test_steps_of_odd_values() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, 1e308])
    assert DARK.tile_ids(odd, 1.0).tolist() == [ZERO, 64, 0, ZERO, 64]
    assert DARK.tile_ids(odd, 0.0).tolist() == [ZERO] * 5
    assert DARK.ink_ids(np.array([-1, 0, 0.5, 2]), 1.0).tolist() == [0, 0, 32, 64]


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_oklab_there_and_back(rgb: tuple[int, int, int]) -> None:
    colour = "#{:02x}{:02x}{:02x}".format(*rgb)
    assert from_oklab(oklab(colour)) == colour


def test_oklab_of_known_colours() -> None:
    # Reference values of Björn Ottosson's article.
    assert oklab("#ffffff") == pytest.approx((1, 0, 0), abs=1e-4)
    assert oklab("#ff0000") == pytest.approx((0.6280, 0.2249, 0.1258), abs=1e-3)


def test_terminal_palettes_use_only_the_terminals_colours() -> None:
    for palette in (ANSI, MONO):
        assert palette.tiles[0] == palette.minus
        assert palette.tiles[-1] == palette.plus
        assert palette.now.reverse
        assert palette.now.bold
        for style in (*palette.tiles, *palette.inks, palette.base, palette.now, palette.past):
            assert style.bgcolor is None
            assert style.color is None or style.color.triplet is None
    for style in (MONO.now, MONO.dim, MONO.good, *MONO.tiles):
        assert style.color is None


def test_dim_text_on_a_bar() -> None:
    assert DARK.on(DARK.dim, DARK.bar) == DARK.bar_dim
    assert ANSI.on(ANSI.dim, ANSI.bar) == ANSI.dim


@pytest.mark.parametrize("palette", [DARK, LIGHT, ANSI, MONO])
def test_palettes_by_name(palette: Palette) -> None:
    assert palette_named(palette.name) is palette


def test_unknown_palette() -> None:
    with pytest.raises(KeyError):
        palette_named("rainbow")
