"""The commands, put together. Importing this imports cyclopts, but nothing heavier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cyclopts import App, Parameter

from cnnsim import __version__
from cnnsim.cli.bench import bench
from cnnsim.cli.completion import install_completion
from cnnsim.cli.evaluate import evaluate
from cnnsim.cli.export import export
from cnnsim.cli.gradcheck import gradcheck
from cnnsim.cli.help import TwoColumns
from cnnsim.cli.home import home
from cnnsim.cli.listing import list_scenarios
from cnnsim.cli.new import new
from cnnsim.cli.paths import paths
from cnnsim.cli.predict import predict
from cnnsim.cli.replay import replay
from cnnsim.cli.schema import schema
from cnnsim.cli.shapes import shapes
from cnnsim.cli.train import train
from cnnsim.cli.validate import validate
from cnnsim.cli.values import values
from cnnsim.cli.watch import watch

_HELP = "See, step through and train small convolutional networks, one multiply-add at a time."
_EXAMPLES = """\
Examples:
  cnnsim                                   the home screen
  cnnsim sobel --at "mac 12"               a bundled scenario, at a multiply-add
  cnnsim ./mine.toml                       a file of your own
  cnnsim shapes alexnet --input 3,224,224  why does this not fit?

A SCENARIO is a bundled name, a path, or - for standard input."""


#: Cyclopts takes a lone ``-`` for an option, so it travels as a word that nobody can type.
DASH = "\0"


class _Entry(NamedTuple):
    """A command, the words that follow its name, examples of its use."""

    command: Callable[..., int]
    usage: str
    examples: tuple[str, ...]


#: Every command, in the order of --help.
COMMANDS = {
    "list": _Entry(list_scenarios, "[OPTIONS]", ("list", "list --json")),
    "new": _Entry(new, "NAME", ("new mine",)),
    "replay": _Entry(
        replay,
        "SCENARIO... [OPTIONS]",
        (
            "replay sobel toy_2x2",
            "replay sobel --steps --from convolve --to 60% --csv",
            'replay alexnet --steps --from "mac 500000000" --to "mac 500000009"',
        ),
    ),
    "gradcheck": _Entry(
        gradcheck, "SCENARIO [OPTIONS]", ("gradcheck sobel", "gradcheck lenet5 --entries 20")
    ),
    "values": _Entry(
        values,
        "SCENARIO [TENSOR...] [OPTIONS]",
        ("values toy_2x2 conv1.y", "values lenet5 --npz lenet5.npz"),
    ),
    "shapes": _Entry(
        shapes,
        "SCENARIO [OPTIONS]",
        ("shapes alexnet --input 3,224,224", "shapes alexnet --set layers.conv1.stride=2 --csv"),
    ),
    "validate": _Entry(
        validate, "FILE... [OPTIONS]", ("validate mine.toml", "validate - < mine.toml")
    ),
    "train": _Entry(
        train,
        "SCENARIO... [OPTIONS]",
        (
            "train digits_cnn",
            "train digits_cnn --seeds 0..9 --out runs",
            "train mine.toml --set training.rate=0.02 --json",
            "train runs/digits_cnn-0 --resume",
            "train runs/digits_article-0 --resume --epochs 80",
        ),
    ),
    "watch": _Entry(
        watch,
        "RUN... [OPTIONS]",
        ("watch runs/digits_cnn-0", "watch runs/digits_cnn-0 runs/digits_cnn-1"),
    ),
    "evaluate": _Entry(
        evaluate,
        "RUN [OPTIONS]",
        ("evaluate runs/digits_cnn-0", "evaluate runs/digits_cnn-0 --csv"),
    ),
    "predict": _Entry(predict, "RUN IMAGE... [OPTIONS]", ("predict runs/digits_cnn-0 seven.png",)),
    "export": _Entry(
        export, "RUN [OPTIONS]", ("export runs/digits_cnn-0", "export runs/digits_cnn-0 --onnx")
    ),
    "bench": _Entry(bench, "[OPTIONS]", ("bench", "bench --json")),
    "schema": _Entry(schema, "", ("schema > cnnsim.schema.json",)),
    "paths": _Entry(paths, "[OPTIONS]", ("paths --json",)),
}


def build() -> App:
    """The application with all of its commands. It raises; `main` prints."""
    app = App(
        name="cnnsim",
        version=f"cnnsim {__version__}",
        help=_HELP,
        help_epilogue=_EXAMPLES,
        help_format="plaintext",
        help_formatter=TwoColumns(),
        usage="Usage: cnnsim [SCENARIO] [OPTIONS]\n       cnnsim COMMAND [ARGS]",
        # No --no-json, no --empty-set; defaults are said where they matter.
        default_parameter=Parameter(negative=(), show_default=False),
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    app.default(home)
    for number, (name, entry) in enumerate(COMMANDS.items()):
        app.command(
            entry.command,
            name=name,
            usage=f"Usage: cnnsim {name} {entry.usage}",
            help_epilogue="\n".join(("Examples:", *(f"  cnnsim {e}" for e in entry.examples))),
            sort_key=number,
        )
    app.command(
        install_completion(app),
        name="--install-completion",
        usage="Usage: cnnsim --install-completion [OPTIONS]",
        help_epilogue="",
    )
    return app


def run(argv: Sequence[str]) -> int:
    """Run the command that `argv` names. Raises CycloptsError for words that fit none."""
    command, bound, _ = build().parse_args([DASH if word == "-" else word for word in argv])
    return int(command(*_typed(bound.args), **_typed(bound.kwargs)) or 0)


def _typed(words: Any) -> Any:
    """`words`, however deep they lie, as they were typed."""
    if isinstance(words, dict):
        return {key: _typed(word) for key, word in words.items()}
    if isinstance(words, tuple):
        return tuple(map(_typed, words))
    return "-" if words == DASH else words
