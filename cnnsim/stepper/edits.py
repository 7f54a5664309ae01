"""Edits of an opened scenario, with undo and redo."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.errors import CnnsimError
from cnnsim.stepper.stepper import Stepper


@dataclass(frozen=True, slots=True)
class Edit:
    """One number that was changed."""

    tensor: str
    index: tuple[int, ...]
    old: float
    new: float


class Edits:
    """What was changed, in order; a new edit forgets what was undone before it."""

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper
        self._done: list[Edit] = []
        self._undone: list[Edit] = []

    def __len__(self) -> int:
        return len(self._done)

    @property
    def present(self) -> dict[tuple[str, tuple[int, ...]], float]:
        """Every number that differs from the file: (tensor, index) to what it is now."""
        first: dict[tuple[str, tuple[int, ...]], float] = {}
        last = {}
        for edit in self._done:
            first.setdefault((edit.tensor, edit.index), edit.old)
            last[edit.tensor, edit.index] = edit.new
        return {at: value for at, value in last.items() if value != first[at]}

    def do(self, tensor: str, index: tuple[int, ...], value: float) -> Edit:
        """Set one number of the input or a parameter. Raises UsageError."""
        old = self.stepper.edit(tensor, index, value)
        edit = Edit(tensor, index, old, value)
        self._done.append(edit)
        self._undone.clear()
        return edit

    def undo(self) -> Edit:
        """Take back the last edit. Raises CnnsimError where there is none."""
        if not self._done:
            raise CnnsimError("nothing to undo")
        edit = self._done.pop()
        self.stepper.edit(edit.tensor, edit.index, edit.old)
        self._undone.append(edit)
        return edit

    def redo(self) -> Edit:
        """Do the last undone edit again. Raises CnnsimError where there is none."""
        if not self._undone:
            raise CnnsimError("nothing to redo")
        edit = self._undone.pop()
        self.stepper.edit(edit.tensor, edit.index, edit.new)
        self._done.append(edit)
        return edit
