"""Where a block keeps its model: weights and activations of a few samples, in shared memory.

Shared memory is one array of floats ("near"): weights and gradients of the layers that fit, each
layer's output for a chunk of samples, and scratch. Dense layers too large for it have weights and
gradients in global memory ("far"). A model's part of the global arena is its parameters, the
optimiser's states in copies of the same form, and the far gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

from cnnsim.kernels.lanes import functions
from cnnsim.kernels.lanes.chain import Chain, Refused, chain_of
from cnnsim.kernels.lanes.plan import CONVOLUTION, DENSE, Step
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.mean_squared_error import MeanSquaredError
from cnnsim.network.kinds.softmax_cross_entropy import SoftmaxCrossEntropy

#: Threads of a block.
THREADS = 256
#: Taps of the largest kernel: a thread has that many sums in registers.
_MOST_TAPS = 64
#: Sums that a thread keeps of a kernel gradient, unless a single kernel has more.
_SUMS = 54
#: (samples of a chunk, maps whose gradients are spread out at a time), the fastest first.
_CUTS = ((8, 32), (8, 16), (8, 8), (4, 32), (4, 16), (4, 8), (4, 4), (4, 2), (4, 1))


class Tensor(NamedTuple):
    """Where the numbers of a chunk's maps lie: a place, and the steps along each axis.

    Maps for a convolution have a border of zeros, and a row of their own for each sample. For a
    dense layer, features [channel, row, column] have the samples side by side.
    """

    place: int
    sample: int
    channel: int
    row: int
    column: int


_NOWHERE = Tensor(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Operation:
    """What convolutions and dense layers have alike.

    Attributes:
        layer: its name.
        relu: its output is cut off at 0.
        trained: its weights are.
        back: the gradient of its input is wanted.
        near: its weights lie in shared memory.
        size: floats of its weights, biases included.
        weights, gradients: their places, in shared memory or within a model of the arena.
        biases: where they come after the weights.
        has_bias: the others stay zero.
    """

    layer: str
    relu: bool
    trained: bool
    back: bool
    near: bool
    size: int
    biases: int
    has_bias: bool
    weights: int = 0
    gradients: int = 0


@dataclass(frozen=True)
class Convolution(Operation):
    """A convolution of stride 1, its weights [channel, kernel row, kernel column, map].

    Attributes:
        pools: 2x2; the code of the winner is kept in a byte, 4 where ReLU is off.
        turned: a true convolution; its weights lie turned.
        masks: its ReLU shows in `y` only when gradients come back.
        slice: maps whose gradients are spread out at a time.
        x, y: input and output; the gradient of `y` is `dy`, of `x` `dx`.
        codes: the place of the codes, in bytes.
    """

    channels: int = 0
    height: int = 0
    width: int = 0
    maps: int = 0
    kernel_h: int = 0
    kernel_w: int = 0
    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0
    pools: bool = False
    turned: bool = False
    masks: bool = False
    slice: int = 1
    x: Tensor = _NOWHERE
    y: Tensor = _NOWHERE
    dy: Tensor = _NOWHERE
    dx: Tensor = _NOWHERE
    codes: int = 0

    @property
    def out_h(self) -> int:
        """Rows before the pool."""
        return self.height + self.top + self.bottom - self.kernel_h + 1

    @property
    def out_w(self) -> int:
        """Columns before the pool."""
        return self.width + self.left + self.right - self.kernel_w + 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the output."""
        halves = 2 if self.pools else 1
        return self.maps, self.out_h // halves, self.out_w // halves

    @property
    def above(self) -> int:
        """Rows of zeros above a map's gradient when it is spread out, such that every tap reads."""
        return self.kernel_h - 1 - self.top

    @property
    def before(self) -> int:
        """Columns of zeros before it."""
        return self.kernel_w - 1 - self.left

    @property
    def spread_h(self) -> int:
        """Rows of a map's gradient, zeros above and below included."""
        return self.height + self.kernel_h - 1

    @property
    def spread_w(self) -> int:
        """Columns of a map's gradient and the zeros after them, which are the next row's before."""
        return _whole(self.out_w + max(self.before, self.kernel_w - 1 - self.right))

    @property
    def lead(self) -> int:
        """Zeros before the first row."""
        return _whole(self.before)

    @property
    def spread_map(self) -> int:
        """Floats of a map's gradient: four columns can be read at once."""
        return self.lead + self.spread_h * self.spread_w

    @property
    def together(self) -> int:
        """Maps of a slice that a thread sums kernel gradients for."""
        return divisor(self.slice, max(1, _SUMS // (self.kernel_h * self.kernel_w)))


@dataclass(frozen=True)
class Dense(Operation):
    """A dense layer, its weights [feature, unit].

    Attributes:
        line: floats from one feature's weights to the next one's.
        parts: threads that share the sum of a unit.
        masks: the layer below has a ReLU, which cuts the gradient off too.
        x, y: places of input and output [feature, sample]; gradients take their places.
    """

    features: int = 0
    units: int = 0
    line: int = 0
    masks: bool = False
    parts: int = 1
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Plan:
    """The places of everything.

    Attributes:
        threads: of a block.
        chunk: samples that go through the network together.
        operations: in order.
        first: the first operation that is trained.
        shape: of a sample.
        outputs: numbers of the output, at place `output` [number, sample]; losses at `losses`.
        cross_entropy: of a softmax, or else the mean squared error.
        scratch: its place.
        floats: of shared memory.
        near, near_trained: parameters in shared memory begin at 0 and at `near_trained`; their
            gradients at `near`.
        far_trained, parameters: those in global memory end at these.
        model: floats of a model in the arena.
        copies: states of the optimiser.
    """

    threads: int
    chunk: int
    operations: tuple[Convolution | Dense, ...]
    first: int
    shape: tuple[int, ...]
    outputs: int
    output: int
    losses: int
    cross_entropy: bool
    scratch: int
    floats: int
    near: int
    near_trained: int
    far_trained: int
    parameters: int
    model: int
    copies: int

    @property
    def shared(self) -> int:
        """Bytes of shared memory."""
        return 4 * self.floats

    @property
    def size(self) -> int:
        """Numbers of a sample."""
        return prod(self.shape)


def divisor(number: int, most: int) -> int:
    """The largest divisor of `number` that is at most `most`."""
    return next(each for each in range(min(number, most), 0, -1) if number % each == 0)


def plan_of(iteration: Iteration, shared: int, threads: int = THREADS) -> Plan:
    """The plan for blocks of so many `threads` with `shared` bytes of shared memory.

    Raises Refused, saying why there is none.
    """
    chain = chain_of(iteration)
    _check(chain, iteration)
    least = 0
    for chunk, most in _CUTS:
        dense = sorted(
            (step for step in chain.steps if step.kind == DENSE),
            key=lambda step: step.x.size * step.y.size,
        )
        for count in range(len(dense), -1, -1):
            near = {step.layer for step in dense[:count]}
            found = _Planner(iteration, chain, chunk, most, near, threads).plan()
            if found.shared <= shared:
                return found
            least = found.shared
    raise Refused(
        f"a model needs at least {least:,} bytes of shared memory and a block has {shared:,}"
    )


def _check(chain: Chain, iteration: Iteration) -> None:
    if type(iteration.loss) not in (SoftmaxCrossEntropy, MeanSquaredError):
        raise Refused("its loss has no kernel for many models at once")
    below = CONVOLUTION
    for step in chain.steps:
        if step.kind not in (CONVOLUTION, DENSE):
            raise Refused(f"{step.layer} has no kernel for many models at once")
        if step.activation not in (functions.NONE, functions.RELU):
            raise Refused(f"the activation after {step.layer} is no ReLU")
        if step.kind == CONVOLUTION:
            w = step.window
            assert w is not None
            if below == DENSE:
                raise Refused(f"{step.layer} makes maps of a dense layer's output")
            if (w.stride_h, w.stride_w) != (1, 1):
                raise Refused(f"{step.layer} has a stride")
            if w.kernel_h * w.kernel_w > _MOST_TAPS:
                raise Refused(f"{step.layer} has a kernel of more than {_MOST_TAPS} taps")
        below = step.kind


class _Planner:
    """Lays out one network for one size of chunk, slice, and choice of near layers."""

    def __init__(
        self,
        iteration: Iteration,
        chain: Chain,
        chunk: int,
        most: int,
        near: set[str],
        threads: int,
    ) -> None:
        self._iteration = iteration
        self._steps = chain.steps
        self._first = chain.first_trained
        self._chunk = chunk
        self._most = most
        self._near = near
        self._threads = threads
        self._floats = 0

    def plan(self) -> Plan:
        """Give everything a place."""
        bare = [self._bare(number) for number in range(len(self._steps))]
        operations, ends = self._with_weights(bare)
        self._floats = ends["near"] + ends["near"] - ends["near_trained"]
        placed = self._with_tensors(operations)
        scratch = self._room(max(map(self._scratch, placed)))
        losses = self._room(self._chunk)
        shape = self._iteration.network.input_shape
        last = placed[-1]
        outputs = last.units if isinstance(last, Dense) else prod(last.shape)
        output = last.y if isinstance(last, Dense) else last.y.place
        # A tile at the edge of the last tensor reads a little past it.
        slack = max((4 * (op.spread_w + 8) for op in placed if isinstance(op, Convolution)),
                    default=0)  # fmt: skip
        copies = _copies(self._iteration)
        far = ends["parameters"] - ends["near"]
        return Plan(
            self._threads, self._chunk, tuple(placed), self._first, shape, outputs, output, losses,
            isinstance(self._iteration.loss, SoftmaxCrossEntropy), scratch,
            self._room(slack) + slack, ends["near"], ends["near_trained"], ends["far_trained"],
            ends["parameters"], _whole((1 + copies) * ends["parameters"] + far), copies,
        )  # fmt: skip

    def _room(self, count: int) -> int:
        """The place of so many floats; all begin where sixteen bytes do."""
        place = _whole(self._floats)
        self._floats = place + count
        return place

    def _bare(self, number: int) -> Convolution | Dense:
        """An operation without places."""
        step = self._steps[number]
        relu = step.activation == functions.RELU
        back = number > self._first
        below = self._steps[number - 1] if number else None
        if step.kind == CONVOLUTION:
            w = step.window
            assert w is not None
            biases = step.x.channels * w.kernel_h * w.kernel_w * step.y.channels
            found = Convolution(
                step.layer, relu, step.trained, back, True, _whole(biases + step.y.channels),
                biases, step.has_bias, 0, 0, step.x.channels, w.in_h, w.in_w, step.y.channels,
                w.kernel_h, w.kernel_w, w.top, w.left, w.bottom, w.right, step.pools, step.turned,
            )  # fmt: skip
            follows = number + 1 < len(self._steps) and self._steps[number + 1].kind == CONVOLUTION
            return replace(
                found,
                masks=relu and not step.pools and follows,
                slice=divisor(found.maps, self._most),
            )
        features, units = _features(step), step.y.size
        near = step.layer in self._near
        # Rows of near weights lie in different banks, rows of far ones begin with 16 bytes.
        line = units | 1 if near else _whole(units)
        masks = below is not None and below.activation == functions.RELU and not below.pools
        return Dense(
            step.layer, relu, step.trained, back, near, _whole(features * line + units),
            features * line, step.has_bias, 0, 0, features, units, line, masks,
            max(1, min(self._threads // units, features, 16)),
        )  # fmt: skip

    def _with_weights(
        self, operations: list[Convolution | Dense]
    ) -> tuple[list[Convolution | Dense], dict[str, int]]:
        """Places for parameters: near frozen, near trained, far trained, far frozen."""
        ends = {}
        place = 0
        places = {}
        for name, near, trained in (
            ("near_trained", True, False),
            ("near", True, True),
            ("far_trained", False, True),
            ("parameters", False, False),
        ):
            for op in operations:
                if (op.near, op.trained) == (near, trained):
                    places[op.layer] = place
                    place += op.size
            ends[name] = place
        copies = _copies(self._iteration)
        beyond = (1 + copies) * ends["parameters"] - ends["near"]
        found = []
        for op in operations:
            weights = places[op.layer]
            shift = ends["near"] - ends["near_trained"] if op.near else beyond
            found.append(replace(op, weights=weights, gradients=weights + shift))
        return found, ends

    def _with_tensors(self, operations: list[Convolution | Dense]) -> list[Convolution | Dense]:
        """Places for inputs, outputs and gradients."""
        chunk = self._chunk
        found: list[Convolution | Dense] = []
        x = self._input(operations[0])
        for number, op in enumerate(operations):
            after = operations[number + 1] if number + 1 < len(operations) else None
            if isinstance(op, Dense):
                y = Tensor(self._room(op.units * chunk), 1, chunk, 0, 0)
                found.append(replace(op, x=x.place, y=y.place))
                x = y
                continue
            if isinstance(after, Convolution):
                y = self._maps(op.shape, (after.top, after.left, after.bottom, after.right))
                dy = self._maps(op.shape, (0, 0, 0, 0)) if after.back else y
            else:
                y = dy = self._flat(op.shape)
            codes = self._room(-(-prod(op.shape) * chunk // 4)) if op.pools else 0
            below = found[-1] if found else None
            dx = below.dy if isinstance(below, Convolution) else x
            found.append(replace(op, x=x, y=y, dy=dy, dx=dx, codes=4 * codes))
            x = y
        return found

    def _input(self, op: Convolution | Dense) -> Tensor:
        if isinstance(op, Convolution):
            border = (op.top, op.left, op.bottom, op.right)
            return self._maps((op.channels, op.height, op.width), border)
        return Tensor(self._room(op.features * self._chunk), 1, self._chunk, 0, 0)

    def _maps(self, shape: tuple[int, int, int], border: tuple[int, int, int, int]) -> Tensor:
        """Maps within zeros; planes of an odd size, so that channels are in different banks."""
        channels, height, width = shape
        top, left, bottom, right = border
        across = width + left + right
        plane = (height + top + bottom) * across | 1
        place = self._room(self._chunk * channels * plane)
        return Tensor(place + top * across + left, channels * plane, plane, across, 1)

    def _flat(self, shape: tuple[int, int, int]) -> Tensor:
        """Features with their samples side by side."""
        channels, height, width = shape
        chunk = self._chunk
        place = self._room(channels * height * width * chunk)
        return Tensor(place, 1, height * width * chunk, width * chunk, chunk)

    def _scratch(self, op: Convolution | Dense) -> int:
        """Floats for what an operation lays aside."""
        if isinstance(op, Dense):
            return op.parts * op.units * self._chunk
        if self._steps[self._first].layer == op.layer or op.back:
            return op.slice * op.spread_map * self._chunk + op.slice * self._chunk
        return 0


def _copies(iteration: Iteration) -> int:
    """How many numbers the optimiser keeps of each parameter; plain descent none."""
    assert iteration.optimizer is not None
    return len(iteration.optimizer.states) if iteration.states else 0


def _features(step: Step) -> int:
    assert step.order is not None
    return len(step.order)


def _whole(count: int) -> int:
    return -(-count // 4) * 4
