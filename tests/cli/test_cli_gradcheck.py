"""``cnnsim gradcheck``: what it prints, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from running import TOY, Run, write

from cnnsim.network.kinds.tanh import Tanh
from cnnsim.network.layer import Layer
from cnnsim.steps.sweep import Index

FIELDS = {
    "kind", "tensor", "checked", "max_relative_error", "kinks", "ok", "worst", "analytic",
    "numeric",
}  # fmt: skip

WRONG = """
title = "Wrong"
[input]
values = [[0.1, 0.9, -0.4]]
[[layers]]
type = "crooked_tanh"
name = "bend"
[output_grad]
ones = true
"""


def crooked(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """1 − y in place of 1 − y²."""
    return values[0] * (1.0 - values[1])


@pytest.fixture
def crooked_kind() -> Iterator[None]:
    class Crooked(Tanh):
        """tanh with a mistake in its gradient."""

        type: Literal["crooked_tanh"]  # type: ignore[assignment]
        gradient_term = staticmethod(crooked)

    yield
    del Layer.family["crooked_tanh"]


def test_all_is_well(run: Run) -> None:
    result = run("gradcheck", "train_by_hand")
    assert (result.code, result.err) == (0, "")
    for tensor in ("conv1.dw", "conv1.db", "conv1.dx", "fc.dw", "fc.db"):
        assert tensor in result.out
    assert result.out.count(" ok") == 5
    assert "WRONG" not in result.out


def test_json(run: Run) -> None:
    result = run("gradcheck", "train_by_hand", "--json")
    assert result.code == 0
    objects = {line["tensor"]: line for line in result.objects}
    assert set(objects) == {"conv1.dw", "conv1.db", "conv1.dx", "fc.dw", "fc.db"}
    for line in objects.values():
        assert set(line) >= FIELDS
        assert line["kind"] == "gradient"
        assert line["ok"] is True
        assert line["max_relative_error"] <= 1e-6
    assert [objects[name]["checked"] for name in ("conv1.dw", "fc.dw", "conv1.dx")] == [4, 8, 16]


def test_without_a_loss_it_says_so(run: Run, toy: Path) -> None:
    result = run("gradcheck", toy, "--json")
    assert result.code == 0
    assert "random output gradients" in result.err
    assert {line["tensor"] for line in result.objects} == {"conv1.dw", "conv1.dx"}


@pytest.mark.usefixtures("crooked_kind")
def test_a_wrong_gradient_is_named(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "wrong.toml", WRONG)
    result = run("gradcheck", file)
    assert result.code == 1
    assert "WRONG" in result.out
    assert "the gradient bend.dx is wrong: bend.dx[0,0,0," in result.err
    told = run("gradcheck", file, "--json")
    assert told.code == 1
    (line,) = told.objects
    assert line["ok"] is False
    assert line["tensor"] == "bend.dx"
    assert line["worst"][:3] == [0, 0, 0]
    assert line["analytic"] != pytest.approx(line["numeric"], rel=1e-3)


def test_a_kink_is_counted_and_not_wrong(run: Run, tmp_path: Path) -> None:
    text = 'title = "Tie"\n[input]\nvalues = [[2, 2], [1, 0]]\n'
    text += '[[layers]]\ntype = "max_pool2d"\nname = "p"\nsize = 2\n[output_grad]\nones = true\n'
    result = run("gradcheck", write(tmp_path / "tie.toml", text), "--json")
    assert result.code == 0
    (line,) = result.objects
    assert (line["checked"], line["kinks"], line["ok"]) == (4, 2, True)


def test_only_kinks_and_numbers_that_are_not_finite(run: Run, tmp_path: Path) -> None:
    text = 'title = "Tie"\n[input]\nvalues = [[2, 2], [2, 2]]\n'
    text += '[[layers]]\ntype = "max_pool2d"\nname = "p"\nsize = 2\n[output_grad]\nones = true\n'
    result = run("gradcheck", write(tmp_path / "tie.toml", text))
    assert (result.code, result.err) == (0, "")
    assert result.out.rstrip().endswith("only kinks")
    result = run("gradcheck", write(tmp_path / "nan.toml", text.replace("2, 2]]", "2, nan]]")))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: input[0,0,1,1] is nan\nhint: ")
    assert "Warning" not in result.err


def test_large_tensors_are_sampled(run: Run, tmp_path: Path) -> None:
    text = 'title = "Large"\n[input]\nrandom = [1, 50, 50]\n'
    text += '[[layers]]\ntype = "tanh"\nname = "t"\n[output_grad]\nones = true\n'
    result = run("gradcheck", write(tmp_path / "large.toml", text), "--entries", "7", "--json")
    assert result.code == 0
    assert [line["checked"] for line in result.objects] == [7 + 3]
    result = run("gradcheck", tmp_path / "large.toml", "--json")
    assert [line["checked"] for line in result.objects] == [200 + 3]


def test_fewer_entries_are_fewer_of_every_tensor(run: Run, tmp_path: Path) -> None:
    text = 'title = "Small"\n[input]\nrandom = [5]\n'
    text += '[[layers]]\ntype = "dense"\nname = "d"\nunits = 2\n[output_grad]\nones = true\n'
    result = run("gradcheck", write(tmp_path / "small.toml", text), "--entries", "2", "--json")
    checked = {line["tensor"]: line["checked"] for line in result.objects}
    assert checked == {"d.dw": 2 + 3, "d.db": 2, "d.dx": 2 + 3}


@pytest.mark.parametrize(
    "words",
    [
        ["gradcheck"],
        ["gradcheck", "nothing_of_that_name"],
        ["gradcheck", "sobel", "--entries", "0"],
    ],
    ids=["no scenario", "no such scenario", "no entries"],
)
def test_bad_usage(run: Run, words: list[str]) -> None:
    result = run(*words)
    assert result.code == 2
    assert result.out == ""
    assert result.err


def test_a_bad_file(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "bad.toml", TOY.replace("conv2d", "conv3d"))
    result = run("gradcheck", file)
    assert result.code == 2
    assert "conv3d" in result.err


def test_the_tour_does_not_matter(run: Run, tmp_path: Path) -> None:
    """A tour with a mistake is no reason not to check the gradients."""
    file = write(tmp_path / "tour.toml", TOY.replace("mac 2", "mac 2000000"))
    assert run("gradcheck", file).code == 0
