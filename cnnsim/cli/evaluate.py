"""``cnnsim evaluate``: how good a trained run is, and what it takes for what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cnnsim.amounts import counted, percent
from cnnsim.cli.options import INTEGER, Csv, Device, Json
from cnnsim.cli.output import Column, csv_lines, emit, loss_text, print_table
from cnnsim.cli.progress import Narrator
from cnnsim.cli.streams import output, style
from cnnsim.errors import UsageError, printable

if TYPE_CHECKING:
    from cnnsim.training.trained import Evaluation, Trained

#: The option of every command that reads a checkpoint.
Best = Annotated[
    bool, Parameter(name="--best", help="The epoch that was best on the test pictures.")
]


def evaluate(
    run: Annotated[str, Parameter(help="A run folder.")],
    /,
    *,
    best: Best = False,
    worst: Annotated[
        int, INTEGER, Parameter(help="How many of the worst mistakes; default: 10.")
    ] = 10,
    device: Device = "cpu",
    json: Json = False,
    csv: Csv = False,
) -> int:
    """Test a trained run: accuracy, confusion matrix, worst mistakes."""
    if json and csv:
        raise UsageError("--json and --csv exclude each other", "choose one")
    if worst < 0:
        raise UsageError(f"--worst should be 0 or more, not {worst}")
    from cnnsim.kernels.choose import choose_device
    from cnnsim.kernels.processors import processors
    from cnnsim.training import trained

    chosen = choose_device(device)
    found = trained.open_trained(Path(run), best)
    with Narrator("testing"):
        result = trained.evaluate(found, processors(), chosen)
    if json:
        _print_json(run, found, result, worst)
    elif csv:
        names = _names(result)
        csv_lines([["class", *names]])
        for name, row in zip(names, _confusion(result), strict=True):
            csv_lines([[name, *row]])
    else:
        _print_text(found, result, worst)
    return 0


def _names(result: Evaluation) -> list[str]:
    """Of the classes, which may be any folder's."""
    return [printable(name) for name in result.split.names]


def _confusion(result: Evaluation) -> list[list[int]]:
    rows: list[list[int]] = result.measure.confusion(len(result.split.names)).tolist()
    return rows


def _print_json(run: str, found: Trained, result: Evaluation, worst: int) -> None:
    measure, names = result.measure, result.split.names
    emit(
        {
            "kind": "evaluation",
            "scenario": found.run.name,
            "seed": found.run.seed,
            "epoch": found.point.epoch,
            "iteration": found.point.iteration,
            "pictures": len(measure.classes),
            "right": measure.right,
            "test_accuracy": measure.accuracy,
            "test_loss": measure.loss,
            "classes": list(names),
            "confusion": _confusion(result),
            "run": run,
        }
    )
    for number in result.worst(worst):
        right, guess = int(measure.classes[number]), int(measure.guesses[number])
        emit(
            {
                "kind": "mistake",
                "picture": number,
                "class": names[right],
                "guess": names[guess],
                "share": float(result.shares[number, right]),
                "guess_share": float(result.shares[number, guess]),
            }
        )


def _print_text(found: Trained, result: Evaluation, worst: int) -> None:
    measure, names, out = result.measure, _names(result), output()
    title = style(found.run.name, "1", out)
    print(f"{title} seed {found.run.seed} after {_after(found, result)}", file=out)
    total = len(measure.classes)
    accuracy = style(percent(measure.accuracy, 2), "1", out)
    print(
        f"{accuracy}: {measure.right:,} of {total:,} right, loss {loss_text(measure.loss)}\n",
        file=out,
    )
    columns = [Column("is → taken for"), *(Column(name, right=True) for name in names)]
    columns.append(Column("right", right=True))
    rows = []
    for number, (name, row) in enumerate(zip(names, _confusion(result), strict=True)):
        share = percent(row[number] / sum(row)) if sum(row) else ""
        rows.append([name, *(count or "·" for count in row), share])
    print_table(columns, rows)
    mistakes = result.worst(worst)
    if not mistakes:
        return
    print("\nworst mistakes", file=out)
    print_table(
        [
            Column("test picture", right=True),
            Column("is"),
            Column("taken for"),
            Column("share of the right one", right=True),
        ],
        [
            [
                number,
                names[int(measure.classes[number])],
                names[int(measure.guesses[number])],
                f"{result.shares[number, int(measure.classes[number])]:.2%}",
            ]
            for number in mistakes
        ],
    )


def _after(found: Trained, result: Evaluation) -> str:
    """How far it was trained; a run that was stopped within an epoch has some updates more."""
    from cnnsim.training.loop import batches_of

    point, each = found.point, batches_of(found.run, result.split).each
    epochs, updates = counted(point.epoch, "epoch"), point.iteration - point.epoch * each
    return f"{epochs} and {counted(updates, 'update')}" if updates else epochs
