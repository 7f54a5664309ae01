"""Computing the tensors of an iteration: at once where that is quick, else in the background."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual.worker import get_current_worker

from cnnsim.errors import CnnsimError
from cnnsim.kernels.fill import Progress, Report, is_compiled
from cnnsim.kernels.warm import warm
from cnnsim.tui.widgets.waitpanel import Waiting

if TYPE_CHECKING:
    from cnnsim.stepper.stepper import Stepper
    from cnnsim.tui.screens.stepping import SteppingScreen

#: Iterations with fewer steps are computed before the next picture.
_AT_ONCE = 1_500_000
#: Textual's name for what one screen computes: a new one ends those before.
_GROUP = "compute"
#: Seconds after which even a small progress is told.
_PAUSE = 0.5


class Computing:
    """Fills the tensors that a screen's step needs, and knows how far it is."""

    def __init__(self, screen: SteppingScreen) -> None:
        self._screen = screen
        self._progress: Progress | None = None
        self._number: int | None = None

    def start(self, number: int) -> None:
        """Compute iteration `number`, unless that is under way."""
        stepper = self._screen.stepper
        ahead = 1 if stepper.iterations.has(number) else number + 1
        if stepper.trace.steps_per_iteration * ahead < _AT_ONCE:
            stepper.iterations.at(number).compute_all()
        elif self._number != number:
            self._number = number
            self._screen.run_worker(
                partial(self._in_background, stepper, number),
                thread=True,
                exclusive=True,
                group=_GROUP,
            )

    def forget(self) -> None:
        """The screen has another stepper: what is under way was for the one before."""
        if self._number is not None:
            self._screen.workers.cancel_group(self._screen, _GROUP)
            self._end()

    def _in_background(self, stepper: Stepper, number: int) -> None:
        """Fill the tensors in order; what is ready can be looked at meanwhile."""
        screen, worker = self._screen, get_current_worker()
        last, when = -1.0, 0.0

        def report(progress: Progress) -> None:
            nonlocal last, when
            if worker.is_cancelled:
                raise CnnsimError("stopped")
            moved = progress.share - last > 0.1 or progress.share < last or progress.share == 0
            if moved or monotonic() - when > _PAUSE:
                last, when = progress.share, monotonic()
                screen.from_thread(self._hear, stepper, progress)

        try:
            self._warm(stepper, report)
            stepper.iterations.at(number, report).compute_all(report)
        except CnnsimError:
            return
        if not worker.is_cancelled:
            screen.from_thread(self._done, stepper)

    @staticmethod
    def _warm(stepper: Stepper, report: Report) -> None:
        """Have the kernels compiled where that does not make the screen stutter."""
        parameters = stepper.network.parameters
        drawn = [name for name, parameter in parameters.items() if parameter.values is None]
        sweeps = [sweep for sweep in stepper.trace.sweeps if is_compiled(sweep)]
        warm(sweeps, stepper.shapes, drawn, report)

    def _hear(self, stepper: Stepper, progress: Progress) -> None:
        if stepper is not self._screen.stepper:
            return
        self._progress = progress
        first = ", first run only" if progress.stage == "compiling" else ""
        share = f" {progress.share:.0%}" if progress.stage == "computing" else ""
        self._screen.footer.show_progress(f"{progress.stage} {progress.sweep}{share}{first} …")
        if not self._screen.is_showing:
            self._screen.show_again()

    def _done(self, stepper: Stepper) -> None:
        if stepper is not self._screen.stepper:
            return
        self._end()
        self._screen.show_again()

    def _end(self) -> None:
        self._progress = None
        self._number = None
        self._screen.footer.show_progress("")

    def waiting(self, number: int) -> list[Waiting]:
        """Every layer of iteration `number`, and how far it is computed."""
        stepper = self._screen.stepper
        iterations = stepper.iterations
        values = iterations.at(number) if iterations.has(number) else None
        rows = []
        for layer, place in stepper.network.places.items():
            sweeps = [s for s in stepper.trace.sweeps if s.layer == layer]
            done = sum(values is not None and values.is_ready(sweep.writes) for sweep in sweeps)
            share = done / len(sweeps)
            if self._progress is not None and self._progress.sweep.startswith(f"{layer}."):
                share += max(self._progress.share, 0.01) / len(sweeps)
            macs = sum(sweep.steps for sweep in sweeps if sweep.counts_macs)
            rows.append(Waiting(layer, "×".join(map(str, place.output)), macs, min(share, 1.0)))
        return rows
