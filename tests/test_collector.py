"""The collector lets a command start and end, and works as ever in a process that calls it."""

from __future__ import annotations

import subprocess
import sys

from running import Run

PROGRAM = """
import atexit
import gc
import sys

usual = gc.get_threshold()
atexit.register(lambda: print(gc.get_freeze_count() > 1000))
from cnnsim import collector
from cnnsim.cli import command
sys.argv = ["cnnsim", "--version"]
command()
print(gc.get_threshold()[0] > 100_000)
collector.settle()
print(gc.get_threshold() == usual, gc.get_freeze_count() > 1000)
gc.unfreeze()
"""


def test_a_command_starts_and_ends_without_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-4:] == ["True", "True", "True", "True"]


def test_a_process_that_calls_a_command_keeps_its_own(run: Run) -> None:
    import gc

    before = gc.get_threshold()
    assert run("--version").code == 0
    assert gc.get_threshold() == before
