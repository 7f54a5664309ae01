"""What a note works out comes to what it says, from the very digits that it shows."""

from __future__ import annotations

import math
import re

import pytest

from cnnsim.scenario.bundled import bundled_names
from cnnsim.scenario.reader import read_scenario

#: A stretch of printed numbers and signs.
_SIDE = r"(?:[\d.,½¼+·/()⌊⌋⌈⌉−\s]|log)+"
_EQUATION = re.compile(rf"({_SIDE})=(?=({_SIDE}))")
_PYTHON = {"½": "0.5", "¼": "0.25", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "·": "*",
           "−": "-"}  # fmt: skip
#: Where a side ends, or begins after other words.
_BREAK = re.compile(r"[,:;.]\s|\n\n")


def worth(side: str) -> float | None:
    """What a side comes to; None where it is not arithmetic."""
    for printed, python in _PYTHON.items():
        side = side.replace(printed, python)
    side = re.sub(r"log\s+([\d.]+)", r"log(\1)", side).strip(" \n.,")
    try:
        return float(eval(side, {"log": math.log, "floor": math.floor, "ceil": math.ceil}))
    except SyntaxError:
        return None


def equations(note: str) -> list[tuple[str, float, float, float]]:
    """(as printed, left side, right side, half a unit of the last digit that the right shows)."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", note.replace("**", ""))
    found = []
    for match in _EQUATION.finditer(text):
        left, right = _BREAK.split(match[1])[-1], _BREAK.split(match[2])[0]
        sides = worth(left), worth(right)
        if sides[0] is not None and sides[1] is not None:
            decimals = len(right.strip(" \n.").partition(".")[2])
            room = 0.5 * 10.0**-decimals if decimals else 0.0
            found.append((f"{left.strip()} = {right.strip()}", *sides, room))
    return found


def wrong(note: str) -> list[str]:
    """The equations of a note that do not hold."""
    return [
        printed
        for printed, left, right, room in equations(note)
        if abs(left - right) > room + 1e-9 * abs(right)
    ]


@pytest.mark.parametrize("name", bundled_names())
def test_who_does_the_sum_again_gets_what_is_printed(name: str) -> None:
    assert [wrong(stop.say) for stop in read_scenario(name).tour if wrong(stop.say)] == []


def test_the_notes_have_sums_to_do_again() -> None:
    tours = [read_scenario(name).tour for name in bundled_names()]
    assert sum(len(equations(stop.say)) for tour in tours for stop in tour) > 100


@pytest.mark.parametrize(
    ("note", "printed"),
    [
        ("For the first it is (0.4825 − 1) / 0.2497 / 2 = **−1.0363**: it grows.", ["= −1.0363"]),
        ("it is (0.48248 − 1) / 0.24969 / 2 = **−1.0363**: it grows.", []),
        ("The size is 2: ⌊(3 + 0 − 2) / 2⌋ + 1 = ⌊0.5⌋ + 1 = **2**.", ["= 2."]),
        ("4,096·(9,216 + 1) = **37,752,833** parameters", ["= 37752833"]),
        ("5·36·9 + 100·180 = 1,620 + 18,001 = **19,621**", ["= 1620 + 18001"]),
        ("A coin would cost −log ½ = 0.693.", []),
    ],
)
def test_a_sum_that_is_wrong_is_found(note: str, printed: list[str]) -> None:
    assert len(wrong(note)) == len(printed)
    assert all(found.endswith(end) for found, end in zip(wrong(note), printed, strict=True))
