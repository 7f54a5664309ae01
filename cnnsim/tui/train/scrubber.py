"""Looking at any iteration of a run off the screen's loop: the latest wish counts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from cnnsim.errors import CnnsimError, clear_errors
from cnnsim.kernels.fill import Progress, fill
from cnnsim.stepper.pull import pull_on
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.activations import Activations
from cnnsim.training.history import History
from cnnsim.training.moment import glanced_at, has_many, look_at, tested_at
from cnnsim.training.rerun import Rerun
from cnnsim.training.run import Run, open_run
from cnnsim.tui.train.entries import Entry
from cnnsim.tui.train.view import Event

#: Seconds between two words on how far it is.
_PAUSE = 0.1


@dataclass(frozen=True)
class Wish:
    """What the screen shows.

    Attributes:
        number: updates done; None where only the watched number's course is wanted.
        shown: the specimen whose maps are wanted.
        entry: the number that is watched.
    """

    number: int | None
    shown: int = 0
    entry: Entry | None = None


class Scrubber:
    """A thread that looks. `hear` is called from it, with events:

    - ``computing`` (``what``, ``share``)
    - ``snapshot`` (see `training.snapshot`; ``number``), in parts: what is quick comes first
    - ``pull`` (``wish``, ``pull``), where a number is watched that an update changed
    - ``course`` (``entry``, ``points``: updates done and values, ``filled``)
    - ``done`` (``wish``): it is fulfilled
    - ``error`` (``message``, ``hint``)
    """

    def __init__(self, run: Run, hear: Callable[[Event], None]) -> None:
        self._run = run
        self._hear = hear
        self._news = threading.Condition()
        self._wish: Wish | None = None
        self._end = 0
        # Whether there is nothing more to tell of the wish, and no frame to keep.
        self._is_served = self._is_filled = True
        self._jobs: deque[Callable[[History], None]] = deque()
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._told = 0.0
        self._history: History | None = None
        self._activations: Activations | None = None
        self._stepper: Stepper | None = None

    # -- asking ----------------------------------------------------------------------------------

    def look(self, wish: Wish) -> None:
        """Look there; what was wished before is dropped."""
        with self._news:
            if wish != self._wish:
                self._wish = wish
                self._is_served = self._is_filled = False
                self._wake()

    def follow(self, end: int) -> None:
        """The run has come to update `end`; frames are kept up to there."""
        with self._news:
            if end != self._end:
                self._end, self._is_filled = end, False
                if self._thread is not None:
                    self._news.notify_all()

    def do(self, job: Callable[[History], None]) -> None:
        """Have something done with the history; nothing asked for before gets in its way."""
        with self._news:
            self._jobs.append(job)
            self._wake()

    def close(self) -> None:
        """End, soon."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._go, daemon=True)
            self._thread.start()
        self._news.notify_all()

    # -- in the thread ---------------------------------------------------------------------------

    def _go(self) -> None:
        while True:
            with self._news:
                while not (self._is_closed or self._jobs or self._has_work()):
                    self._news.wait()
                if self._is_closed:
                    return
                job = self._jobs.popleft() if self._jobs else None
                wish, is_served = self._wish, self._is_served
            try:
                with clear_errors("the numbers of this update"):
                    self._work(job, wish, is_served)
            except _Dropped:
                continue
            except CnnsimError as error:
                with self._news:
                    self._is_served = self._is_filled = True
                self._hear({"kind": "error", "message": error.message, "hint": error.hint})

    def _work(
        self, job: Callable[[History], None] | None, wish: Wish | None, is_served: bool
    ) -> None:
        history = self._opened()
        if job is not None:
            job(history)
        elif wish is not None and not is_served:
            self._serve(history, wish)
            with self._news:
                self._is_served = wish == self._wish
        elif wish is not None:
            self._go_on(history, wish)

    def _has_work(self) -> bool:
        return self._wish is not None and not (self._is_served and self._is_filled)

    def _opened(self) -> History:
        if self._run.has_changed():
            self._run = open_run(self._run.folder)
            self._history = self._activations = self._stepper = None
            with self._news:
                self._is_served = self._is_filled = False
        if self._history is None:
            self._tell("reading the pictures", 0.0)
            self._history = History(self._run)
            self._history.prepare(self._compiling)
        return self._history

    def _compiling(self, progress: Progress) -> None:
        self._tell(f"compiling {progress.sweep}, the first time only", 0.0)

    def _tell(self, what: str, share: float) -> None:
        self._told = monotonic()
        self._hear({"kind": "computing", "what": what, "share": share})

    def _serve(self, history: History, wish: Wish) -> None:
        """Look, the quick things first. Raises _Dropped once there is another wish."""
        number = wish.number

        def report(share: float) -> None:
            self._check(wish)
            if monotonic() - self._told > _PAUSE:
                self._tell("", share)

        if number is not None:
            # Whoever drags the slider sees this, even where it has gone on meanwhile.
            quick = glanced_at if has_many(history) else tested_at
            self._hear({**quick(history, number, report), "number": number})
            self._check(wish)
            if self._activations is None:
                self._activations = Activations(history.run, history.split, fill)
            found = look_at(history, number, self._activations, wish.shown, report)
            self._check(wish)
            self._hear({**found, "number": number})
            if has_many(history):
                self._hear({**tested_at(history, number, report), "number": number})
        if wish.entry is not None:
            self._tell_course(history, wish.entry)
            if number is not None and number < history.total:
                self._pull(history, number, wish.entry, wish)
        self._hear({"kind": "done", "wish": wish})

    def _pull(self, history: History, number: int, entry: Entry, wish: Wish) -> None:
        self._tell("computing the gradient", 0.0)
        stepper = self._stepper_at(history, number)
        pull = pull_on(stepper, number, *entry, report=lambda progress: self._check(wish))
        self._check(wish)
        self._hear({"kind": "pull", "wish": wish, "pull": pull})

    def _stepper_at(self, history: History, number: int) -> Stepper:
        if self._stepper is None or not self._stepper.iterations.has(number):
            self._stepper = Stepper(Rerun(history, number).scenario)
        return self._stepper

    def give_stepper(self, history: History, number: int) -> Stepper:
        """The stepper on update `number`, for somebody to keep. For jobs."""
        stepper, self._stepper = self._stepper_at(history, number), None
        return stepper

    def _go_on(self, history: History, wish: Wish) -> None:
        """Keep frames up to the end of the run, for a moment."""
        deadline = monotonic() + _PAUSE

        def is_wanted() -> bool:
            return wish == self._wish and not self._jobs and monotonic() < deadline

        end = self._end
        is_filled = history.fill(end, is_wanted)
        with self._news:
            self._is_filled = is_filled and end == self._end
        if wish.entry is not None:
            self._tell_course(history, wish.entry)

    def _tell_course(self, history: History, entry: Entry) -> None:
        end = self._end
        points = tuple(point for point in history.course(*entry) if point[0] <= end)
        self._hear(
            {"kind": "course", "entry": entry, "points": points, "filled": history.filled(end)}
        )

    def _check(self, wish: Wish) -> None:
        if wish != self._wish or self._jobs or self._is_closed:
            raise _Dropped


class _Dropped(Exception):
    """Nobody wants it any more."""
