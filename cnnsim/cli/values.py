"""``cnnsim values``: finished tensors."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cnnsim.cli.options import Json, Settings
from cnnsim.cli.output import number_name, to_json
from cnnsim.cli.progress import Narrator
from cnnsim.cli.source import read
from cnnsim.cli.streams import output, style
from cnnsim.errors import UsageError, did_you_mean, printable

if TYPE_CHECKING:
    import numpy.typing as npt

    from cnnsim.stepper.stepper import Stepper
    from cnnsim.stepper.values import Values

#: A tensor's name behind an iteration.
_NUMBERED = re.compile(r"([0-9]{1,18}):(.+)", re.DOTALL)
#: A tensor with more numbers is summarised for people, unless they name it.
MOST_SHOWN = 256
#: Rows and columns of a summary.
_ROWS, _COLUMNS = 3, 8
#: Names that an error lists.
_LISTED = 30


def values(
    scenario: Annotated[str, Parameter(help="A bundled name, a path, a run, or -.")],
    /,
    *tensors: Annotated[
        str, Parameter(name="TENSOR", help="Such as conv1.y, 1:conv1.y; default: all.")
    ],
    json: Json = False,
    npz: Annotated[
        str | None,
        Parameter(name="--npz", metavar="FILE", help="Write them to this NumPy file instead."),
    ] = None,
    settings: Settings = (),
) -> int:
    """Print finished tensors: the input, parameters, and what the layers made of them.

    Those of the first iteration, where no other stands before the name: 1:conv1.y. Of a run those
    of its first update; export writes what was learned.
    """
    if json and npz is not None:
        raise UsageError("--json and --npz exclude each other", "choose one")
    from cnnsim.stepper.stepper import Stepper
    from cnnsim.training.runfolder import is_run_folder

    with Narrator("drawing the weights"):
        opened = read(scenario, settings, tour=False)
        stepper = Stepper(opened)
    if is_run_folder(scenario):
        what = "as its first update found them; cnnsim export writes what was learned"
        print(f"{printable(scenario)}: {what}", file=sys.stderr)
    asked = {name: _place(name, stepper) for name in tensors or stepper.values}
    found: dict[str, npt.NDArray[Any]] = {}
    with Narrator("computing") as narrator:
        for iteration in sorted({number for number, _ in asked.values()}):
            names = {name: tensor for name, (at, tensor) in asked.items() if at == iteration}
            there = stepper.iterations.at(iteration, narrator)
            there.compute(list(names.values()), narrator)
            found |= {name: there[tensor] for name, tensor in names.items()}
    if npz is not None:
        import numpy as np

        from cnnsim.cli.outfile import write_out

        arrays: dict[str, Any] = {name: found[name] for name in asked}
        own = [] if opened.path is None else [opened.path]
        write_out(npz, lambda stream: np.savez(stream, **arrays), "--npz", own)
        return 0
    for name in asked:
        pieces = _json(name, found[name]) if json else _text(name, found[name], bool(tensors))
        for piece in pieces:
            output().write(piece)
    return 0


def _place(name: str, stepper: Stepper) -> tuple[int, str]:
    """Iteration and tensor that `name` stands for: ``conv1.y``, or ``1:conv1.y`` as in addresses.

    Raises UsageError.
    """
    match = _NUMBERED.fullmatch(name)
    first = stepper.trace.position(0).iteration
    number, tensor = (int(match[1]), match[2]) if match else (first, name)
    if tensor not in stepper.values:
        raise _unknown(tensor, stepper.values)
    if match and stepper.scenario.course is not None:
        raise UsageError(
            f"{printable(name)}: of a run these are the values of its first update",
            "cnnsim replay RUN --steps --from ADDRESS says what another one computed",
        )
    last = stepper.trace.iterations - 1
    if number > last:
        raise UsageError(
            f"{printable(name)}: there is no iteration {number:,}", f"they run from 0 to {last:,}"
        )
    return number, tensor


def _unknown(name: str, found: Values) -> UsageError:
    names = list(found)
    more = f", … ({len(names)} in all)" if len(names) > _LISTED else ""
    return UsageError(
        f"no tensor '{printable(name)}'{did_you_mean(name, names)}",
        "tensors: " + ", ".join(names[:_LISTED]) + more,
    )


def _json(name: str, array: npt.NDArray[Any]) -> Iterator[str]:
    """The JSON object in pieces, for a tensor can be larger than what text of it fits in memory."""
    head = to_json({"kind": "tensor", "name": name, "shape": list(array.shape)})
    yield head.removesuffix("}") + ', "values": '
    yield from _nested(array)
    yield "}\n"


def _nested(array: npt.NDArray[Any]) -> Iterator[str]:
    if array.ndim < 2:
        yield to_json(array.tolist())
        return
    for number, part in enumerate(array):
        yield ", " if number else "["
        yield from _nested(part)
    yield "]" if len(array) else "[]"


def _text(name: str, array: npt.NDArray[Any], whole: bool) -> Iterator[str]:
    """Plane by plane, in columns; a large tensor in a few lines unless `whole`."""
    shape = "x".join(map(str, array.shape)) or "one number"
    title = f"{style(name, '1', output())}   {shape}"
    if array.size <= MOST_SHOWN or whole:
        yield title + "\n"
        yield from _planes(array)
        yield "\n"
        return
    import numpy as np

    with np.errstate(all="ignore"):
        low, high, mean = array.min(), array.max(), array.mean(dtype=np.float64)
    yield f"{title}   min {low:.6g}   max {high:.6g}   mean {mean:.6g}\n"
    plane = array.reshape(-1, array.shape[-1])
    rows, columns = plane.shape if array.ndim > 1 else (1, array.size)
    if array.ndim > 1:
        # Of the first plane only: rows of the next would look like more of it.
        rows = array.shape[-2]
    corner = plane[: min(rows, _ROWS), :_COLUMNS]
    more = " …" if columns > _COLUMNS else ""
    yield "".join(f"{line}{more}\n" for line in _columns(corner))
    yield "  …\n\n" if rows > _ROWS or array.ndim > 2 else "\n"


def _planes(array: npt.NDArray[Any]) -> Iterator[str]:
    import numpy as np

    if array.ndim < 2:
        yield from (line + "\n" for line in _columns(array.reshape(1, -1)))
        return
    for number, index in enumerate(np.ndindex(array.shape[:-2])):
        if array.ndim > 2:
            yield ("\n" if number else "") + f"[{','.join(map(str, index))}]\n"
        yield "".join(f"{line}\n" for line in _columns(array[index]))


def _columns(plane: npt.NDArray[Any]) -> list[str]:
    """The rows of [h, w], all numbers of one width."""
    words = [[_word(value) for value in row] for row in plane.tolist()]
    width = max((len(word) for row in words for word in row), default=0)
    return ["  " + "  ".join(word.rjust(width) for word in row) for row in words]


def _word(value: float) -> str:
    named = number_name(value)
    return named if isinstance(named, str) else f"{value:.6g}"
