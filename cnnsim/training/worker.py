"""A process that trains runs for another one: ``python -m cnnsim.training.worker``.

Jobs come in on standard input, a JSON object a line; what happens goes out on standard output the
same way. The end of the input ends the run at hand after a few updates and saves it; the interrupt
key is the other process's business. What else may come in is for the run at hand:

- ``{"stop": true}`` as the end of the input;
- ``{"ask": "pause"}``, ``"continue"``, ``"batch"`` (one update, then pause), ``"epoch"`` (to the
  end of it);
- ``{"rate": 0.02}`` another learning rate, from the next update on;
- ``{"look": 3}`` how the network looks, and what it makes of specimen 3 (see `activations`): a
  ``snapshot`` comes back.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cnnsim import collector
from cnnsim.errors import CnnsimError, clear_errors
from cnnsim.frames import with_room
from cnnsim.training.control import Control
from cnnsim.training.session import error_event, train_folder


@with_room
def main() -> None:
    """Train what comes in until there is no more."""
    collector.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    control = Control()

    def listen() -> None:
        for line in sys.stdin:
            job = json.loads(line)
            if "stop" in job:
                break
            if "run" in job:
                jobs.put(job)
            elif "ask" in job:
                control.ask(job["ask"])
            elif "rate" in job:
                control.set_rate(job["rate"])
            elif "look" in job:
                control.look(job["look"])
        control.stop()
        jobs.put(None)

    threading.Thread(target=listen, daemon=True).start()
    while (job := jobs.get()) is not None:
        if job["look"]:
            control.look(0)
            # Somebody looks on: the screen and its keys go first.
            with suppress(AttributeError, OSError):
                os.nice(10)
        try:
            with clear_errors("this run"):
                train_folder(Path(job["run"]), job["threads"], job["device"], _tell, control)
        except CnnsimError as error:
            _tell(error_event(error))


def _tell(event: dict[str, Any]) -> None:
    # Where nobody listens any more, the end of the input will be seen next.
    with suppress(OSError):
        print(json.dumps(event), flush=True)


if __name__ == "__main__":
    main()
