"""The entry point: runs a command, prints every error, decides the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cnnsim import collector
from cnnsim.cli.interrupt import keep_interrupts
from cnnsim.cli.streams import flush, forget_output, prepare, style
from cnnsim.errors import CnnsimError, FileError, printable
from cnnsim.frames import with_room

#: Longer messages than this are cut.
_LONGEST = 2000


@with_room
def command() -> int:
    """What the shell starts: `main` in a process of its own."""
    collector.start()
    keep_interrupts()
    return main()


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``cnnsim`` with `argv` (default: the process's own); returns the exit code.

    0 is fine, 1 a check or the run failed, 2 bad usage or a bad file, 130 interrupted.
    """
    prepare()
    try:
        try:
            code = _run(sys.argv[1:] if argv is None else list(argv))
        except CnnsimError as error:
            code = complain(error)
        flush()
        return code
    except BrokenPipeError:
        # Whoever reads has enough, as with `| head`: not a failure.
        forget_output()
        return 0
    except KeyboardInterrupt:
        forget_output()
        return 130
    except MemoryError:
        return _say(CnnsimError("there is not enough memory for this"))
    except OSError as error:
        forget_output()
        reason = error.strerror or str(error)
        file = f"{error.filename}: " if error.filename else ""
        return _say(CnnsimError(f"{file}{reason}"))
    except Exception as error:
        if os.environ.get("CNNSIM_TRACEBACK"):
            raise
        return _say(
            CnnsimError(
                f"something is wrong in cnnsim itself: {type(error).__name__}: {error}",
                "CNNSIM_TRACEBACK=1 in the environment shows where",
            )
        )


def complain(error: CnnsimError) -> int:
    """Print `error` to standard error, after what was printed before; returns its exit code.

    For commands that go on with their next file; all others raise.
    """
    flush()
    return _say(error)


def _say(error: CnnsimError) -> int:
    stream = sys.stderr
    if stream is None:
        return error.exit_code
    prefix = style("error:", "1;31", stream) + " "
    # The mistakes of a file stand on lines of their own; other messages continue below.
    rest = prefix if isinstance(error, FileError) else " " * len("error: ")
    lines = [prefix + line if not n else rest + line for n, line in _safe(error.message)]
    hint = style("hint:", "1", stream) + " "
    lines += [hint + line if not n else " " * 6 + line for n, line in _safe(error.hint)]
    try:
        stream.write("\n".join(lines) + "\n")
        stream.flush()
    except OSError:
        pass  # there is nowhere left to say it; the exit code does
    return error.exit_code


def _safe(text: str) -> list[tuple[int, str]]:
    lines = text.split("\n") if text else []
    return [(number, printable(line, _LONGEST)) for number, line in enumerate(lines)]


def _run(argv: list[str]) -> int:
    from cyclopts import CycloptsError

    from cnnsim.cli.app import run

    try:
        return run(argv)
    except CycloptsError as error:
        from cnnsim.cli.mistakes import in_our_words

        raise in_our_words(error, argv) from None
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None  # rich makes an exit of it
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
