"""The stepper: any step of a scenario by its number, its moves, its edits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from cnnsim.errors import UsageError
from cnnsim.scenario.edits import editable
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.iterations import CourseIterations, Iterations, KeptIterations
from cnnsim.stepper.values import Values
from cnnsim.steps.address import format_address, iteration_of, parse_address
from cnnsim.steps.moves import move
from cnnsim.steps.reading import Reading, read_step
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.taps import FloatArray, IntArray, Reach, reach_of
from cnnsim.steps.trace import Position, Trace
from cnnsim.steps.uses import uses_of
from cnnsim.steps.work import Work, work_out

_Tuple = tuple[int, ...]

#: Worked-out cells that are kept, and how many taps they may have together.
_KEPT = 64
_KEPT_TAPS = 1 << 20


class Stepper:
    """An opened scenario. It holds tensors, never a position: that belongs to who looks at it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.network = scenario.network
        self.trace = scenario.trace
        #: Whether it starts from other tensors than its scenario's.
        self.is_fed = False
        self.shapes = scenario.iteration.shapes
        self.iterations: KeptIterations = (
            Iterations(scenario.iteration, scenario.leaves())
            if scenario.course is None
            else CourseIterations(scenario.iteration, scenario.course)
        )
        self._works: OrderedDict[tuple[int, int, tuple[int, ...]], Work] = OrderedDict()

    @property
    def values(self) -> Values:
        """The tensors of the first iteration."""
        return self.iterations.first

    def sweep(self, step: int) -> Sweep:
        """The sweep that `step` belongs to."""
        return self.trace.sweep_of(self.trace.position(step))

    def is_ready(self, step: int) -> bool:
        """Whether `step` can be read, and what it fills be shown, without computing a tensor."""
        iteration = self.trace.position(step).iteration
        if not self.iterations.has(iteration):
            return False
        values = self.iterations.at(iteration)
        sweep = self.sweep(step)
        return all(values.is_ready(name) for name in (*sweep.tensors, sweep.writes))

    def work(self, position: Position) -> Work:
        """The cell of `position`, worked out."""
        key = (position.iteration, position.sweep, position.cell)
        work = self._works.get(key)
        if work is None:
            values = self.iterations.at(position.iteration)
            work = work_out(self.trace.sweep_of(position), position.cell, values)
            self._works[key] = work
            taps = sum(kept.terms.size for kept in self._works.values())
            while len(self._works) > 1 and (len(self._works) > _KEPT or taps > _KEPT_TAPS):
                _, dropped = self._works.popitem(last=False)
                taps -= dropped.terms.size
        else:
            self._works.move_to_end(key)
        return work

    def read(self, step: int) -> Reading:
        """What `step` says. Raises AddressError outside the trace."""
        position = self.trace.position(step)
        return read_step(self.trace, step, position, self.work(position))

    def trained(self, position: Position) -> float | None:
        """The float32 number that the CPU's engine makes of the cell of `position`.

        None where it is no run, or the engine does not keep that tensor: it has the loss, the
        gradients of parameters, and what the next iteration begins with.
        """
        tensor = self.trace.sweep_of(position).writes
        found = self.iterations.trained(position.iteration, tensor)
        return None if found is None else float(found[position.cell])

    def reach(self, position: Position) -> Reach:
        """What the taps of the cell of `position` read: index arithmetic only."""
        return reach_of(self.trace.sweep_of(position), position.cell, self.shapes)

    def uses(self, sweep: int, tensor: str, index: tuple[int, ...]) -> IntArray:
        """The steps of the `sweep`-th sweep that read ``tensor[index]``, from its first on."""
        return uses_of(self.trace.sweeps[sweep], tensor, index, self.shapes)

    def move(self, step: int, unit: str, forward: bool, skip_padding: bool = False) -> int:
        """The step one `unit` (see `steps.moves.UNITS`) away; `step` itself at the ends."""
        return move(self.trace, step, unit, forward, self.reach, skip_padding)

    def find(self, text: str, end: bool = False, iteration: int = 0) -> int:
        """The step that an address names, in `iteration` unless it says. Raises AddressError."""
        return parse_address(self.trace, text, end=end, iteration=iteration)

    def locate(self, text: str, iteration: int = 0) -> tuple[Stepper, int]:
        """The same, with the stepper of the step's iteration. See `reopened`."""
        course, number = self.scenario.course, iteration_of(text)
        if course is None or number is None or number >= course.iterations or course.fits(number):
            return self.reopened(self.find(text, iteration=iteration))
        other = Stepper(course.reopened(number))
        return other, other.find(text)

    def reopened(self, step: int) -> tuple[Stepper, int]:
        """The stepper of the iteration that `step` is in, and the number of the step there.

        That is this one, unless a run has a batch of another size there: the last one of an epoch
        may be smaller. A stepper numbers the steps of a run as if all batches had its own's size.
        Raises AddressError outside the trace.
        """
        course, position = self.scenario.course, self.trace.position(step)
        if course is None or course.fits(position.iteration):
            return self, step
        other = Stepper(course.reopened(position.iteration))
        return other, other.trace.step(_moved(position, self.trace, other.trace))

    def address(self, step: int) -> str:
        """The canonical address of `step`."""
        return format_address(self.trace, self.trace.position(step))

    def feed(self, tensors: Mapping[str, FloatArray]) -> None:
        """Let the first iteration start from other tensors: the input, parameters, the target.

        Raises UsageError where one is computed, or has another shape.
        """
        self.is_fed = True
        for name, tensor in tensors.items():
            self.values.give(name, tensor)
        self.iterations.forget()
        self._works.clear()

    def can_edit(self, tensor: str) -> bool:
        """Whether `tensor` is the input, a parameter or a dropout mask; of a run, nothing is."""
        if self.scenario.course is not None:
            return False
        return tensor in editable(self.scenario.iteration)

    def edit(self, tensor: str, index: tuple[int, ...], value: float) -> float:
        """Set one number of the input or a parameter, as the first iteration starts with it.

        Returns the old one. Raises UsageError for other tensors and indices outside.
        """
        if not self.can_edit(tensor):
            raise UsageError(f"{tensor} is computed; edit the input or a parameter instead")
        old = self.values.edit(tensor, index, value)
        self.iterations.forget()
        self._works.clear()
        return old


def _moved(position: Position, before: Trace, after: Trace) -> Position:
    """The place in the sweeps of `after` that is `position` in those of `before`.

    What is not there moves to the nearest that is; the last of an axis stays the last.
    """

    def moved(index: _Tuple, old: _Tuple, new: _Tuple) -> _Tuple:
        axes = zip(index, old, new, strict=True)
        return tuple(count - 1 if i == had - 1 else min(i, count - 1) for i, had, count in axes)

    old, new = before.sweeps[position.sweep], after.sweeps[position.sweep]
    return position._replace(
        cell=moved(position.cell, old.cells, new.cells), tap=moved(position.tap, old.taps, new.taps)
    )
