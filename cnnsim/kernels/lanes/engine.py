"""The fast training engine of the CPU: a sample in each lane of a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.engine import Floats32, Floats64, Integers, as_float32
from cnnsim.kernels.fill import Report, silent
from cnnsim.kernels.lanes.chain import LOSSES, Refused, chain_of
from cnnsim.kernels.lanes.cpu import host_lanes
from cnnsim.kernels.lanes.entries import Entries
from cnnsim.kernels.lanes.layout import lay_out
from cnnsim.kernels.lanes.plan import Step
from cnnsim.kernels.lanes.rule import paces_of, rule_of
from cnnsim.kernels.lanes.samples import rows_of, targets_of
from cnnsim.kernels.lanes.single_plan import SinglePlan, plan_singles
from cnnsim.kernels.lanes.team import Team, barrier
from cnnsim.kernels.lanes.weights import (
    Parameters,
    into_lanes,
    into_rows,
    out_of_lanes,
    out_of_rows,
)
from cnnsim.network.iteration import Iteration
from cnnsim.network.mask import mask_key
from cnnsim.network.optimizer import COUNTER

Keys = npt.NDArray[np.uint64]

#: Multiply-adds of a picture from which few pictures go one by one, by all threads: the kernels of
#: blocks take less than some milliseconds for others, and are compiled already.
_LARGE = 2**24
#: Numbers that are kept at most of what frozen layers make of samples: 64 MB.
_FEATURES = 2**24


def refuses(iteration: Iteration) -> str:
    """Why the lanes do not train this network, in words; empty where they do."""
    try:
        chain_of(iteration)
    except Refused as reason:
        return str(reason)
    return ""


class LanesEngine:
    """Trains a network that `refuses` has nothing against. See `cnnsim.kernels.engine.Engine`.

    Attributes:
        name: ``lanes x16``.
        lanes: samples that go through the network side by side.
        threads: how many at most take part; the numbers do not depend on it.
    """

    def __init__(
        self,
        iteration: Iteration,
        threads: int,
        lanes: int | None = None,
        report: Report = silent,
    ) -> None:
        """Raises Refused where `refuses` gives a reason.

        Args:
            iteration: what a step is; its batch does not matter.
            threads: how many may take part.
            lanes: 16, 8 or 4; None for what the CPU's registers hold.
            report: hears what is being compiled; nothing where all is in the cache.
        """
        if lanes not in (None, 4, 8, 16):
            raise ValueError(f"lanes should be 4, 8 or 16, and is {lanes}")
        self.lanes = host_lanes() if lanes is None else lanes
        self.threads = max(1, threads)
        self.name = f"lanes x{self.lanes}"
        self._chain = chain_of(iteration)
        self._rule = rule_of(iteration.optimizer)
        self._seed = iteration.network.seed
        self._loss = LOSSES[type(iteration.loss)]
        self._output = iteration.network.places[iteration.network.layers[-1].name].output
        self._parameters = {name: p.shape for name, p in iteration.network.parameters.items()}
        given = iteration.given_tensors
        assert iteration.optimizer is not None
        self._states = {
            f"{name}_{what}": (name, copy)
            for copy, what in enumerate(iteration.optimizer.states, 1)
            for name in self._parameters
            if f"{name}_{what}" in given
        }
        self._copies = len(iteration.optimizer.states)
        self._updates = 0
        network = iteration.network
        macs = sum(sweep.steps for sweep in network.sweeps if sweep.counts_macs)
        self._is_large = macs // network.batch >= _LARGE
        self._team = Team()
        self._layout = lay_out(self._chain, self.lanes, 1, 1, self._copies)
        self._singles: SinglePlan | None = None
        self._entries = Entries(report, self.threads)
        self._is_single = False
        self._seen: tuple[Floats32, Floats32] | None = None

    def _room(self, blocks: int, threads: int) -> None:
        """Lay the memory out for so many blocks and threads; the weights stay."""
        old = self._layout
        if blocks <= old.blocks and threads <= old.threads:
            return
        blocks, threads = max(blocks, old.blocks), max(threads, old.threads)
        self._layout = lay_out(self._chain, self.lanes, blocks, threads, self._copies)
        end = int(old.places["weights"] + old.places["states"] * (1 + self._copies))
        self._layout.memory.view(np.float32)[:end] = old.memory.view(np.float32)[:end]

    def _turn_to(self, single: bool) -> None:
        """Bring the weights to where single samples, or blocks, are trained with them."""
        if self._is_single == single:
            return
        if self._singles is None:
            self._singles = plan_singles(self._chain, self.lanes, self._copies)
        places = [
            (number, step, copy)
            for number, step in self._with_parameters()
            if number >= self._chain.first_trained
            for copy in range(1 + self._copies)
        ]
        held = [self._taken(*place) for place in places]
        self._is_single = single
        for place, parameters in zip(places, held, strict=True):
            self._put(*place, parameters)

    def _put(self, number: int, step: Step, copy: int, held: Parameters) -> None:
        """Set the parameters of an operation, or with `copy` > 0 one of their states."""
        first = self._chain.first_trained
        if self._is_single and number >= first:
            assert self._singles is not None
            into_rows(step, self._singles.weights(number - first, copy), held)
        else:
            self._region(number, copy)[:] = into_lanes(step, self.lanes, held)

    def _taken(self, number: int, step: Step, copy: int) -> Parameters:
        """What `_put` set, or training made of it."""
        first = self._chain.first_trained
        if self._is_single and number >= first:
            assert self._singles is not None
            shape = self._parameters[f"{step.layer}.{step.parameters[0]}"]
            return out_of_rows(step, self._singles.weights(number - first, copy), shape)
        return out_of_lanes(step, self.lanes, self._region(number, copy))

    def _region(self, number: int, copy: int) -> Floats32:
        """Where the weights of an operation, or a state, lie for blocks of samples."""
        op = self._layout.ops[number]
        size = int(op["vectors"]) * self.lanes
        begin = int(op["weights"] + copy * self._layout.places["states"])
        floats: Floats32 = self._layout.memory.view(np.float32)
        return floats[begin : begin + size]

    def load(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over parameters and the optimiser's states, by full name (``conv1.w``).

        A state that is missing is zero, as before the first step; so is the number of updates.
        """
        self._seen = None
        self._updates = int(np.asarray(tensors.get(COUNTER, 0)).ravel()[0])
        for number, step in self._with_parameters():
            for copy in range(1 + self._copies):
                held = {
                    role: self._given(tensors, f"{step.layer}.{role}", copy)
                    for role in step.parameters
                }
                self._put(number, step, copy, held)

    def _given(self, tensors: Mapping[str, npt.NDArray[Any]], name: str, copy: int) -> Floats32:
        """A parameter, or with `copy` > 0 a state of it."""
        shape = self._parameters[name]
        given = tensors[name] if copy == 0 else tensors.get(self._state_name(name, copy))
        if given is None:
            return np.zeros(shape, np.float32)
        return as_float32(given).reshape(shape)

    def _state_name(self, name: str, copy: int) -> str:
        return next((full for full, place in self._states.items() if place == (name, copy)), "")

    def _with_parameters(self) -> list[tuple[int, Step]]:
        return [(number, step) for number, step in enumerate(self._chain.steps) if step.parameters]

    def tensors(self) -> dict[str, Floats32]:
        """A copy of everything that `load` takes; ``training.step`` counts the updates so far."""
        found: dict[str, Floats32] = {}
        for number, step in self._with_parameters():
            for copy in range(1 + self._copies):
                for role, values in self._taken(number, step, copy).items():
                    name = f"{step.layer}.{role}"
                    full = name if copy == 0 else self._state_name(name, copy)
                    if full:
                        found[full] = values.reshape(self._parameters[name])
        found[COUNTER] = np.array([self._updates], np.float32)
        return found

    def train(
        self, inputs: Floats32, targets: npt.NDArray[Any], batches: Integers, rates: Floats64
    ) -> Floats64:
        """Take one step for each row of `batches`; the loss of each, before its update.

        Numbers of the same `inputs` do not change between calls.
        """
        steps, batch = batches.shape
        losses = np.empty(steps, np.float64)
        if not steps:
            return losses
        if not 0 <= batches.min() <= batches.max() < len(inputs):
            raise ValueError(f"batches should name samples from 0 to {len(inputs) - 1}")
        blocks = -(-batch // self.lanes)
        threads = min(self.threads, blocks)
        single = batch == 1 and self._chain.goes_singly
        self._room(blocks, threads)
        flat = rows_of(inputs, self._layout.inputs.size)
        classes, values = targets_of(targets, self._layout.outputs.size, self._loss)
        if len(targets) != len(inputs) or len(rates) != steps:
            raise ValueError("there should be a target for each sample and a rate for each step")
        paces = paces_of(self._rule, np.asarray(rates, np.float64), self._updates)
        # A view, for its owner may give it another shape before the next call.
        batches = np.ascontiguousarray(batches, np.int64).view()
        if single:
            self._turn_to(True)
            samples = rows = batches.ravel()
            if self._chain.first_trained:
                flat, rows = self._features(inputs, flat, samples)
            self._run_singles(flat, rows, classes, values, samples, paces, losses)
        else:
            nothing = np.empty((0, 0), np.float32)
            keys, plan = self._keys(steps), self._layout
            self._turn_to(False)
            self._run(
                plan.ops, plan.outputs, flat, classes, values, batches, paces, keys, losses,
                nothing, threads,
            )  # fmt: skip
        self._updates += steps
        return losses

    def _run_singles(
        self, inputs: Floats32, rows: Integers, classes: Integers, values: Floats32,
        samples: Integers, paces: Floats32, losses: Floats64,
    ) -> None:  # fmt: skip
        plan = self._singles
        assert plan is not None
        self._rule["states"] = plan.places["states"]
        self._entries.run_singles(
            plan.memory, plan.ops, plan.places, self._rule, self._loss, inputs, classes, values,
            self._layout.outputs.size, rows, samples, paces, losses,
        )  # fmt: skip

    def _features(
        self, inputs: Floats32, flat: Floats32, samples: Integers
    ) -> tuple[Floats32, Integers]:
        """What the operations that are not trained make of `samples`, and in which rows.

        It never changes, so it is kept for all samples, unless they are too many.
        """
        if self._seen is not None and self._seen[0] is inputs:
            return self._seen[1], samples
        features = self._layout.features
        is_kept = len(flat) * features.size <= _FEATURES
        if not is_kept:
            flat, samples = flat[samples], np.arange(samples.size)
        found = np.empty((len(flat), features.size), np.float32)
        self._evaluate(flat, found, features, self._chain.first_trained)
        if is_kept:
            self._seen = inputs, found
        return found, samples

    def _run(
        self, ops: Any, places: Integers, inputs: Floats32, classes: Integers, values: Floats32,
        batches: Integers, paces: Floats32, keys: Keys, losses: Floats64, outputs: Floats32,
        threads: int,
    ) -> None:  # fmt: skip
        plan = self._layout
        self._rule["states"] = plan.places["states"]
        shared = barrier()
        work = self._entries.run_steps(
            plan.memory, ops, plan.cells, plan.places, self._rule, self._loss, plan.inputs, places,
            inputs, classes, values, batches, paces, keys, losses, outputs, shared,
        )  # fmt: skip
        self._team.run(lambda thread: work(thread, threads), threads, shared)

    def _keys(self, steps: int) -> Keys:
        """What the masks of the next steps are made from: [steps][dropouts]."""
        names = [f"{layer}.mask" for layer in self._chain.dropouts]
        first = self._updates
        keys = [
            [mask_key(self._seed, name, number) for name in names]
            for number in range(first, first + steps)
        ]
        return np.array(keys, np.uint64).reshape(steps, len(names))

    def outputs(self, inputs: Floats32) -> Floats32:
        """What the last layer says of each sample in evaluation mode [samples, …]."""
        flat = rows_of(inputs, self._layout.inputs.size)
        found = np.empty((len(flat), self._layout.outputs.size), np.float32)
        self._turn_to(False)
        if len(flat) < self.lanes and self._is_large:
            self._see(flat, found)
        else:
            self._evaluate(flat, found, self._layout.outputs, len(self._chain.steps))
        return found.reshape(len(flat), *self._output)

    def _see(self, inputs: Floats32, found: Floats32) -> None:
        """Fill `found` [pictures][numbers] one picture after the other, maps as lanes."""
        self._room(1, self.threads)
        plan, shared = self._layout, barrier()
        work = self._entries.see_pictures(
            plan.memory, plan.ops, plan.cells, plan.places, plan.inputs, plan.outputs, inputs,
            found, shared,
        )  # fmt: skip
        self._team.run(lambda thread: work(thread, self.threads), self.threads, shared)

    def _evaluate(self, inputs: Floats32, found: Floats32, places: Integers, count: int) -> None:
        """Fill `found` [samples][numbers] with what the first `count` operations say."""
        threads = max(1, min(self.threads, -(-len(inputs) // self.lanes)))
        self._room(threads, threads)
        classes, values = np.empty(0, np.int64), np.empty((0, 0), np.float32)
        everything, paces = np.arange(len(inputs))[None], np.zeros((1, 2), np.float32)
        keys, losses = np.empty((1, 0), np.uint64), np.zeros(1)
        ops = self._layout.ops[:count]
        self._run(
            ops, places, inputs, classes, values, everything, paces, keys, losses, found, threads
        )
