"""What a step says: the values read, the term, the sum before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnsim.steps.address import format_address
from cnnsim.steps.fields import step_fields
from cnnsim.steps.trace import Position, Trace, ravel
from cnnsim.steps.work import Work


@dataclass(frozen=True, slots=True)
class ReadValue:
    """One value that a step read. ``index`` is None where nothing exists (a hole)."""

    tensor: str
    index: tuple[int, ...] | None
    value: float | None
    inside: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One step, complete. `before` and `after` are the running result around it."""

    step: int
    mac: int | None
    address: str
    position: Position
    layer: str
    sweep: str
    cell: tuple[int, ...]
    tap: tuple[int, ...]
    reads: tuple[ReadValue, ...]
    is_product: bool
    term: float | None
    before: float | None
    after: float
    total: float | None
    outside: bool
    why: str | None

    @property
    def left(self) -> float | None:
        """The first value read."""
        return self.reads[0].value if self.reads else None

    @property
    def right(self) -> float | None:
        """The second value read."""
        return self.reads[1].value if len(self.reads) > 1 else None

    @property
    def product(self) -> float | None:
        """The term where it is a product."""
        return self.term if self.is_product else None

    def as_dict(self, scenario: str) -> dict[str, Any]:
        """The JSON object of a step."""
        reads = [
            {
                "tensor": read.tensor,
                "index": None if read.index is None else list(read.index),
                "value": read.value,
            }
            for read in self.reads
        ]
        return step_fields(
            scenario,
            self.step,
            self.mac,
            self.address,
            self.layer,
            self.sweep,
            list(self.cell),
            list(self.tap),
            reads,
            self.is_product,
            self.term,
            self.before,
            self.after,
            self.total,
            self.outside,
            self.why,
        )


def read_step(trace: Trace, step: int, position: Position, work: Work) -> Reading:
    """The reading of `step`, given its cell worked out."""
    sweep = trace.sweep_of(position)
    tap = ravel(position.tap, sweep.taps)
    hole = bool(work.reach.hole[tap])
    reads = []
    for read, index, inside, values in zip(
        sweep.reads, work.reach.indices, work.reach.inside, work.values, strict=True
    ):
        within = bool(inside[tap])
        if hole and not within:
            reads.append(ReadValue(read.tensor, None, None, False))
        else:
            at = tuple(int(axis[tap]) for axis in index)
            reads.append(ReadValue(read.tensor, at, float(values[tap]), within))
    outside = hole or not all(read.inside for read in reads)
    last = tap == sweep.tap_count - 1
    return Reading(
        step=step,
        mac=None if hole else trace.mac(step),
        address=format_address(trace, position),
        position=position,
        layer=sweep.layer,
        sweep=sweep.name,
        cell=position.cell,
        tap=position.tap,
        reads=tuple(reads),
        is_product=sweep.is_product,
        term=None if hole else float(work.terms[tap]),
        before=work.start if tap == 0 else float(work.running[tap - 1]),
        after=float(work.running[tap]),
        total=work.total if last and sweep.has_finish else None,
        outside=outside,
        why=None if not outside else "hole" if hole else "padding",
    )
