"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token


def _integer(kind: Any, tokens: Sequence[Token]) -> int:
    """What Python reads as a whole number; Cyclopts, which calls it so, would round 2.5."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"'{text}' is no whole number") from None


#: What the options that are whole numbers share.
INTEGER = Parameter(metavar="N", converter=_integer)
Settings = Annotated[
    tuple[str, ...],
    Parameter(
        name="--set",
        metavar="KEY=VALUE",
        help="Change a key: --set seed=3, --set layers.conv1.padding=1; repeat at will.",
    ),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"],
    Parameter(name="--device", help="What computes; auto is a GPU where one is found."),
]
Json = Annotated[
    bool,
    Parameter(name="--json", help='JSON Lines; NaN and ±∞ are "NaN", "Infinity", "-Infinity".'),
]
Csv = Annotated[bool, Parameter(name="--csv", help="Comma-separated values, with a header.")]
