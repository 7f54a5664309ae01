"""Where a block keeps its model: weights and activations of a few samples, in shared memory.

Shared memory is one array of floats ("near"): weights and gradients of the layers that fit, each
layer's output for a chunk of samples, and scratch. Dense layers too large for it have weights and
gradients in global memory ("far"). A model's part of the global arena is its parameters, the
optimiser's states in copies of the same form, and the far gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from cnnsim.kernels.cuda.layout import whole
from cnnsim.kernels.cuda.models.operations import (
    Convolution,
    Dense,
    Tensor,
    divisor,
)
from cnnsim.kernels.lanes import codes
from cnnsim.kernels.lanes.chain import Chain, Refused, chain_of
from cnnsim.kernels.lanes.codes import CONVOLUTION, DENSE
from cnnsim.kernels.lanes.plan import Step
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.mean_squared_error import MeanSquaredError
from cnnsim.network.kinds.softmax_cross_entropy import SoftmaxCrossEntropy

#: Threads of a block.
THREADS = 256
#: Taps of the largest kernel: a thread has that many sums in registers.
_MOST_TAPS = 64
#: (samples of a chunk, maps whose gradients are spread out at a time), the fastest first.
_CUTS = ((8, 32), (8, 16), (8, 8), (4, 32), (4, 16), (4, 8), (4, 4), (4, 2), (4, 1))


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
        if step.activation not in (codes.NONE, codes.RELU):
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
        last = placed[-1]
        # A tile at the edge of the last tensor reads a little past it.
        slack = max((4 * (op.spread_w + 8) for op in placed if isinstance(op, Convolution)),
                    default=0)  # fmt: skip
        copies = _copies(self._iteration)
        far = ends["parameters"] - ends["near"]
        return Plan(
            threads=self._threads,
            chunk=self._chunk,
            operations=tuple(placed),
            first=self._first,
            shape=self._iteration.network.input_shape,
            outputs=last.units if isinstance(last, Dense) else prod(last.shape),
            output=last.y if isinstance(last, Dense) else last.y.place,
            losses=losses,
            cross_entropy=isinstance(self._iteration.loss, SoftmaxCrossEntropy),
            scratch=scratch,
            floats=self._room(slack) + slack,
            near=ends["near"],
            near_trained=ends["near_trained"],
            far_trained=ends["far_trained"],
            parameters=ends["parameters"],
            model=whole((1 + copies) * ends["parameters"] + far),
            copies=copies,
        )

    def _room(self, count: int) -> int:
        """The place of so many floats; all begin where sixteen bytes do."""
        place = whole(self._floats)
        self._floats = place + count
        return place

    def _bare(self, number: int) -> Convolution | Dense:
        """An operation without places."""
        step = self._steps[number]
        relu = step.activation == codes.RELU
        back = number > self._first
        below = self._steps[number - 1] if number else None
        if step.kind == CONVOLUTION:
            w = step.window
            assert w is not None
            biases = step.x.channels * w.kernel_h * w.kernel_w * step.y.channels
            found = Convolution(
                layer=step.layer,
                relu=relu,
                trained=step.trained,
                back=back,
                near=True,
                size=whole(biases + step.y.channels),
                biases=biases,
                has_bias=step.has_bias,
                channels=step.x.channels,
                height=w.in_h,
                width=w.in_w,
                maps=step.y.channels,
                kernel_h=w.kernel_h,
                kernel_w=w.kernel_w,
                top=w.top,
                left=w.left,
                bottom=w.bottom,
                right=w.right,
                pools=step.pools,
                turned=step.turned,
            )
            follows = number + 1 < len(self._steps) and self._steps[number + 1].kind == CONVOLUTION
            return replace(
                found,
                masks=relu and not step.pools and follows,
                slice=divisor(found.maps, self._most),
            )
        features, units = _features(step), step.y.size
        near = step.layer in self._near
        # Rows of near weights lie in different banks, rows of far ones begin with 16 bytes.
        line = units | 1 if near else whole(units)
        masks = below is not None and below.activation == codes.RELU and not below.pools
        return Dense(
            layer=step.layer,
            relu=relu,
            trained=step.trained,
            back=back,
            near=near,
            size=whole(features * line + units),
            biases=features * line,
            has_bias=step.has_bias,
            features=features,
            units=units,
            line=line,
            masks=masks,
            parts=max(1, min(self._threads // units, features, 16)),
        )

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
        # Four columns at once reach three numbers past the last row.
        place = self._room(self._chunk * channels * plane + 3)
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
