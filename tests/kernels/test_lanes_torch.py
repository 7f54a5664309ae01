"""LeNet's first losses are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
from lanes_nets import NETS, batch_of, drawn, iteration

from cnnsim.kernels.lanes.engine import LanesEngine

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional


@pytest.mark.parametrize("batch", [64, 50])
def test_early_losses_of_lenet(batch: int) -> None:
    of = iteration(*NETS["lenet"], optimizer="adam")
    x, target = batch_of(of, "softmax_cross_entropy", 200, 9)
    order = np.random.default_rng(1).integers(0, 200, (10, batch))
    engine = LanesEngine(of, 2)
    engine.load(drawn(of))
    found = engine.train(x, target, order, np.full(10, 1e-3))
    p = {name: torch.tensor(values, requires_grad=True) for name, values in drawn(of).items()}
    names = ["conv2d0", "conv2d3", "dense7", "dense9", "dense11"]
    optimizer = torch.optim.Adam(p.values(), 1e-3)
    for row, ours in zip(order, found, strict=True):
        y = torch.tensor(x[row])
        for name, padding in zip(names[:2], (2, 0), strict=True):
            y = F.conv2d(y, p[f"{name}.w"], p[f"{name}.b"], padding=padding)
            y = F.max_pool2d(F.relu(y), 2)
        y = y.flatten(1)
        for name in names[2:]:
            y = F.linear(y, p[f"{name}.w"], p[f"{name}.b"])
            y = y if name == names[-1] else F.relu(y)
        loss = F.cross_entropy(y, torch.tensor(target[row]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert ours == pytest.approx(loss.item(), rel=1e-5)
