"""``cnnsim shapes``: what every layer puts out and costs, or why the shapes do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cnnsim.cli.options import Csv, Json, Settings
from cnnsim.cli.output import Column, csv_lines, emit, print_table
from cnnsim.cli.source import NO_TOUR, read
from cnnsim.cli.streams import output, style
from cnnsim.errors import CnnsimError, ShapeError, UsageError, printable

if TYPE_CHECKING:
    from cnnsim.network.graph import Network
    from cnnsim.network.receptive import ReceptiveField
    from cnnsim.network.walk import Row, Walk
    from cnnsim.scenario.scenario import Scenario

_COLUMNS = [
    Column("layer"),
    Column("type"),
    Column("kernel"),
    Column("output", right=True),
    Column("params", right=True),
    Column("MACs (without bias)", right=True),
    Column("share", right=True),
    Column("padding MACs", right=True),
    Column("backward MACs", right=True),
    Column("activations (MB)", right=True),
    Column("receptive field/stride/pad", right=True),
]
_FIELD = ("size", "stride", "pad")


def shapes(
    scenario: Annotated[str, Parameter(help="A bundled name, a path, or -.")],
    /,
    *,
    size: Annotated[
        str | None,
        Parameter(name="--input", metavar="C,H,W", help="Another input, such as 3,224,224."),
    ] = None,
    json: Json = False,
    csv: Csv = False,
    settings: Settings = (),
) -> int:
    """Walk the shapes: outputs, parameters, multiply-adds, receptive fields; of one sample."""
    from cnnsim.network.walk import walk

    if json and csv:
        raise UsageError("--json and --csv exclude each other", "choose one")
    shape = None if size is None else _input(size)
    found = read(scenario, settings, tour=False, input_size=shape, check_shapes=False)
    walked = walk(found.network)
    if json:
        for row in walked.rows:
            emit(row.as_dict())
        if walked.error is None:
            emit(walked.total_dict())
    elif csv:
        _print_csv(walked)
    elif walked.rows:
        _print_table(found.name, walked)
    if walked.error is not None:
        if shape is not None and len(shape) == 1 and (example := _example(found, settings, *shape)):
            walked.error.hint = f"--input takes C,H,W here, such as {example}"
        raise _sentence(walked.error)
    return 0


def _example(scenario: Scenario, settings: Sequence[str], side: int) -> str:
    """C,H,W with which the shapes fit: of that side, or the scenario's own; empty without any."""
    from cnnsim.network.walk import walk
    from cnnsim.scenario.reader import parse_scenario

    def network(shape: tuple[int, ...] | None) -> Network:
        text, path, words = scenario.text, scenario.path, [*settings, NO_TOUR]
        return parse_scenario(scenario.name, text, path, words, shape, check_shapes=False).network

    with suppress(CnnsimError):  # it has no input of its own
        own = network(None).input_shape
        for shape in ((own[0], side, side), own) if len(own) == 3 else ():
            with suppress(CnnsimError):  # it is too large
                if walk(network(shape)).error is None:
                    return ",".join(map(str, shape))
    return ""


def _input(text: str) -> tuple[int, ...]:
    """``3,224,224`` or ``3x224x224``; with a batch in front, or one number of features."""
    parts = text.replace("x", ",").split(",")
    if not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        parts = []
    numbers = tuple(int(part) for part in parts if len(part) < 20)
    if len(numbers) not in (1, 3, 4) or len(numbers) != len(parts) or 0 in numbers:
        raise UsageError(f"--input {printable(text, 40)}: should be C,H,W", "such as 3,224,224")
    return numbers


def _sentence(error: ShapeError) -> ShapeError:
    """The error with the layer as its subject where the rest is a predicate."""
    if error.is_count:
        error.message = f"{error.layer} {error.bare_message}"
    return error


def _print_table(name: str, walked: Walk) -> None:
    macs = walked.total("macs")
    title = (
        f"{style(printable(name), '1', output())}   input {'x'.join(map(str, walked.input_shape))}"
    )
    output().write(f"{title}   one sample; 1 MB = 10^6 bytes of float32\n\n")
    totals = []
    if walked.error is None:
        totals = ["total", "", "", "", f"{walked.total('params'):,}", f"{macs:,}", ""]
        totals += [f"{walked.total(what):,}" for what in ("padding_macs", "backward_macs")]
        totals += [_megabytes(walked.total("activation_bytes")), ""]
    print_table(_COLUMNS, [_cells(row, macs) for row in walked.rows], totals)


def _cells(row: Row, macs: int) -> list[str]:
    has_macs = row.macs > 0
    return [
        row.name,
        row.type,
        row.summary,
        "x".join(map(str, row.output)),
        f"{row.params:,}" if row.params else "",
        f"{row.macs:,}" if has_macs else "",
        f"{row.macs / macs:.1%}" if has_macs else "",
        f"{row.padding_macs:,}" if has_macs else "",
        f"{row.backward_macs:,}" if has_macs else "",
        _megabytes(row.activation_bytes) if row.activation_bytes else "in place",
        _field(row.receptive_field),
    ]


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.3f}"


def _field(field: ReceptiveField | None) -> str:
    """``11/4/0``; ``11x7/4/0`` where height and width differ."""
    if field is None:
        return "everything"
    pairs = (getattr(field, what) for what in _FIELD)
    return "/".join("x".join(map(str, dict.fromkeys(pair))) for pair in pairs)


def _print_csv(walked: Walk) -> None:
    costs = ("params", "macs", "padding_macs", "backward_macs", "activation_bytes")
    sides = [f"field_{what}_{axis}" for what in _FIELD for axis in ("h", "w")]
    csv_lines([["kind", "name", "type", "kernel", "output", *costs, *sides]])
    lines: list[list[Any]] = []
    for row in walked.rows:
        field = row.receptive_field
        pairs = [None] * 6 if field is None else [n for w in _FIELD for n in getattr(field, w)]
        head = ["layer", row.name, row.type, row.summary, "x".join(map(str, row.output))]
        lines.append([*head, *(getattr(row, cost) for cost in costs), *pairs])
    if walked.error is None:
        total = walked.total_dict()
        lines.append(["total", None, None, None, None, *(total[cost] for cost in costs)])
    csv_lines(line + [None] * (16 - len(line)) for line in lines)
