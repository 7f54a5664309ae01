"""How the app ends: without waiting for threads, and with a sentence where it broke."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import textual
from platformdirs import user_state_path
from textual.app import App

from cnnsim import __version__
from cnnsim.errors import CnnsimError, printable


def run_to_its_end(app: App[Any]) -> None:
    """Run `app` until the terminal is itself again."""
    loop = asyncio.new_event_loop()
    try:
        app.run(loop=loop)
    finally:
        loop.run_until_complete(_cancel_the_rest())
        loop.close()


async def _cancel_the_rest() -> None:
    """Give what threads asked for in the last moment its answer, so that none waits for it."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def leave(code: int) -> int:
    """Return `code`, or end here and now where a thread would keep the process for seconds.

    Nothing is lost: such a thread computes tensors that nobody will look at.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(0.1)
            if thread.is_alive():
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                os._exit(code)
    return code


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
