"""A scenario with the changes of a what-if, to step inside it."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from cnnsim.errors import UsageError
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.scenario.leaves import Array, beside, read_input
from cnnsim.scenario.limits import size_problems
from cnnsim.scenario.model import Input
from cnnsim.scenario.scenario import Scenario
from cnnsim.tui.walk.whatif import WhatIf

#: Inputs of more numbers are not made for a look at them.
_MOST_NUMBERS = 1 << 22


def changed_scenario(scenario: Scenario, what: WhatIf) -> Scenario:
    """`scenario` with the changed network; its tour and its weights file belong to the old one.

    A picture is resized, a pattern made anew; typed values of another size become random numbers.
    Raises UsageError where the shapes do not fit, or it would need too much memory.
    """
    network = what.outcome.network
    if network.errors:
        error = network.errors[0]
        raise UsageError(
            f"{error.layer} does not fit: {error.bare_message}",
            "change it until the shapes fit, or take the changes back",
        )
    # A loss or a given gradient belongs to the old shapes.
    iteration = Iteration(network)
    for problem in size_problems(iteration):
        raise UsageError(problem.what)
    update: dict[str, Any] = {"tour": [], "weights": None}
    update["input"] = changed_input(scenario, what)
    # Without a path nobody reads the file again and throws the changes away.
    return replace(
        scenario,
        name=f"{scenario.name}*",
        path=None,
        model=scenario.model.model_copy(update=update),
        iteration=iteration,
    )


def changed_input(scenario: Scenario, what: WhatIf) -> Input:
    """The [input] table of the changed network."""
    given = scenario.model.input
    shape = what.outcome.network.input_shape
    batch = what.outcome.network.batch
    same = not any(name == INPUT for name, _ in what.changes)
    if given.image is not None:
        image = str(beside(scenario.path, given.image).resolve())
        if same:
            return given.model_copy(update={"image": image})
        if shape[0] in (1, 3):
            size = (shape[1], shape[2])
            return Input(image=image, size=size, grey=shape[0] == 1)
    if same:
        return given
    extents = (batch, *shape) if batch > 1 and len(shape) == 3 else shape
    for key in ("ramp", "zeros", "ones"):
        if getattr(given, key) is not None:
            return Input(**{key: extents})
    return Input(random=extents)


def look_at_input(scenario: Scenario, what: WhatIf, values: Array) -> Array:
    """What the changed network would read, [c,h,w] or [features]; `values` are the file's.

    A picture stays as it is: it is stretched when drawn. So that this takes no time, an input of
    many numbers is a blank one of another size.
    """
    shape = what.outcome.network.input_shape
    if not any(name == INPUT for name, _ in what.changes):
        return values
    given = changed_input(scenario, what)
    if given.image is not None and given.grey == (len(values) == 1):
        return values
    if prod(shape) > _MOST_NUMBERS:
        return np.zeros([min(extent, 64) for extent in shape])
    model = scenario.model.model_copy(update={"input": given})
    sample: Array = read_input(model, what.outcome.network, None)[0]
    return sample
