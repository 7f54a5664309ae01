"""The end that nobody had thought of: one sentence for the user, the details in a file."""

from __future__ import annotations

import os
import platform
import traceback
from pathlib import Path

import textual
from platformdirs import user_state_path

from cnnsim import __version__
from cnnsim.errors import CnnsimError, printable


def unexpected(failure: BaseException) -> BaseException:
    """The error to end with. It names the file with the details.

    With ``CNNSIM_TRACEBACK`` in the environment, the failure itself.
    """
    if os.environ.get("CNNSIM_TRACEBACK"):
        return failure
    first = str(failure).partition("\n")[0]
    what = f"{type(failure).__name__}: {first}" if first else type(failure).__name__
    where = _write(failure)
    details = f"the details are in {where}" if where else "CNNSIM_TRACEBACK=1 shows the details"
    return CnnsimError(f"cnnsim met an unexpected problem: {printable(what)}; {details}")


def _write(failure: BaseException) -> Path | None:
    """Write the traceback; None where that is not possible."""
    path = user_state_path("cnnsim") / "problem.txt"
    versions = (
        f"cnnsim {__version__}, textual {textual.__version__}, Python {platform.python_version()}"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(versions + "\n" + "".join(traceback.format_exception(failure)), "utf-8")
    except OSError:
        return None
    return path
