"""Colour arithmetic on `#rrggbb` strings: OKLab blends and WCAG contrast."""

from __future__ import annotations

from collections.abc import Sequence

Rgb = tuple[int, int, int]
Lab = tuple[float, float, float]


def rgb_of(colour: str) -> Rgb:
    """`#12141a` → (18, 20, 26)."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hex_of(rgb: Sequence[int]) -> str:
    """(18, 20, 26) → `#12141a`."""
    return f"#{rgb[0]:02x}{rgb[1]:02x}{rgb[2]:02x}"


def _linear(channel: int) -> float:
    """One sRGB channel 0..255 as linear light 0..1."""
    c = channel / 255
    return c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4)


def _encoded(light: float) -> int:
    """Linear light as one sRGB channel 0..255, clipped to the gamut."""
    c = min(max(light, 0.0), 1.0)
    return round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055))


def oklab(colour: str) -> Lab:
    """Lightness, green–red and blue–yellow of a colour (Ottosson 2020)."""
    r, g, b = (_linear(c) for c in rgb_of(colour))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def from_oklab(lab: Lab) -> str:
    """The inverse of `oklab`, clipped to the sRGB gamut."""
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return hex_of(
        (
            _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
            _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
            _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
        )
    )


def blend(start: str, end: str, t: float) -> str:
    """The colour at fraction t of the straight line from start to end in OKLab."""
    if t <= 0:
        return start
    if t >= 1:
        return end
    a, b = oklab(start), oklab(end)
    return from_oklab(
        (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)
    )


def gradient(stops: Sequence[str], t: float) -> str:
    """The colour at fraction t of evenly spaced stops, t clipped to 0..1."""
    place = min(max(t, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return blend(stops[index], stops[index + 1], place - index)


def luminance(colour: str) -> float:
    """Relative luminance 0..1 (WCAG 2)."""
    r, g, b = (_linear(c) for c in rgb_of(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """Contrast ratio 1..21 of two colours (WCAG 2)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)
