"""A process that trains runs for another one: ``python -m cnnsim.training.worker``.

Jobs come in on standard input, a JSON object a line; what happens goes out on standard output the
same way. ``{"stop": true}``, or the end of the input, ends the run at hand after a few updates and
saves it. The interrupt key is the other process's business.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cnnsim.errors import CnnsimError
from cnnsim.training.session import train_folder


def main() -> None:
    """Train what comes in until there is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    stopping = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            job = json.loads(line)
            if "stop" in job:
                break
            jobs.put(job)
        stopping.set()
        jobs.put(None)

    threading.Thread(target=listen, daemon=True).start()
    while (job := jobs.get()) is not None:
        try:
            train_folder(Path(job["run"]), job["threads"], job["device"], _tell, stopping.is_set)
        except CnnsimError as error:
            _fail(error.message, error.hint, error.exit_code)
        except MemoryError:
            _fail("there is not enough memory for this run", "", 1)
        except OSError as error:
            _fail(f"{error.filename or job['run']}: {error.strerror or error}", "", 1)


def _fail(message: str, hint: str, code: int) -> None:
    _tell({"kind": "error", "message": message, "hint": hint, "code": code})


def _tell(event: dict[str, Any]) -> None:
    # Where nobody listens any more, the end of the input will be seen next.
    with suppress(OSError):
        print(json.dumps(event), flush=True)


if __name__ == "__main__":
    main()
