"""The cell at hand as code that gives the same number: NumPy, or PyTorch.

The code is made from the sweep's own formula, so it works for every kind of layer.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from cnnsim.steps.taps import FloatArray
from cnnsim.tui.stage.view import View

#: The signs of formulas, in Python.
_SIGNS = (("−", "-"), ("·", " * "), ("²", " ** 2"), ("^", " ** "), ("∞", "{m}.inf"))
_TERNARY = re.compile(r"(?P<yes>.+?) if (?P<test>.+?) else (?P<no>.+)")


def numpy_code(view: View) -> str:
    """NumPy lines that end with ``y``, the value of the cell."""
    return _code(view, "np", "import numpy as np", "np.array({})")


def torch_code(view: View) -> str:
    """The same with PyTorch in float64."""
    return _code(view, "torch", "import torch", "torch.tensor({}, dtype=torch.float64)")


def _code(view: View, module: str, imports: str, array: str) -> str:
    sweep, work = view.sweep, view.work
    kept = np.flatnonzero(~work.reach.hole)
    lines = [f"# {view.reading.address.partition(' tap')[0]} of {view.scenario}", imports, ""]
    names = ["x", "w"] if sweep.is_product else [f"r{n}" for n in range(len(work.values))]
    if len(work.values) == 1:
        names = ["x"]
    for name, values, read in zip(names, work.values, sweep.reads, strict=True):
        numbers = ", ".join(_literal(float(value), module) for value in values[kept])
        lines.append(f"{name} = {array.format(f'[{numbers}]')}  # {read.tensor}")
    params = _params(view)
    lines += [f"{name} = {value!r}" for name, value in params.items()]
    formula = sweep.formula.format(*names)
    term = _python(formula, module)
    arrays = {name: values[kept] for name, values in zip(names, work.values, strict=True)}
    if not _gives(_python(formula, "np"), {**arrays, **params}, work.terms[kept]):
        terms = ", ".join(_literal(float(value), module) for value in work.terms[kept])
        lines.append(f"terms = {array.format(f'[{terms}]')}  # {sweep.formula}")
        term = "terms"
    if sweep.fold is None:
        lines.append(f"y = ({term})[0]")
    else:
        start = ""
        if not sweep.fold.kept and work.start:
            start = f"{_literal(work.start, module)} + "
        lines.append(f"y = {start}({term}).{sweep.fold.total}()")
    if sweep.has_finish:
        share = float(sweep.finish(1.0, view.position.cell, sweep.params))
        lines.append(f"y = y / {1.0 / share!r}")
    lines.append(f"print(float(y))  # {work.value!r}")
    return "\n".join(lines) + "\n"


def _gives(expression: str, names: dict[str, Any], terms: FloatArray) -> bool:
    """Whether an expression of `names` gives the terms; if not, they have to stand for it.

    Some formulas speak of the cell's place, in words, or leave a limit unsaid.
    """
    try:
        with np.errstate(all="ignore"):
            found = eval(expression, {"np": np}, names)
    except (NameError, SyntaxError, TypeError, ValueError):
        return False
    return np.allclose(found, terms, rtol=1e-12, atol=0.0, equal_nan=True)


def _params(view: View) -> dict[str, float]:
    """The params that the formula names, ε included."""
    params = view.sweep.params._asdict() if view.sweep.params else {}
    named = {name: value for name, value in params.items() if name in view.sweep.formula}
    if "ε" in view.sweep.formula:
        named["epsilon"] = params["epsilon"]
    return named


def _python(formula: str, module: str) -> str:
    """A formula for people as an expression on arrays."""
    for sign, python in _SIGNS:
        formula = formula.replace(sign, python.format(m=module))
    formula = formula.replace("ε", "epsilon").replace("√", f"{module}.sqrt")
    formula = re.sub(r"\b(exp|tanh|log)\(", rf"{module}.\1(", formula)
    formula = re.sub(r"\bmax\(0, (\w+)\)", rf"{module}.clip(\1, 0, None)", formula)
    formula = re.sub(r"\bmin\(([^,]+), ([0-9e.-]+)\)", rf"{module}.clip(\1, None, \2)", formula)
    formula = re.sub(r"\bmax\(([^,]+), ([0-9e.-]+)\)", rf"{module}.clip(\1, \2, None)", formula)
    if match := _TERNARY.fullmatch(formula):
        formula = f"{module}.where({match['test']}, {match['yes']}, {match['no']})"
    return formula


def _literal(value: float, module: str) -> str:
    if np.isfinite(value):
        return repr(value)
    name = "nan" if np.isnan(value) else "inf"
    return f"{'-' if value == -np.inf else ''}{module}.{name}"
