from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.widgets import Static

import cnnsim.tui
from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.drawing.glyphs import LEGEND, to_ascii
from cnnsim.tui.marks import Marks


def drawn_glyphs() -> set[str]:
    """Every non-ASCII character in the strings of what is drawn and what draws it."""
    found: set[str] = set()
    tui = Path(cnnsim.tui.__path__[0])
    for path in (
        path for part in ("drawing", "stage", "widgets") for path in tui.glob(f"{part}/*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {char for char in node.value if not char.isascii()}
    return found


@pytest.mark.parametrize("glyph", sorted(drawn_glyphs()))
def test_each_glyph_has_a_stand_in_of_the_same_width(glyph: str) -> None:
    plain = to_ascii(glyph)
    assert plain != "?"
    assert plain.isascii()
    assert plain.isprintable()
    assert cell_len(glyph) == len(plain) == 1


def test_braille_keeps_the_height_of_the_line() -> None:
    assert to_ascii("⠀⠉⠛⣀⡇⠒") == " ''.:'"


@settings(deadline=None)
@given(st.text())
def test_length_never_changes(text: str) -> None:
    plain = to_ascii(text)
    assert len(plain) == len(text)
    assert plain.isascii()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("7·(−1)", "7*(-1)"),
        ("·−1 = −7", "*-1 = -7"),
        ("· · ·", ". . ."),
        ("▐ 7 ▌", "[ 7 ]"),
        ("│·│", "|.|"),
        ("x₀₁ ×10⁻²", "x01 x10-2"),
        ("┏━┓", "#=#"),
        ("0▁ 6▴ NaN!", "0_ 6^ NaN!"),
        ("x ⋆ w, x ∗ w, Σ x·w", "x & w, x * w, S x*w"),
        ("4 → −1  ←→ step", "4-> -1  <> step"),
        ("é数", "e?"),
    ],
)
def test_stand_ins(text: str, plain: str) -> None:
    assert to_ascii(text) == plain


@pytest.mark.parametrize("glyphs", ["ascii", "unicode"])
async def test_help_says_what_letters_and_signs_stand_for(glyphs: str) -> None:
    """A sum, a cross-correlation and a convolution have three signs, and each is in the legend."""
    signs = to_ascii("Σ⋆∗")
    assert len(set(signs)) == 3
    assert all(f" {sign} " in LEGEND for sign in signs)
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(glyphs=glyphs), Marks())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        told = [str(each.render()) for each in app.screen.query(Static)]
        assert any(LEGEND in text for text in told) == (glyphs == "ascii")
