"""Every kind of layer against numbers that torch and SciPy made, without either installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from layer_oracles import Oracle, oracles
from networks import values_of

CASES = oracles()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_layer(case: Oracle) -> None:
    values = values_of(case.net, case.arrays["x"])
    for name in case.expected:
        found, expected = values[f"{case.entry['type']}.{name}"], case.arrays[name]
        assert found.shape == expected.shape, name
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11, err_msg=name)


def test_the_file_is_small_and_covers_the_kinds() -> None:
    file = Path(__file__).parents[1] / "oracles" / "layers.npz"
    assert file.stat().st_size < 100_000
    assert {case.entry["type"] for case in CASES} >= {
        "conv2d", "dense", "max_pool2d", "avg_pool2d", "batch_norm2d", "softmax", "relu",
        "leaky_relu", "sigmoid", "tanh",
    }  # fmt: skip
