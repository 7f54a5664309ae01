"""The stage: for an opened scenario, the matrices of a step with everything that is marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cnnsim.network.graph import INPUT
from cnnsim.stepper.gradcheck import checkable
from cnnsim.stepper.line import SlopeCheck
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.entry import format_entry
from cnnsim.steps.sweep import FAR, Sweep
from cnnsim.steps.taps import Reach
from cnnsim.tui.drawing.cellclass import NUMBERS_LIMIT
from cnnsim.tui.drawing.numbers import decimals_for, format_number
from cnnsim.tui.drawing.plane import Plane
from cnnsim.tui.stage.lens import cut_plane, part_of
from cnnsim.tui.stage.matrix import LENS, Matrix
from cnnsim.tui.stage.measures import Measures, taps_in
from cnnsim.tui.stage.names import entry_names, letter_of, read_letter
from cnnsim.tui.stage.pick import cells_reading
from cnnsim.tui.stage.scatter import Scatter, scatter_of
from cnnsim.tui.stage.slice import Slice, slice_at
from cnnsim.tui.stage.view import View

#: Reads that are shown as matrices; a sweep with more shows the first one only.
_MOST_READS = 3
#: The keys of all matrices that there can be, in their order.
KEYS = (*(f"{what}{read}" for read in range(_MOST_READS) for what in ("read", "lens")), "out")
#: Notes are written under the numbers of at most this many taps.
_MOST_NOTES = 64

#: Gradients are checked live where an iteration has at most so many steps.
_MOST_STEPS_CHECKED = 200_000

Place = tuple[int, int]


class Stage:
    """Looks at one stepper. Everything that stays while a cell is worked through is kept."""

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper
        self.checkable = checkable(stepper.scenario.iteration)
        self._kept: Measures | None = None
        self._scattered: tuple[object, Scatter | None] | None = None

    def forget(self) -> None:
        """The tensors have changed."""
        self._kept = None
        self._scattered = None

    def _measures(self, view: View) -> Measures:
        """Those of the iteration of `view`: another one may have a batch of another size."""
        number = view.position.iteration
        if self._kept is None or self._kept.iteration != number:
            self._kept = Measures(self.stepper, number)
        return self._kept

    # -- which matrices ---------------------------------------------------------------------

    def matrices(self, view: View) -> list[Matrix]:
        """What stands side by side at this step: the reads, lenses into large ones, the output."""
        sweep = view.sweep
        count = len(sweep.reads) if len(sweep.reads) <= _MOST_READS else 1
        found = []
        for number in range(count):
            whole = self._read_matrix(view, number)
            found.append(whole)
            if whole.is_map:
                found.append(self._lens(view, whole))
        cut = slice_at(sweep.cells, view.position.cell)
        width, decimals, power = self._measures(view).number_format(
            sweep.writes, cut, view.position.sweep
        )
        found.append(
            Matrix("out", sweep.writes, None, cut, (0, 0, 0, 0), None, width, decimals, power)
        )
        return [self._with_symbols(view, matrix) for matrix in found]

    def _with_symbols(self, view: View, matrix: Matrix) -> Matrix:
        """The matrix with room for its symbols and their marks, where it shows both."""
        if view.mode != "symbols" or matrix.is_map:
            return matrix
        if self._winner(view, matrix) is None and self._clipped(view, matrix) is None:
            return matrix
        last = matrix.slice.rows - 1, matrix.slice.columns - 1
        symbol = entry_names(matrix, self._letter(view, matrix))(*last)
        return replace(matrix, text_width=max(matrix.text_width, len(symbol) + 1))

    def _read_matrix(self, view: View, number: int) -> Matrix:
        tensor = view.sweep.reads[number].tensor
        shape = self.stepper.shapes[tensor]
        cut = slice_at(shape, self._index(view.work.reach, number, view.tap, shape))
        width, decimals, power = self._measures(view).number_format(tensor, cut, None)
        padding = self._measures(view).padding(view.position.sweep, number)
        return Matrix(f"read{number}", tensor, number, cut, padding, None, width, decimals, power)

    def _lens(self, view: View, whole: Matrix) -> Matrix:
        """The field of `whole` as numbers, or what is around the tap where that is large."""
        field = self._measures(view).field(
            view.position.sweep, view.position.cell, whole.read, whole.slice
        )
        cut = whole.slice
        if field:
            rows = [row for row, _ in field]
            columns = [column for _, column in field]
            window = (
                min(rows), min(columns), max(rows) - min(rows) + 1, max(columns) - min(columns) + 1
            )  # fmt: skip
            if max(window[2:]) <= NUMBERS_LIMIT:
                return part_of(whole, window, is_field=True)
        row, column = self._now(view, whole) or (0, 0)
        first_row = min(max(row - LENS // 2, 0), max(cut.rows - LENS, 0))
        first_column = min(max(column - LENS // 2, 0), max(cut.columns - LENS, 0))
        size = (min(LENS, cut.rows), min(LENS, cut.columns))
        return part_of(whole, (first_row, first_column, *size), is_field=False)

    @staticmethod
    def _index(reach: Reach, number: int, tap: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The index of a read; a hole, which has none, is pulled to the nearest one."""
        index = tuple(int(axis[tap]) for axis in reach.indices[number])
        if any(abs(at) > FAR // 2 for at in index):
            return tuple(min(max(at, 0), e - 1) for at, e in zip(index, shape, strict=True))
        return index

    # -- a matrix as a plane to draw --------------------------------------------------------

    def plane(self, view: View, matrix: Matrix) -> Plane:
        """The values of a matrix with the marks of this step."""
        cut = matrix.slice
        known = None
        field = None
        notes: dict[Place, str] = {}
        if matrix.read is None:
            values, known, notes = self._output(view, cut)
            scatter = self.scatter(view)
            if scatter is not None:
                notes = self._shares(view, scatter, cut)
        else:
            measures = self._measures(view)
            values = measures.values(matrix.tensor, cut)
            field = measures.field(view.position.sweep, view.position.cell, matrix.read, cut)
            if matrix.read == 0:
                notes = self._notes(view, matrix)
            if not cut.exists.all():
                known = cut.exists
        clipped = self._clipped(view, matrix)
        plane = Plane(
            values=values,
            known=known,
            now=self._now(view, matrix),
            field=field,
            padding=matrix.padding,
            clipped=clipped,
            winner=self._winner(view, matrix),
            notes=notes,
            symbols=entry_names(matrix, self._letter(view, matrix)),
            scale=self._measures(view).scale(matrix.tensor),
            picture=self.is_picture(matrix.tensor),
            mode=view.mode if matrix.is_lens or not matrix.is_map else "numbers",
            hover=self._hover(view, matrix),
            also=self._also(view, matrix),
            decimals=matrix.decimals,
            power=matrix.power,
            text_width=matrix.text_width,
            padding_text=self._padding_text(view, matrix),
            grid=cut.columns if cut.is_grid else 0,
        )
        return plane if matrix.window is None else cut_plane(plane, matrix.window)

    def _letter(self, view: View, matrix: Matrix) -> str:
        if matrix.read is None:
            return letter_of(matrix.tensor)
        return read_letter(self.stepper.network, view.sweep, matrix.read)

    def _output(
        self, view: View, cut: Slice
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], dict[Place, str]]:
        """The tensor being filled: what is done, and the running value of the cell at work."""
        sweep = view.sweep
        place = cut.place(view.position.cell)
        assert place is not None
        first = cut.fixed + (0,) * (len(sweep.cells) - len(cut.fixed))
        done = view.cell - int(np.ravel_multi_index(first, sweep.cells))
        count = cut.rows * cut.columns
        known = (np.arange(count) <= done).reshape(cut.rows, cut.columns) & cut.exists
        values = np.zeros((cut.rows, cut.columns))
        if self._measures(view).tensors.is_ready(sweep.writes):
            values = self._measures(view).values(sweep.writes, cut).copy()
        values[place] = view.reading.after
        notes = {}
        if sweep.fold is not None and count <= _MOST_NOTES:
            every = f"{sweep.tap_count} of {sweep.tap_count}"
            notes = {divmod(number, cut.columns): every for number in range(min(done, count))}
            notes[place] = f"{view.tap + 1} of {sweep.tap_count}"
        return values, known, notes

    @staticmethod
    def _shares(view: View, scatter: Scatter, cut: Slice) -> dict[Place, str]:
        """Under each cell what a scattered value adds to it."""
        notes: dict[Place, str] = {}
        for cell, use in zip(scatter.into, scatter.uses, strict=True):
            place = cut.place(cell)
            if place is not None and use.term is not None and len(notes) < _MOST_NOTES:
                more = format_number(use.term, *decimals_for(view.work.terms), sign=True)
                # A value can be read more than once for one cell.
                notes[place] = f"{notes[place]} {more}" if place in notes else more
        return notes

    def _now(self, view: View, matrix: Matrix) -> Place | None:
        if matrix.read is None:
            return matrix.slice.place(view.position.cell)
        read = view.reading.reads[matrix.read]
        return None if read.index is None else matrix.slice.place(read.index)

    def _notes(self, view: View, matrix: Matrix) -> dict[Place, str]:
        """Under each value of the field its partner, and the product once it is done."""
        sweep, work = view.sweep, view.work
        if not sweep.is_product or matrix.is_map or sweep.tap_count > 4096:
            return {}
        field = self._measures(view).field(view.position.sweep, view.position.cell, 0, matrix.slice)
        if field is None or len(field) > _MOST_NOTES:
            return {}
        notes = {}
        decimals, power = decimals_for(work.values[1])
        for tap in taps_in(work.reach, 0, matrix.slice):
            place = matrix.slice.place(tuple(int(axis[tap]) for axis in work.reach.indices[0]))
            if place is None:
                continue
            partner = format_number(float(work.values[1][tap]), decimals, power)
            notes[place] = f"·{partner}"
            if tap <= view.tap:
                product = float(work.terms[tap])
                notes[place] += f" = {format_number(product, *decimals_for(work.terms))}"
        return notes

    def _clipped(self, view: View, matrix: Matrix) -> npt.NDArray[np.bool_] | None:
        """Where a ReLU has set 0 for a negative value."""
        writer = _writer(self.stepper, matrix.tensor)
        if writer is None or self.stepper.network.by_name[writer.layer].type != "relu":
            return None
        source = writer.reads[0].tensor
        if not self._measures(view).tensors.is_ready(source):
            return None
        mask: npt.NDArray[np.bool_] = self._measures(view).values(source, matrix.slice) < 0
        return mask

    def scatter(self, view: View) -> Scatter | None:
        """Where the value goes that `view` scatters; kept while it is the same one."""
        if view.scatter is None:
            return None
        read = view.reading.reads[view.scatter]
        key = (view.position.iteration, view.position.sweep, read.tensor, read.index)
        if self._scattered is None or self._scattered[0] != key:
            self._scattered = (key, scatter_of(self.stepper, view))
        return self._scattered[1]

    def _winner(self, view: View, matrix: Matrix) -> npt.NDArray[np.bool_] | None:
        """The largest so far of a window, while a pool with "larger" looks through it."""
        fold = view.sweep.fold
        if matrix.read != 0 or fold is None or fold.name != "larger" or matrix.is_map:
            return None
        mask = np.zeros((matrix.slice.rows, matrix.slice.columns), np.bool_)
        seen = view.work.values[0][: view.tap + 1]
        if np.isfinite(seen).any():
            best = int(np.nanargmax(seen))
            index = tuple(int(axis[best]) for axis in view.work.reach.indices[0])
            place = matrix.slice.place(index)
            if place is not None and view.work.reach.inside[0][best]:
                mask[place] = True
        return mask

    def _padding_text(self, view: View, matrix: Matrix) -> str:
        if matrix.read is None:
            return "0"
        outside = view.sweep.reads[matrix.read].outside
        return "−∞" if outside == -np.inf else "0"

    def _hover(self, view: View, matrix: Matrix) -> Place | None:
        if view.hover is None or view.hover[0] != matrix.tensor:
            return None
        return matrix.slice.place(view.hover[1])

    def _also(self, view: View, matrix: Matrix) -> frozenset[Place]:
        """Where the value under the mouse comes from, or goes to; where a scattered one goes."""
        if view.hover is None:
            scatter = self.scatter(view) if matrix.read is None else None
            places = (matrix.slice.place(cell) for cell in (scatter.into if scatter else ()))
            return frozenset(place for place in places if place is not None)
        tensor, index = view.hover
        sweep = view.sweep
        if tensor == sweep.writes and matrix.read is not None:
            field = self._measures(view).field
            found = field(view.position.sweep, index, matrix.read, matrix.slice)
            return found or frozenset()
        if matrix.read is None and tensor != sweep.writes:
            numbers = [n for n, read in enumerate(sweep.reads) if read.tensor == tensor]
            if numbers:
                cells = cells_reading(self.stepper, view, numbers[0], index, matrix.slice)
                places = (matrix.slice.place(cell) for cell, _ in cells)
                return frozenset(place for place in places if place is not None)
        return frozenset()

    # -- the check of a gradient ---------------------------------------------------------------

    def check(self, view: View) -> tuple[str, SlopeCheck | None, str]:
        """(entry, its check, why there is none) for the cell at hand; kept until an edit."""
        sweep, cell = view.sweep, view.position.cell
        name = format_entry(sweep.writes, cell)
        leaf = self.checkable.get(sweep.writes)
        if view.guessing:
            return name, None, "It would give away what is asked."
        if leaf is None:
            return name, None, "Only gradients of the input and of parameters are checked."
        if self.stepper.trace.steps_per_iteration > _MOST_STEPS_CHECKED:
            return name, None, "Too large to check while stepping: see cnnsim gradcheck."
        return name, self._measures(view).check(leaf, sweep.writes, cell), ""

    def is_picture(self, tensor: str) -> bool:
        """Whether a tensor is shown in ink: the input, where it is a picture."""
        source = self.stepper.scenario.model.input
        return tensor == INPUT and (source.image is not None or source.digit is not None)


def _writer(stepper: Stepper, tensor: str) -> Sweep | None:
    number = stepper.trace.number_of(f"{tensor.rpartition('.')[0]}.forward")
    if number is None or stepper.trace.sweeps[number].writes != tensor:
        return None
    return stepper.trace.sweeps[number]
