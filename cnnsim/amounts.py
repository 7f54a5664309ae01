"""How many, in words: what every command and every screen says alike."""

from __future__ import annotations

_UNITS = ((10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def counted(number: int, noun: str) -> str:
    """``1 note``, ``1,234 notes``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def in_bytes(number: int) -> tuple[str, str]:
    """``3.1`` and ``MB``; a megabyte has 10^6 bytes."""
    for size, unit in _UNITS:
        if number >= size:
            return f"{number / size:,.1f}", unit
    return str(number), "bytes"


def percent(share: float, digits: int = 1) -> str:
    """``99.9%``: how many of some things, `share` of them; 100 only where it is all of them."""
    rounded = f"{share:.{digits}%}"
    is_all = share >= 1 or not rounded.startswith("100")
    return rounded if is_all else f"{100 - 10.0**-digits:.{digits}f}%"
