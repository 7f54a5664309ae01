"""``[edits]`` and ``ask``: what a file may change, and what a question needs."""

from __future__ import annotations

import pytest
from checks import attempt
from networks import scenario, stepper

from cnnsim.errors import CnnsimError, FileError

NET = """
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[edits]
"input[1,1]" = 100
"conv1.w[0,0,1,1]" = 3.5
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
bias = "none"
"""


def test_edits_are_made_before_anything_runs() -> None:
    """The first cell: 1·1 + 6·2 + 5·(−1) + 100·3.5."""
    assert stepper(NET).values["conv1.y"][0, 0, 0, 0] == 1 + 12 - 5 + 350


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"conv1.y[0]" = 1', "is computed"),
        ('"conv1.w[9,9]" = 1', "outside"),
        ('"conv1.v[0]" = 1', "did you mean"),
        ('"input[0" = 1', "no entry"),
        ('"input[0]" = "x"', "should be a number"),
        ('"input" = 1', "input has 9 numbers; say which, such as input[0,0,0,0]"),
    ],
)
def test_edits_that_cannot_be(line: str, message: str) -> None:
    """Named with their line."""
    error = attempt(lambda: scenario(NET.replace('"input[1,1]" = 100', line)))
    assert isinstance(error, FileError)
    assert message in str(error)
    assert [problem.line for problem in error.problems] == [6]


@pytest.mark.parametrize("expect", ["", "expect = { term = 1 }", 'expect = { after = "none" }'])
def test_a_question_needs_its_answer(expect: str) -> None:
    """A number that replay can check."""
    text = f'{NET}[[tour]]\nat = "step 3"\nask = "And then?"\n{expect}'
    error = attempt(lambda: scenario(text))
    assert isinstance(error, CnnsimError)
    assert "tour[0].ask: a question needs its answer" in str(error)


def test_the_same_number_cannot_be_changed_twice() -> None:
    """However it is written."""
    error = attempt(lambda: scenario(NET.replace("[[layers]]", '"conv1.w[ 1,1]" = 1\n[[layers]]')))
    assert isinstance(error, FileError)
    assert "conv1.w[0,0,1,1] is changed twice" in str(error)
