"""Why a value is what it is and where it goes: against the tensors and against torch's rules."""

from __future__ import annotations

import numpy as np
import pytest
from networks import stepper
from texts import classifier, layer

from cnnsim.stepper.flow import start_of, terms_of, uses, writer_of

NET = f"""
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
{layer("conv2d", "conv1", filters=2, size=2, padding=1)}
{layer("max_pool2d", "pool1", size=2)}
{classifier(3, target=1)}
[training]
optimizer = "sgd"
rate = 0.1
iterations = 3
"""


def test_terms_make_the_value() -> None:
    """Every term once, the largest first; with the bias they sum to the value."""
    opened = stepper(NET)
    position = opened.trace.position(opened.find("conv1.forward[0,1,2,2]"))
    terms = terms_of(opened, position)
    sizes = [abs(each.term or 0.0) for each in terms]
    assert sizes == sorted(sizes, reverse=True)
    assert len({each.step for each in terms}) == 4
    start = float(opened.values["conv1.b"][1])
    assert start_of(opened, position) == ("conv1.b[1]", start)
    total = sum(each.term or 0.0 for each in terms)
    assert start + total == pytest.approx(opened.values["conv1.y"][0, 1, 2, 2], rel=1e-12)
    assert sum(each.share for each in terms) == pytest.approx(1)
    for each in terms:
        reading = opened.read(each.step)
        assert (reading.address, reading.term) == (each.address, each.term)
        assert each.values == tuple(read.value for read in reading.reads)


@pytest.mark.parametrize(("pixels", "winner"), [((3, -9, 5, 5), 2), ((-3, 9, -5, -5), 1)])
def test_of_a_maximum_only_the_winner_arrives(pixels: tuple[int, ...], winner: int) -> None:
    """Torch's gradient of a max pool is 1 at the first largest pixel, and 0 at the others."""
    text = f"[input]\nvalues = [{list(pixels)}]\n" + layer("max_pool2d", "pool1", size=[1, 4])
    opened = stepper(text)
    terms = terms_of(opened, opened.trace.position(opened.find("pool1.forward[0,0,0,0]")))
    assert [each.share for each in terms] == [1, 0, 0, 0]
    assert terms[0].step == winner
    assert start_of(opened, opened.trace.position(0)) is None
    assert [each.term for each in terms] == sorted(pixels, reverse=True)


def test_holes_are_no_terms() -> None:
    """An input gradient with a stride: only the products that exist."""
    opened = stepper(NET.replace("padding = 1", "stride = 2\npadding = 1"))
    position = opened.trace.position(opened.find("conv1.input_grad[0,0,1,1]"))
    assert len(terms_of(opened, position)) == 2


@pytest.mark.parametrize("iteration", [0, 2])
def test_the_uses_of_an_input_sum_to_its_gradient(iteration: int) -> None:
    """dL/dx is the sum over the products that read x, of the other factor times dL/dy."""
    opened = stepper(NET)
    values = opened.iterations.at(iteration)
    for index in np.ndindex(1, 1, 3, 3):
        _, found = uses(opened, iteration, "input", index)
        forward = [each for each in found if "conv1.forward" in each.address]
        total = 0.0
        for each in forward:
            cell = opened.trace.position(each.step).cell
            total += (each.values[1] or 0.0) * float(values["pool1.dx"][cell])
        assert total == pytest.approx(float(values["conv1.dx"][index]), rel=1e-12, abs=1e-15)


def test_uses_are_the_steps_themselves() -> None:
    """Each use is at its step, and reads the value there."""
    opened = stepper(NET)
    for tensor in ("conv1.w", "conv1.b", "conv1.y", "fc.dw", "flat.y", "loss.dx"):
        index = (0,) * len(opened.shapes[tensor])
        count, found = uses(opened, 1, tensor, index)
        assert count == len(found) > 0, tensor
        for each in found:
            reading = opened.read(each.step)
            assert reading.address == each.address
            names = [(read.tensor, read.index) for read in reading.reads]
            if tensor == "conv1.b" and "forward" in each.address:
                # The sum starts from a bias: no term of its own.
                assert each.term is None
                continue
            assert (tensor, index) in names, each.address
            assert reading.term == each.term, each.address


def test_who_wrote_it() -> None:
    """A cell, nobody for what is given, and for a later weight the update before."""
    opened = stepper(NET)

    def writer(iteration: int, tensor: str, index: tuple[int, ...]) -> str | None:
        position = writer_of(opened, iteration, tensor, index)
        return None if position is None else opened.address(opened.trace.step(position))

    assert writer(0, "conv1.y", (0, 1, 0, 0)) == "0:conv1.forward[0,1,0,0] tap[0,1,1]"
    assert writer(0, "input", (0, 0, 0, 0)) is None
    assert writer(0, "conv1.w", (0, 0, 0, 0)) is None
    assert writer(2, "conv1.w", (0, 0, 0, 1)) == "1:conv1.update_w[0,0,0,1]"
