"""Running the command: in this process for what it says, as a process of its own for the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

#: FACTS: X, K, Y of the toy; the tour's checks all hold.
TOY = """
title = "Toy"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
[[tour]]
at = "conv1.forward[0,0,0,0] tap[0,1,1]"
say = "The last product is **3·0**."
expect = { after = 8, product = 0, tensors."conv1.y" = [[8, 7], [4, 5]] }
[[tour]]
at = "mac 2"
expect = { term = -5 }
"""

#: Every kind of layer, with padding, holes, folds, finishes and starts.
KINDS = """
title = "Every kind"
mode = "training"
[input]
random = [2, 2, 6, 6]
[[layers]]
type = "conv2d"
name = "tied"
filters = 4
size = 3
padding = 1
groups = 2
[[layers]]
type = "conv2d"
name = "untied"
filters = 3
size = 2
bias = "untied"
mode = "convolution"
[[layers]]
type = "batch_norm2d"
name = "norm"
[[layers]]
type = "relu"
name = "relu"
[[layers]]
type = "add"
name = "add"
from = ["norm", "relu"]
[[layers]]
type = "max_pool2d"
name = "largest"
size = 3
stride = 2
padding = 1
[[layers]]
type = "avg_pool2d"
name = "mean"
size = 2
stride = 1
padding = 1
[[layers]]
type = "leaky_relu"
name = "leaky"
[[layers]]
type = "dropout"
name = "dropout"
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dense"
name = "dense"
units = 4
[[layers]]
type = "sigmoid"
name = "sigmoid"
[[layers]]
type = "tanh"
name = "tanh"
[[layers]]
type = "softmax"
name = "softmax"
"""


class Result(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its output as strict JSON Lines."""
        return [strict(line) for line in self.out.splitlines()]


def strict(text: str) -> Any:
    """`text` parsed as JSON, without Python's additions to it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


Run = Callable[..., Result]


def write(path: Path, text: str) -> Path:
    """Write a file; its path."""
    path.write_text(text, encoding="utf-8")
    return path


def command(*argv: str | Path, **changes: str) -> tuple[list[str], dict[str, str]]:
    """The words and environment of the command as a process; NAME="" takes a variable out."""
    noise = ("NO_COLOR", "FORCE_COLOR", "CNNSIM_TRACEBACK", "PYTHONIOENCODING", "PYTHONUTF8")
    environment = {key: value for key, value in os.environ.items() if key not in noise}
    environment.update(changes)
    return [sys.executable, "-m", "cnnsim", *map(str, argv)], environment


def spawn(
    *argv: str | Path, streams: dict[str, Any] | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    words, environment = command(*argv, **changes)
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        words, env=environment, text=True, timeout=60, check=False, **(given | (streams or {}))
    )


@contextmanager
def started(*argv: str | Path, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process that ends with the block, whatever happens in there."""
    words, environment = command(*argv, **changes)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, env=environment, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def complaints(error: str) -> list[str]:
    """The lines of standard error, without those in which a slow machine says what it is at."""
    return [line for line in error.splitlines() if not line.endswith("…")]


def shell(line: str, words: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``cnnsim`` is the command."""
    start = f'cnnsim() {{ "{sys.executable}" -m cnnsim "$@"; }}; '
    _, environment = command()
    return subprocess.run(
        ["bash", "-c", start + line, "bash", *words],
        env=environment,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
