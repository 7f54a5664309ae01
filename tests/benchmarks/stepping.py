"""Reading steps: one at random, and many in a row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from time import perf_counter

from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import Sandbox

#: How many random steps are read.
_READS = 2000
#: How many steps in a row are printed, and of what.
_PRINTED, _SCENARIO, _LAYER = 200_000, "simplecnn", "conv2"


def reading(runs: int) -> Iterator[Figure]:
    """Random steps of AlexNet, each in a cell that was not looked at before."""
    from cnnsim.scenario.reader import read_scenario
    from cnnsim.stepper.stepper import Stepper

    stepper = Stepper(read_scenario("alexnet"))
    stepper.values.compute_all()
    trace = stepper.trace
    rng = random.Random(20261121)
    # Uniform over steps means convolutions; uniform over sweeps has the rest of them too.
    anywhere = [rng.randrange(len(trace)) for _ in range(_READS)]
    in_any_sweep = [
        trace.first_step(number) + rng.randrange(trace.sweeps[number].steps)
        for number in rng.choices(range(len(trace.sweeps)), k=_READS)
    ]
    stepper.read(0)
    for where, steps in (("anywhere", anywhere), ("in any sweep", in_any_sweep)):
        times = []
        for step in steps:
            started = perf_counter()
            stepper.read(step)
            times.append(1000 * (perf_counter() - started))
        for share in (0.5, 0.99):
            what = f"reading a random step of AlexNet, {where}"
            yield Figure("reading", what, tuple(times), "ms", 1, share)


def steps(runs: int) -> Iterator[Figure]:
    """``replay --steps --json``, less what a single step costs."""
    with Sandbox() as sandbox:
        first = 884_736 + 65_536  # within conv2
        words = ("replay", _SCENARIO, "--steps", "--json", "--from", f"mac {first}", "--to")
        rates = []
        for _ in range(runs):
            one = sandbox.seconds(*words, f"mac {first}")
            many = sandbox.seconds(*words, f"mac {first + _PRINTED}")
            rates.append(_PRINTED / (many - one))
        what = f"replay {_SCENARIO} --steps --json, {_LAYER}"
        yield Figure("steps", what, tuple(rates), "steps/s")
