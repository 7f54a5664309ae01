"""Pooling against torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from strategies import Case, both, examples, forward, pools, values_of

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


@examples(150)
@given(pools("max_pool2d"))
def test_max_and_its_winner(case: Case) -> None:
    entry = case.entry
    # Torch measures the padding by the window without its dilation.
    sides = zip(both(entry["padding"]), both(entry["size"]), strict=True)
    assume(all(2 * padding <= size for padding, size in sides))
    values = values_of(case.net, case.x)
    largest, winner = torch.nn.functional.max_pool2d(
        torch.tensor(case.x),
        both(entry["size"]),
        both(entry.get("stride", entry["size"])),
        both(entry["padding"]),
        both(entry["dilation"]),
        ceil_mode=entry["ceil_mode"],
        return_indices=True,
    )
    assert values["max_pool2d.y"].shape == tuple(largest.shape)
    assert (values["max_pool2d.y"] == largest.numpy()).all()
    # A window spread wider than the picture may see no pixel: then there is no winner.
    seen = np.isfinite(values["max_pool2d.y"])
    assert (values["max_pool2d.winner"][seen] == winner.numpy()[seen]).all()
    assert np.isinf(values["max_pool2d.winner"][~seen]).all()


@examples(150)
@given(pools("avg_pool2d"))
def test_average(case: Case) -> None:
    entry = case.entry
    expected = torch.nn.functional.avg_pool2d(
        torch.tensor(case.x),
        both(entry["size"]),
        both(entry.get("stride", entry["size"])),
        both(entry["padding"]),
        ceil_mode=entry["ceil_mode"],
        count_include_pad=entry["count_include_pad"],
    ).numpy()
    y = forward(case.net, case.x)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-13)
