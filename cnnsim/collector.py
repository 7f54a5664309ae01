"""When Python looks for rubbish: not while a process starts, nor when it ends.

What is imported stays, 130,000 objects for a command that trains; looking through them is a tenth
of its start, and at the end takes a tenth of a second once more.
"""

from __future__ import annotations

import atexit
import gc

#: So many objects more, and the collector looks: above what a start makes.
_START = 300_000
_USUAL = gc.get_threshold()


def start() -> None:
    """For the beginning of a process: look seldom, and not at its end."""
    gc.set_threshold(_START)
    atexit.register(gc.freeze)


def pass_over() -> None:
    """Once kernels are compiled: in a command, do not look at what is there now.

    The next object would begin a look of a fifth of a second. What stays for it, 200,000 objects
    of rubbish, goes when the command ends; an app stays, and looks.
    """
    if gc.get_threshold()[0] == _START:
        gc.freeze()


def settle() -> None:
    """Once all is loaded: look as often as ever, in short looks, but not at what is there now."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
