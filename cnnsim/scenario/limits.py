"""How much a scenario may ask for. Checked before anything is allocated."""

from __future__ import annotations

from cnnsim.amounts import in_bytes
from cnnsim.errors import Problem
from cnnsim.network.iteration import Iteration
from cnnsim.network.layer import times

#: A scenario that needs more memory than this is refused, in bytes.
MOST_MEMORY = 4 << 30
#: Step numbers are int64.
MOST_STEPS = 2**63 - 1


def size_problems(iteration: Iteration) -> list[Problem]:
    """What is too large, with the numbers; empty where nothing is."""
    network = iteration.network
    needed = iteration.bytes_needed
    if needed > MOST_MEMORY:
        asked, most = " ".join(in_bytes(needed)), " ".join(in_bytes(MOST_MEMORY))
        what = (
            f"it would need {asked} of memory for an input of "
            f"{times((network.batch, *network.input_shape))}; {most} are the most"
        )
        return [Problem("", what)]
    repeats = iteration.optimizer.iterations if iteration.optimizer else 1
    steps = repeats * sum(sweep.steps for sweep in iteration.sweeps)
    if steps > MOST_STEPS:
        return [Problem("", f"it would have {steps:,} steps; {MOST_STEPS:,} are the most")]
    return []
