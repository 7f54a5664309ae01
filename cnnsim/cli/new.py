"""``cnnsim new``: a scenario file to start from."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cnnsim.cli.outfile import refused
from cnnsim.cli.streams import output
from cnnsim.errors import UsageError, printable, unprintable


def new(
    name: Annotated[str, Parameter(help="The file to write; .toml is added where it is missing.")],
    /,
) -> int:
    """Write a commented scenario file to start from."""
    from cnnsim.scenario.template import TEMPLATE

    last = os.path.basename(name).removesuffix(".toml")
    if last in ("", "-", ".", "..") or unprintable(name, allowed=""):
        raise UsageError(
            f"'{printable(name)}' is no name for a file", "for example cnnsim new mine"
        )
    if name.startswith("-"):
        raise UsageError(
            f"commands would take {printable(name)} for an option",
            f"choose another name, or write ./{printable(name)}",
        )
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    word = shlex.quote(str(path))
    try:
        # "x": never over a file that is there, not even one that appears this moment.
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(file=word))
    except FileNotFoundError:
        raise UsageError(f"{path} cannot be written: there is no folder {path.parent}") from None
    except FileExistsError:
        raise UsageError(f"{path} is there already", "choose another name") from None
    except OSError as error:
        # A full disk leaves an empty one, over which the next try would not write.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise refused(str(path), error) from None
    print(path, file=output())
    if sys.stderr is not None:
        print(f"next: cnnsim validate {word}\n      cnnsim {word}", file=sys.stderr)
    return 0
