"""How numbers are written: one number of decimals to a panel, U+2212 for minus."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.tui.drawing.glyphs import MINUS

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LARGEST_PLAIN = 1e5


def decimals_for(values: npt.ArrayLike) -> tuple[int, int]:
    """Decimals and power of ten that all numbers of one panel share.

    Integers below 10⁵ have none. Otherwise the largest shows 3 significant digits; below 0.1
    and from 10⁵ on all are divided by 10^power, which the title then names.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    array = np.abs(array[np.isfinite(array)])
    largest = float(array.max()) if array.size else 0.0
    if largest == 0 or (largest < LARGEST_PLAIN and bool((array == np.rint(array)).all())):
        return 0, 0
    # Three significant digits first: 9.996 reads 10.0 and has one decimal, not two.
    exponent = int(f"{largest:.2e}".split("e")[1])
    if exponent < -1 or exponent >= 5:
        return 2, exponent
    return max(2 - exponent, 0), 0


def exact_decimals(values: npt.NDArray[np.float64]) -> int | None:
    """At most two decimals where these say everything about all of the numbers, else None."""
    return next((d for d in range(3) if (np.round(values, d) == values).all()), None)


def format_number(value: float, decimals: int, power: int = 0, sign: bool = False) -> str:
    """`−1.25`; with sign also `+1.25`. NaN and infinities shout: `NaN!`, `+∞!`, `−∞!`."""
    if not math.isfinite(value):
        if math.isnan(value):
            return "NaN!"
        return "+∞!" if value > 0 else f"{MINUS}∞!"
    scaled = value if not power else value / 10.0**power if power > 0 else value * 10.0**-power
    text = f"{abs(scaled):.{decimals}f}"
    if scaled < 0 and text.strip("0."):
        return MINUS + text
    return f"+{text}" if sign else text


def power_text(power: int) -> str:
    """`×10⁻²`, and nothing for power 0."""
    return f"×10{str(power).translate(_RAISED)}" if power else ""


def count(n: int) -> str:
    """`1,234`."""
    return f"{n:,}".replace("-", MINUS)


def short_count(n: int) -> str:
    """From a million on three digits and a letter, `42.3 M`; below that as `count`."""
    for size, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M")):
        # 999,600,000 would round to 1000 M, so the next letter takes it.
        if abs(n) >= size * 0.9995 and abs(n) >= 10**6:
            scaled = abs(n) / size
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{MINUS if n < 0 else ''}{scaled:.{digits}f} {letter}"
    return count(n)


def small(x: float) -> str:
    """A small ratio with two digits, `4.3e−04`."""
    if not math.isfinite(x):
        return format_number(x, 0)
    return f"{x:.1e}".replace("-", MINUS).replace("e+", "e") if x else "0"


def measured(x: float, least: float = 0.01) -> str:
    """A norm, a mean, a loss in at most eight columns: `0.071`, `−12.500`, `2.7e16`.

    What is smaller than `least` has digits of its own: `4.3e−04`.
    """
    if x == 0 or least <= abs(x) < 1000:
        return format_number(x, 3)
    return small(x)


def exact(value: float | np.floating[Any]) -> str:
    """The shortest decimal that reads back as the same number, in its own precision."""
    if not math.isfinite(value):
        return format_number(float(value), 0)
    if value == 0:
        return "0"
    text = str(value) if isinstance(value, np.floating) else repr(float(value))
    mantissa, e, exponent = text.partition("e")
    return (mantissa.removesuffix(".0") + e + exponent).replace("-", MINUS)


def in_formula(value_text: str) -> str:
    """Brackets round a negative number in running text: `(−1)`."""
    return f"({value_text})" if value_text[:1] in (MINUS, "-") else value_text


def number(value: float | None) -> str:
    """A value in running text: exact where that is short, else five digits."""
    if value is None:
        return "·"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = exact(value)
    return text if len(text) <= 8 else f"{value:.4g}".replace("-", "−")
