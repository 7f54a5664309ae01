"""A step is a number: index and position are each other's inverse."""

from __future__ import annotations

import random
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import EVERY_KIND, alexnet, every_pass, network
from strategies import examples

from cnnsim.errors import AddressError
from cnnsim.steps.sweep import Read, Sweep, value
from cnnsim.steps.trace import Position, Trace, ravel, unravel

extents = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def sweep_of(cells: tuple[int, ...], taps: tuple[int, ...], name: str = "s", macs: bool = False):
    return Sweep(
        layer="l",
        name=name,
        writes=f"l.{name}",
        cells=cells,
        cell_axes=tuple("abcd"[: len(cells)]),
        reads=(Read("input"),),
        where=lambda cell, tap, p: (cell,),
        taps=taps,
        tap_axes=tuple("efgh"[: len(taps)]),
        term=value,
        counts_macs=macs,
    )


@examples(60)
@given(
    st.lists(st.tuples(extents, extents, st.booleans()), min_size=1, max_size=4), st.integers(1, 3)
)
def test_every_cell_and_tap_exactly_once_in_order(
    sizes: list[tuple[tuple[int, ...], tuple[int, ...], bool]], iterations: int
) -> None:
    sizes = [size for size in sizes if prod((*size[0], *size[1])) <= 200]
    trace = Trace(
        [sweep_of(cells, taps, f"s{n}", macs) for n, (cells, taps, macs) in enumerate(sizes)],
        iterations,
    )
    expected = []
    for iteration in range(iterations):
        for number, (cells, taps, _) in enumerate(sizes):
            expected += [
                (iteration, number, cell, tap) for cell in _places(cells) for tap in _places(taps)
            ]
    assert len(trace) == len(expected)
    found = [trace.position(step) for step in range(len(trace))]
    assert found == expected
    assert [trace.step(position) for position in found] == list(range(len(trace)))
    # The multiply-adds are numbered among themselves, starting anew in each iteration.
    counted: dict[int, int] = {}
    for step, position in enumerate(found):
        if sizes[position.sweep][2]:
            number = counted.get(position.iteration, 0)
            assert trace.mac(step) == number
            assert trace.step_of_mac(number, position.iteration) == step
            counted[position.iteration] = number + 1
        else:
            assert trace.mac(step) is None
    assert trace.macs == counted.get(0, 0)


def _places(extents: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All coordinates in row-major order, by nested loops."""
    places: list[tuple[int, ...]] = [()]
    for extent in extents:
        places = [(*place, number) for place in places for number in range(extent)]
    return places


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5), st.data())
def test_mixed_radix_beyond_any_machine_word(sizes: list[int], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, prod(sizes) - 1))
    coordinates = unravel(number, sizes)
    assert all(0 <= at < size for at, size in zip(coordinates, sizes, strict=True))
    assert ravel(coordinates, sizes) == number
    if number + 1 < prod(sizes):
        assert unravel(number + 1, sizes) > coordinates


@pytest.mark.parametrize("name", EVERY_KIND)
def test_round_trip_of_every_kind(name: str) -> None:
    trace = Trace(every_pass(name)[0].sweeps, 2)
    for step in range(len(trace)):
        assert trace.step(trace.position(step)) == step


class TestAlexNet:
    trace = Trace(alexnet().sweeps)

    def test_round_trip(self) -> None:
        ends = [end + by for end in self.trace.ends for by in (-2, -1, 0, 1)]
        chosen = random.Random(1)
        steps = [0, *ends, *(chosen.randrange(len(self.trace)) for _ in range(2000))]
        for step in steps:
            if step < len(self.trace):
                assert self.trace.step(self.trace.position(step)) == step

    def test_macs(self) -> None:
        assert self.trace.macs == 1_115_202_080

    @pytest.mark.parametrize(
        ("layer", "mac"),
        [
            ("conv1", 0),
            ("conv2", 105_415_200),
            ("conv3", 553_312_800),
            ("conv4", 702_833_184),
            ("conv5", 927_113_760),
            ("fc1", 1_076_634_144),
            ("fc2", 1_114_382_880),
        ],
    )
    def test_where_layers_start(self, layer: str, mac: int) -> None:
        step = self.trace.step_of_mac(mac)
        position = self.trace.position(step)
        assert self.trace.sweep_of(position).full_name == f"{layer}.forward"
        assert not any((*position.cell, *position.tap))
        assert self.trace.mac(step) == mac
        if mac:
            before = self.trace.position(self.trace.step_of_mac(mac - 1))
            assert self.trace.sweep_of(before).layer != layer

    @pytest.mark.parametrize(
        ("mac", "layer", "cell", "tap", "pixel"),
        [
            (500_000_000, "conv2", (0, 225, 14, 7), (32, 0, 0), (12, 5)),
            (999_999_999, "conv5", (0, 124, 10, 3), (295, 0, 0), (9, 2)),
            (1_115_202_079, "fc2", (0, 199), (4095,), None),
        ],
    )
    def test_known_numbers(
        self,
        mac: int,
        layer: str,
        cell: tuple[int, ...],
        tap: tuple[int, ...],
        pixel: tuple[int, int] | None,
    ) -> None:
        step = self.trace.step_of_mac(mac)
        position = self.trace.position(step)
        sweep = self.trace.sweep_of(position)
        assert (sweep.layer, position.cell, position.tap) == (layer, cell, tap)
        if pixel:
            source, _ = sweep.where(position.cell, position.tap, sweep.params)
            assert source == (0, tap[0], *pixel)


@pytest.mark.parametrize("step", [-1, 48, 10**30])
def test_no_step_outside(step: int) -> None:
    trace = Trace([sweep_of((2, 3), (4,))], 2)
    with pytest.raises(AddressError) as caught:
        trace.position(step)
    assert "0 to 47" in str(caught.value)


@pytest.mark.parametrize("mac", [-1, 24])
def test_no_mac_outside(mac: int) -> None:
    trace = Trace([sweep_of((2,), ()), sweep_of((2, 3), (4,), "t", True)], 2)
    with pytest.raises(AddressError) as caught:
        trace.step_of_mac(mac)
    assert "0 to 23" in str(caught.value)


def test_where_nothing_is_counted_no_mac_exists() -> None:
    with pytest.raises(AddressError) as caught:
        Trace([sweep_of((2,), ())]).step_of_mac(0)
    assert "none" in str(caught.value)


def test_order_is_layer_n_o_y_x_c_i_j() -> None:
    """The digits of a step turn like those of a clock, the last tap fastest."""
    net = network({"type": "conv2d", "filters": 2, "size": 2}, shape=(2, 3, 4), batch=2)
    trace = Trace(net.sweeps)
    places = [(*p.cell, *p.tap) for p in map(trace.position, range(len(trace)))]
    assert places == sorted(places)
    assert places[-1] == (1, 1, 1, 2, 1, 1, 1)
    assert trace.position(1) == Position(0, 0, (0, 0, 0, 0), (0, 0, 1))


@pytest.mark.parametrize("name", [name for name in EVERY_KIND if "conv" in name or name == "head"])
def test_a_gradient_has_the_number_of_its_forward_twin(name: str) -> None:
    """The same product of pixel, weight and output cell, found by what the steps read."""
    iteration, _ = every_pass(name)
    trace = Trace(iteration.sweeps)
    numbers: dict[str, set[int]] = {}
    for step in range(len(trace)):
        position = trace.position(step)
        sweep = trace.sweep_of(position)
        if sweep.name not in ("kernel_grad", "input_grad"):
            continue
        mac = trace.mac(step)
        if sweep.twin is None:
            assert mac is None
            continue
        indices = sweep.where(position.cell, position.tap, sweep.params)
        here = {read.tensor: index for read, index in zip(sweep.reads, indices, strict=True)}
        if any(
            read.outside is None and not _inside(here[read.tensor], iteration.shapes[read.tensor])
            for read in sweep.reads
        ):
            continue  # a hole has no product, so no twin
        assert mac is not None
        forward = trace.position(trace.step_of_mac(mac))
        twin = trace.sweep_of(forward)
        assert twin.full_name == f"{sweep.layer}.forward"
        indices = twin.where(forward.cell, forward.tap, twin.params)
        there = {read.tensor: index for read, index in zip(twin.reads, indices, strict=True)}
        for tensor, index in here.items():
            # What is no tensor of the forward pass is the gradient of the output cell.
            assert index == there.get(tensor, forward.cell)
        source, weight = there.values()
        assert position.cell == (weight if sweep.name == "kernel_grad" else source)
        assert mac not in numbers.setdefault(sweep.full_name, set())
        numbers[sweep.full_name].add(mac)
    assert numbers


def _inside(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return all(0 <= at < extent for at, extent in zip(index, shape, strict=True))
