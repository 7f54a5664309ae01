"""A convolution's gradients, written as sweeps with holes, against torch's autograd."""

from __future__ import annotations

import numpy as np
import pytest
from gradients import Gradients, gradients
from hypothesis import given
from strategies import both, examples, four_sides

from cnnsim.kernels.vectorised import fill_vectorised

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


@examples(80)
@given(gradients())
def test_both_gradients(gradient: Gradients) -> None:
    case, entry = gradient.case, gradient.case.entry
    assert case.kernel is not None
    top, left, bottom, right = four_sides(entry, case.x.shape[2:], case.kernel.shape[2:])
    x = torch.tensor(case.x, requires_grad=True)
    w = torch.tensor(case.kernel, requires_grad=True)
    torch.nn.functional.conv2d(
        torch.nn.functional.pad(x, (left, right, top, bottom)),
        w,
        stride=both(entry["stride"]),
        dilation=both(entry["dilation"]),
    ).backward(torch.tensor(gradient.dy))
    dx = fill_vectorised(gradient.input, gradient.tensors)
    dw = fill_vectorised(gradient.kernel, gradient.tensors)
    np.testing.assert_allclose(dx, x.grad.numpy(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(dw, w.grad.numpy(), rtol=1e-10, atol=1e-10)
