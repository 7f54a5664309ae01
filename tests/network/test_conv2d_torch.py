"""Convolution against torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from networks import forward
from strategies import Case, both, convolutions, examples, four_sides

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


def expected(case: Case) -> np.ndarray[Any, Any]:
    assert case.kernel is not None
    kernel = torch.tensor(case.kernel)
    if case.entry["mode"] == "convolution":
        kernel = kernel.flip(2, 3)
    top, left, bottom, right = four_sides(case.entry, case.x.shape[2:], case.kernel.shape[2:])
    y = torch.nn.functional.conv2d(
        torch.nn.functional.pad(torch.tensor(case.x), (left, right, top, bottom)),
        kernel,
        stride=both(case.entry["stride"]),
        dilation=both(case.entry["dilation"]),
        groups=case.entry["groups"],
    )
    if case.bias is not None:
        bias = torch.tensor(case.bias)
        y = y + (bias.reshape(-1, 1, 1) if case.bias.ndim == 1 else bias)
    return y.numpy()


@examples(150)
@given(convolutions())
def test_forward(case: Case) -> None:
    y = forward(case.net, case.x)
    other = expected(case)
    assert y.shape == other.shape
    np.testing.assert_allclose(y, other, rtol=1e-10, atol=1e-10)


@examples(40)
@given(convolutions())
def test_torch_agrees_on_same(case: Case) -> None:
    """Torch has its own ``same`` where the stride is 1."""
    entry = {**case.entry, "padding": "same", "stride": 1, "mode": "cross_correlation"}
    entry.pop("bias", None)
    y = torch.nn.functional.conv2d(
        torch.tensor(case.x),
        torch.tensor(case.kernel),
        padding="same",
        dilation=both(entry["dilation"]),
        groups=entry["groups"],
    )
    ours = forward(Case(entry, case.x).net, case.x)
    np.testing.assert_allclose(ours, y.numpy(), rtol=1e-10, atol=1e-10)
