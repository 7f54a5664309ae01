"""The cell at hand as code that gives the same number: NumPy, or PyTorch."""

from __future__ import annotations

import numpy as np

from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.view import View

#: A cell with more taps is written with its address instead of its numbers.
_MOST_TAPS = 256


def numpy_code(stepper: Stepper, view: View) -> str:
    """NumPy lines whose last value is the cell's."""
    head = f"# {view.reading.address.partition(' tap')[0]} of {view.scenario}\nimport numpy as np\n"
    return head + _body(view, "np.array({})", "np", view)


def torch_code(stepper: Stepper, view: View) -> str:
    """The same with PyTorch in float64."""
    head = f"# {view.reading.address.partition(' tap')[0]} of {view.scenario}\nimport torch\n"
    return head + _body(view, "torch.tensor({}, dtype=torch.float64)", "torch", view)


def _body(view: View, array: str, module: str, _: View) -> str:
    sweep, work = view.sweep, view.work
    count = min(sweep.tap_count, _MOST_TAPS)
    lines = []
    for number, values in enumerate(work.values):
        name = f"r{number}" if len(work.values) > 2 else "xw"[number]
        tensor = sweep.reads[number].tensor
        text = ", ".join(_literal(float(value), module) for value in values[:count])
        lines.append(f"{name} = {array.format('[' + text + ']')}  # {tensor}")
    if count < sweep.tap_count:
        lines.append(f"# the first {count} of {sweep.tap_count} taps")
    if sweep.is_product and sweep.fold is not None:
        start = f"{_literal(work.start, module)} + " if work.start else ""
        lines.append(f"y = {start}(x * w).sum()")
    elif sweep.fold is not None and sweep.formula == "{0}" and sweep.fold.name != "add":
        lines.append(f"y = x.{'max' if sweep.fold.name == 'larger' else 'min'}()")
    else:
        lines.append(f"# {sweep.formula}")
    lines.append(f"# y = {float(work.running[count - 1])!r}")
    return "\n".join(lines) + "\n"


def _literal(value: float | None, module: str) -> str:
    if value is None or np.isfinite(value):
        return repr(value)
    name = "nan" if np.isnan(value) else "inf"
    return f"{'-' if value == -np.inf else ''}{module}.{name}"
