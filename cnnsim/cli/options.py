"""The options that several commands share."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

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
