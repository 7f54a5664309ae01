"""The course of a run: its numbers at any update, done again from the nearest kept ones.

Kept are the run's own checkpoints, and frames at even distances, as many as memory has room for:
whoever looks at several iterations goes back and forth without waiting. Where there are too many,
every other one goes, and the distance doubles.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy.typing as npt

from cnnsim.errors import UsageError
from cnnsim.kernels.choose import engine_like
from cnnsim.kernels.engine import Engine, Floats32, Floats64
from cnnsim.kernels.fill import Progress
from cnnsim.kernels.processors import processors
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.run import Run
from cnnsim.training.runfolder import BEST, LAST
from cnnsim.training.samples import Split
from cnnsim.training.schedule import rates

#: Bytes that frames may take, how many there are at least and at most, and updates between two.
_ROOM, _LEAST, _MOST, _FIRST = 128_000_000, 8, 256, 4
#: Seconds that updates are taken for before anybody looks whether to go on.
_PIECE = 0.03

Array = npt.NDArray[Any]
Tensors = dict[str, Array]
#: Hears of the share of the way that is done; whatever it raises stops the way there.
Share = Callable[[float], None]


def _silent(share: float) -> None:
    """Nobody listens."""


class History:
    """Every iteration of a run. Any thread may ask; one at a time is answered.

    Attributes:
        split: the pictures.
        each, total: updates in an epoch, and in the whole run.
        spacing: updates from one frame to the next, so far.
    """

    def __init__(self, run: Run, split: Split | None = None) -> None:
        """Raises CnnsimError where the pictures are missing."""
        self.run = run
        self.split = split or load(run.scenario)
        self._batches = batches_of(run, self.split)
        self.each = self._batches.each
        self.total = run.optimizer.epochs * self.each
        size = sum(array.nbytes for array in run.initial().values())
        size *= 1 + len(run.optimizer.states)
        self._most = min(max(_ROOM // max(size, 1), _LEAST), _MOST)
        self.spacing = _FIRST
        self._changes = run.rate_changes()
        self._frames: dict[int, Tensors] = {}
        self._engine: Engine | None = None
        self._at = 0
        self._at_once = 1
        self._lock = threading.Lock()

    # -- what an update was made with ------------------------------------------------------------

    def batch(self, number: int) -> tuple[Array, Array]:
        """The pictures of update `number`, and their classes."""
        piece = self._batches.piece(number, 1)
        chosen = piece.batches[0]
        return piece.pictures[chosen], piece.classes[chosen]

    def size(self, number: int) -> int:
        """How many pictures that are."""
        return self._batches.size(number)

    def rate(self, number: int) -> float:
        """The learning rate of an update."""
        return float(self._rates(number, number + 1)[0])

    def _rates(self, first: int, last: int) -> Floats64:
        """The learning rates of updates `first` .. `last` - 1, changed ones included."""
        return rates(self.run.optimizer, first, last, self.each, self._changes)

    @property
    def done(self) -> int:
        """Updates in the last checkpoint; where that cannot be read, all are taken for done."""
        if not (self.run.folder / LAST).exists():
            return 0
        try:
            return self.run.read(LAST)[1].iteration
        except UsageError:
            return self.total

    # -- numbers ---------------------------------------------------------------------------------

    def prepare(self, report: Callable[[Progress], None]) -> None:
        """Have the engine compiled, or loaded."""
        with self._lock:
            self._ready(report)

    def tensors(self, number: int, report: Share = _silent) -> dict[str, Floats32]:
        """Parameters and the optimiser's states after `number` updates."""
        with self._lock:
            self._changes = self.run.rate_changes()
            return self._go_to(number, report).tensors()

    def step(self, number: int, report: Share = _silent) -> tuple[Tensors, Tensors, float]:
        """The numbers before and after update `number`, and the loss of its batch before it."""
        with self._lock:
            self._changes = self.run.rate_changes()
            engine = self._go_to(number, report)
            before: Tensors = dict(engine.tensors())
            loss = self._advance(engine, 1)
            return before, dict(engine.tensors()), loss

    def outputs(self, number: int, pictures: Floats32, report: Share = _silent) -> Floats32:
        """What the last layer says of pictures [samples, …] after `number` updates."""
        with self._lock:
            return self._go_to(number, report).outputs(pictures)

    def fill(self, end: int, is_wanted: Callable[[], bool]) -> bool:
        """Go on keeping frames up to update `end` while that is wanted; whether all are there."""
        with self._lock:
            self._changes = self.run.rate_changes()
            following = self.filled(end) + self.spacing
            if following > end:
                return True

            def report(share: float) -> None:
                if not is_wanted():
                    raise _Enough

            try:
                self._go_to(following, report)
            except _Enough:
                return False
            return following + self.spacing > end

    def filled(self, end: int) -> int:
        """Up to which update there is a frame at every distance."""
        number = 0
        while number + self.spacing <= end and number + self.spacing in self._frames:
            number += self.spacing
        return number

    def course(self, name: str, index: tuple[int, ...]) -> Iterator[tuple[int, float]]:
        """(updates done, value) of one number of a parameter, at every frame so far."""
        yield 0, float(self._initial()[name][index])
        for number, tensors in sorted(self._frames.copy().items())[1:]:
            yield number, float(tensors[name][index])

    def _initial(self) -> Tensors:
        if 0 not in self._frames:
            self._frames[0] = self.run.initial()
        return self._frames[0]

    # -- the way there ---------------------------------------------------------------------------

    def _ready(self, report: Callable[[Progress], None] = lambda progress: None) -> Engine:
        if self._engine is None:
            # The screen and its keys get what is left of the processors.
            threads = max(1, processors() - 1)
            self._engine = engine_like(self._trained_by(), self.run.iteration, threads, report)
            self._engine.load(self._initial())
            self._at = 0
        return self._engine

    def _trained_by(self) -> str:
        """The engine of the last checkpoint; nothing where there is none that can be read."""
        try:
            return self.run.read(LAST)[1].engine
        except UsageError:
            return ""

    def _go_to(self, number: int, report: Share) -> Engine:
        """The engine, having done `number` updates."""
        engine = self._ready()
        nearest, tensors = self._nearest(number)
        if not nearest <= self._at <= number:
            engine.load(tensors)
            self._at = nearest
            self._keep(engine)
        begun = self._at
        while self._at < number:
            report((self._at - begun) / (number - begun))
            frame = (self._at // self.spacing + 1) * self.spacing
            self._advance(engine, min(number, frame) - self._at)
        return engine

    def _advance(self, engine: Engine, most: int) -> float:
        """Do some updates, as many as take a moment, and keep frames; the last one's loss."""
        began = perf_counter()
        piece = self._batches.piece(self._at, min(most, self._at_once))
        count = len(piece.batches)
        steps = self._rates(self._at, self._at + count)
        losses = engine.train(piece.pictures, piece.classes, piece.batches, steps)
        self._at += count
        spent = perf_counter() - began
        if count == self._at_once:
            self._at_once = self._at_once * 2 if spent < _PIECE else max(self._at_once // 2, 1)
        self._keep(engine)
        return float(losses[-1])

    def _keep(self, engine: Engine) -> None:
        """Keep a frame where one is due."""
        if self._at % self.spacing == 0 and self._at not in self._frames:
            self._frames[self._at] = dict(engine.tensors())
            if len(self._frames) > self._most:
                self.spacing *= 2
                kept = (number for number in self._frames if number % self.spacing == 0)
                self._frames = {number: self._frames[number] for number in kept}

    def _nearest(self, number: int) -> tuple[int, Tensors]:
        """The nearest kept numbers at or before update `number`."""
        self._initial()
        frame = max(kept for kept in self._frames if kept <= number)
        found = frame, self._frames[frame]
        here = self._at if self._at <= number else 0
        if number - max(frame, here) < self.spacing:
            return found
        engine = self._ready()
        for which in (BEST, LAST):
            if not (self.run.folder / which).is_file():
                continue
            try:
                tensors, point = self.run.read(which)
            except UsageError:
                # A damaged one only makes the way longer.
                continue
            # What another engine computed differs in its last digits from what this one goes on to.
            same = point.engine == engine.name and point.data == self.split.digest
            if same and max(found[0], here) < point.iteration <= number:
                found = point.iteration, tensors
        return found


class _Enough(Exception):
    """Somebody else wants to ask."""
