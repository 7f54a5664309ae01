"""Numbers from a file as a tensor of a known shape, whose leading 1s may be left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cnnsim.network.layer import times


def fit(
    values: npt.NDArray[np.float64], shape: tuple[int, ...], what: str = "the tensor"
) -> npt.NDArray[np.float64]:
    """`values` as `shape`, which `what` has. Raises ValueError."""
    missing = len(shape) - values.ndim
    if missing < 0 or shape != (1,) * missing + values.shape:
        raise ValueError(
            f"{what} is {times(shape)} and {times(values.shape) or 'one number'} was given; "
            "only leading 1s may be left out"
        )
    return values.reshape(shape)
