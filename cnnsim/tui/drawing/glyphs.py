"""The glyphs of the drawings, and for each an ASCII stand-in of the same width."""

from __future__ import annotations

import re
import unicodedata

MINUS = "−"
NOT_YET = "·"
PADDING = "░"
CLIPPED = "▁"
WINNER = "▴"
NOW_DOT = "●"
HALF_UP = "▀"
HALF_DOWN = "▄"
HALF_LEFT = "▌"
HALF_RIGHT = "▐"
FULL = "█"
BRAILLE = 0x2800

_PAIRS = {
    # signs and operators
    "−": "-", "×": "x", "⋆": "&", "÷": "/", "±": "~", "≈": "~", "≤": "<", "≥": ">", "≠": "!",
    "∞": "I", "√": "V", "∂": "d", "∇": "v", "⊙": "*", "°": "o", "′": "'", "∘": "o", "∈": "e",
    "⌊": "[", "⌋": "]", "⌈": "[", "⌉": "]", "‖": "|", "⟨": "<", "⟩": ">", "∗": "*",
    # punctuation
    "–": "-", "—": "-", "…": "~", "‹": "<", "›": ">", "«": "<", "»": ">", "•": "*",
    "“": '"', "”": '"', "‘": "'", "’": "'",
    # thin, rounded, heavy and mixed lines
    "─": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "┌": "+", "┐": "+", "└": "+",
    "┘": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┼": "+", "┿": "+", "╪": "+", "┈": ".",
    "╌": "-", "╎": ":", "╴": "-", "╶": "-", "━": "=", "┃": "H", "┏": "#", "┓": "#", "┗": "#",
    "┛": "#", "┣": "#", "┫": "#", "┳": "#", "┻": "#", "╋": "#", "╸": "=", "╺": "=", "═": "=",
    # blocks
    "░": ":", "▒": "%", "▓": "%", "█": "#", "▀": '"', "▄": ",", "▌": "]", "▐": "[", "▁": "_",
    "▂": "_", "▃": "_", "▅": "=", "▆": "=", "▇": "#", "▏": "|", "▎": "|", "▍": "|", "▋": "#",
    "▊": "#", "▉": "#", "▕": "|", "▔": '"', "■": "#", "□": "o",
    # arrows, states
    "←": "<", "→": ">", "↑": "^", "↓": "v", "↔": "-", "↕": "|", "▴": "^", "▾": "v", "▸": ">",
    "◂": "<", "▲": "^", "▼": "v", "▶": ">", "◀": "<", "●": "@", "◐": "%", "○": "o", "◆": "@",
    "✓": "v", "✗": "x", "✎": "/", "❚": "|",
    # letters
    "Σ": "S", "∑": "S", "η": "n", "ε": "e", "δ": "d", "Δ": "D", "α": "a", "β": "b", "γ": "g",
    "λ": "l", "μ": "u", "µ": "u", "π": "p", "σ": "s", "θ": "t", "ρ": "r", "φ": "f",
    # raised and lowered
    "⁻": "-", "⁺": "+", "₋": "-", "₊": "+", "₍": "(", "₎": ")", "⁽": "(", "⁾": ")",
}  # fmt: skip
#: What of it nobody would guess.
LEGEND = (
    "In ASCII S is a sum, & a cross-correlation, * a convolution or a product, . what is not "
    "computed yet, @ where one is; ~ cuts a text."
)

_UPPER_DOTS = 0b00011011  # dots 1 2 4 5
_LOWER_DOTS = 0b11100100  # dots 3 6 7 8
# A dot that touches something is a product; one that stands alone is "not computed yet".
_TOUCHING_DOT = re.compile(r"·(?=[^\s·│┃▌])|(?<=[^\s·│┃▐])·")

# An arrow between two values takes the blank before it: `4-> 4` is no comparison.
_ARROW_BETWEEN = re.compile(r"(?<=\S) →(?= )")


class _Table(dict[int, str]):
    """A translation table that finds a base letter, or `?`, for glyphs not listed."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFKD", chr(code))[:1]
        self[code] = base if base.isascii() and base.isprintable() and base else "?"
        return self[code]


def _braille(code: int) -> str:
    bits = code - BRAILLE
    if not bits:
        return " "
    if not bits & _LOWER_DOTS:
        return "'"
    return ":" if bits & _UPPER_DOTS else "."


_TABLE = _Table({code: chr(code) for code in range(128)})
_TABLE.update({ord(glyph): plain for glyph, plain in _PAIRS.items()})
_TABLE.update({BRAILLE + bits: _braille(BRAILLE + bits) for bits in range(256)})
_TABLE[ord("·")] = "."


def to_ascii(text: str) -> str:
    """The same text in printable ASCII, character for character.

    `·` becomes `*` where it multiplies (it touches a neighbour) and `.` where it stands alone; `→`
    between two values becomes `->`.
    """
    if text.isascii():
        return text
    if "→" in text:
        text = _ARROW_BETWEEN.sub("->", text)
    if "·" in text:
        text = _TOUCHING_DOT.sub("*", text)
    return text.translate(_TABLE)
