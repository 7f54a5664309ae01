"""Random streams: NumPy's own, of the seed and the letters of the name."""

from __future__ import annotations

import numpy as np
import pytest

from cnnsim.network.parameter import stream_of


@pytest.mark.parametrize("seed", [0, 1, 255, 2**32 - 1, 2**32, 2**63 - 1])
@pytest.mark.parametrize("name", ["", "conv1.w", "data.order.12", "größe.w"])
def test_a_stream_is_that_of_its_seed_and_name(seed: int, name: str) -> None:
    told = np.random.SeedSequence([seed, *name.encode()])
    expected = np.random.Generator(np.random.Philox(told)).integers(0, 2**63, 4)
    np.testing.assert_array_equal(stream_of(seed, name).integers(0, 2**63, 4), expected)
