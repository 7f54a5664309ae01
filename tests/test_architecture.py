"""Which way imports go, and what they may not bring along."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from networks import EVERY_KIND, every_pass

import cnnsim
from cnnsim.steps.sweep import Start, Sweep

ROOT = Path(cnnsim.__file__).parent
#: Each room may import itself and the rooms to its left. `data` holds files, no code.
ROOMS = [
    "errors",
    "amounts",
    "collector",
    "frames",
    "steps",
    "network",
    "scenario",
    "kernels",
    "training",
    "stepper",
    "app",
]
#: The front doors, to the right of all rooms: the command line opens the app, not the reverse.
FRONT = {"cli", "tui"}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    """``cnnsim.steps.sweep`` for its file."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    """What a file says, parsed once for all that is asked about it."""
    return ast.parse(path.read_text("utf-8"))


@cache
def imports_of(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, module) of every import in a file, also of those inside functions."""
    return tuple(_imports_of(path))


def _imports_of(path: Path) -> Iterator[tuple[int, str]]:
    name = name_of(path)
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield node.lineno, base
            for alias in node.names:
                if (ROOT.parent / base.replace(".", "/") / f"{alias.name}.py").exists() or (
                    ROOT.parent / base.replace(".", "/") / alias.name / "__init__.py"
                ).exists():
                    yield node.lineno, f"{base}.{alias.name}"


def room_of(module: str) -> str | None:
    """The room of a module of the package; None for the package itself and its data."""
    parts = module.split(".")
    if parts[0] != "cnnsim" or len(parts) == 1 or parts[1] in ("data", "__main__"):
        return None
    return parts[1]


def rank(room: str) -> int:
    return ROOMS.index("app" if room in FRONT else room)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_to_the_left(path: Path) -> None:
    own = room_of(name_of(path))
    if own is None:
        return
    assert own in ROOMS or own in FRONT, f"{own} is a room that nobody declared"
    for line, module in imports_of(path):
        other = room_of(module)
        if other is None or other == own:
            continue
        assert rank(other) < rank(own) or (own == "cli" and other == "tui"), (
            f"{path.relative_to(ROOT)}:{line} imports {module}"
        )


@pytest.mark.parametrize(("library", "room"), [("numba", "kernels"), ("textual", "tui")])
def test_one_room_for_each_heavy_library(library: str, room: str) -> None:
    for path in modules():
        for line, module in imports_of(path):
            if module.split(".")[0] in (library, {"numba": "llvmlite"}.get(library)):
                assert room_of(name_of(path)) == room, f"{path.relative_to(ROOT)}:{line}"


def test_data_is_plain_data() -> None:
    for path in (ROOT / "data").rglob("*.py"):
        body = ast.parse(path.read_text("utf-8")).body
        assert all(isinstance(node, ast.Expr) for node in body), path


def test_the_walls_are_found_at_all() -> None:
    """The checks above would pass if nothing were found: a few imports that must be there."""
    found = {name_of(path): {module for _, module in imports_of(path)} for path in modules()}
    assert "cnnsim.errors" in found["cnnsim.steps.address"]
    assert "numba" in found["cnnsim.kernels.jit"]
    assert "cnnsim.kernels.fill" in found["cnnsim.stepper.values"]
    assert "cnnsim.kernels.compiled" in found["cnnsim.kernels.fill"]
    assert len(found) > 40


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in modules()}
    for folder in folders:
        assert (folder / "__init__.py").exists(), folder


def rules() -> Iterator[tuple[str, object]]:
    """The plain functions of every sweep of every kind."""
    for name in EVERY_KIND:
        for sweep in every_pass(name)[0].sweeps:
            yield from rules_of(sweep)


def rules_of(sweep: Sweep) -> Iterator[tuple[str, object]]:
    start = sweep.start.where if isinstance(sweep.start, Start) else sweep.finish
    for rule in (sweep.where, sweep.term, sweep.finish, start):
        yield sweep.full_name, rule


def test_rules_are_plain_functions_without_branches() -> None:
    """Ints, whole arrays and compiled loops share them: no `if`, no loop over values, no numba."""
    seen = set()
    for name, rule in rules():
        code = getattr(rule, "__code__", None)
        assert code is not None, f"{name}: {rule} is no plain function"
        held = [cell.cell_contents for cell in rule.__closure__ or ()]
        assert all(isinstance(each, int) for each in held), f"{name}: {rule} closes over {held}"
        source = Path(code.co_filename)
        for node in ast.walk(tree_of(source)):
            if isinstance(node, ast.FunctionDef) and node.lineno == code.co_firstlineno:
                seen.add((source.name, node.name))
                for inner in ast.walk(node):
                    assert not isinstance(
                        inner, ast.If | ast.IfExp | ast.While | ast.Try | ast.BoolOp | ast.Import
                    ), f"{source.name}:{inner.lineno}"
        assert "numba" not in {module.split(".")[0] for _, module in imports_of(source)}
    assert {
        ("convolution.py", "input_grad"),
        ("softmax.py", "share"),
        ("pooling.py", "where"),
    } <= seen


def loaded_by(program: str) -> set[str]:
    """The top-level modules that `program` has loaded when it ends."""
    told = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {module.split(".")[0] for module in told.split()}


def test_reading_and_stepping_a_lesson_needs_no_compiler() -> None:
    program = """
from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.stepper import Stepper
text = '''title = "t"
[input]
ramp = [2, 8, 8]
[[layers]]
type = "conv2d"
name = "c"
filters = 3
size = 3
[[layers]]
type = "max_pool2d"
name = "p"
size = 2
'''
stepper = Stepper(parse_scenario("t", text))
stepper.values.compute_all()
stepper.read(len(stepper.trace) - 1)
"""
    assert not loaded_by(program) & {"numba", "llvmlite", "textual", "torch", "scipy", "rich"}


def test_the_stepping_core_needs_nothing_but_numpy() -> None:
    loaded = loaded_by("import cnnsim.steps.moves, cnnsim.steps.reading, cnnsim.steps.work")
    assert not loaded & {"pydantic", "numba", "textual", "PIL", "safetensors", "platformdirs"}


def test_home_is_painted_before_anything_is_read() -> None:
    program = "from cnnsim.tui.screens import home\nhome.written('sobel')"
    assert not loaded_by(program) & {"pydantic", "numba", "safetensors"}
