"""Single kernels of the GPU: products, masks, and how large their blocks are."""

from __future__ import annotations

import numpy as np
import pytest
from simulator import CAN_LAUNCH, launches, run_in_simulator, without_a_gpu

from cnnsim.network.elementwise import Elementwise
from cnnsim.network.kinds.tanh import Tanh
from cnnsim.network.layer import kinds
from cnnsim.network.mask import dropout_mask, mask_key

if CAN_LAUNCH:
    from numba import cuda

    from cnnsim.kernels.cuda.activations import NONE, activation_of
    from cnnsim.kernels.cuda.convolution import Shape, blocks_of
    from cnnsim.kernels.cuda.feeding import mask
    from cnnsim.kernels.cuda.product import Finish, Matrix, product


@without_a_gpu
def test_all_of_these_in_the_simulator() -> None:
    run_in_simulator(__file__)


@launches
def test_blocks_are_large_even_where_there_is_little_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LeNet's second convolution, of 64 pictures and 1,024: 25 windows, two groups of maps."""
    monkeypatch.setattr("cnnsim.kernels.cuda.convolution._THREADS", 256)
    monkeypatch.setattr("cnnsim.kernels.cuda.convolution._BLOCKS", 128)

    def cut(batch: int) -> tuple[int, ...]:
        found = blocks_of(Shape(batch, 6, 14, 14, 16, 5, 5, 0, 0, 10, 10, True))
        assert found is not None
        return tuple(found)

    # 128 blocks of 10 teams, which have 3 of the 30 rows of kernels each; 205 blocks of 5 pictures.
    assert cut(64) == (5, 1, 1, 10, 6)
    assert cut(1024) == (5, 5, 2, 1, 6)


@launches
@pytest.mark.parametrize(
    ("rows", "columns", "depth"), [(1, 1, 1), (5, 9, 3), (8, 7, 50), (13, 4, 17), (30, 30, 6)]
)
@pytest.mark.parametrize("has_ones", [False, True])
def test_products(rows: int, columns: int, depth: int, has_ones: bool) -> None:
    stream = np.random.default_rng(3)
    a, b = stream.standard_normal((rows, depth)), stream.standard_normal((depth, columns))
    bias, known = stream.standard_normal(columns), np.tanh(stream.standard_normal((rows, columns)))
    # Either matrix may lie turned: the right one does here.
    parts = [a, b.T, bias, known, np.zeros((rows, columns)), np.zeros(rows)]
    begins = np.cumsum([0, *(-(-part.size // 4) * 4 for part in parts)]).tolist()
    arena = np.zeros(begins[-1] + 40 * (rows + 8) * (columns + 8), np.float32)
    for part, begin in zip(parts, begins, strict=False):
        arena[begin : begin + part.size] = part.reshape(-1)
    tanh = activation_of(Tanh.model_validate({"type": "tanh", "name": "t"}))
    finish = Finish(begins[2], NONE, begins[3], tanh, begins[5] if has_ones else None)
    made = product(
        rows, columns, depth, Matrix(begins[0], depth, 1), Matrix(begins[1], 1, depth),
        Matrix(begins[4], columns, 1), lambda size: begins[-1], finish,
    )  # fmt: skip
    on_device = cuda.to_device(arena)
    for kernel in made.kernels:
        kernel.launch(0, on_device)
    found = on_device.copy_to_host()
    expected = (a @ b + bias) * (1 - known**2)
    result = found[begins[4] : begins[4] + rows * columns].reshape(rows, columns)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    sums = found[begins[5] : begins[5] + rows]
    np.testing.assert_allclose(sums, a.sum(axis=1) if has_ones else 0, rtol=1e-5, atol=1e-5)


@launches
@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_activations_of_any_number(kind: str) -> None:
    """As their layers define them, where float32 is at its end too."""
    layer = kinds()[kind].model_validate({"type": kind, "name": "a"})
    assert isinstance(layer, Elementwise)
    apply = activation_of(layer).apply
    for x in (-np.inf, -1e30, -1000.0, -89.5, -80.0, -0.5, 0.0, 0.5, 1000.0, np.inf, np.nan):
        with np.errstate(over="ignore"):
            expected = layer.term((x,), (), (), layer.params())
        np.testing.assert_allclose(apply(np.float32(x)), expected, rtol=1e-6, atol=1e-38)


@launches
def test_masks_are_the_stepper_s() -> None:
    keys = [mask_key(5, "drop.mask", number) for number in range(3)]
    ledger = np.array([2, *np.array(keys, np.uint64).view(np.int64)], np.int64)
    arena = cuda.to_device(np.zeros(60, np.float32))
    mask(1, 1, 4, 15, 0.25, 0).launch(0, arena, cuda.to_device(ledger))
    expected = dropout_mask(5, "drop.mask", 2, (4, 15), 0.25).astype(np.float32)
    assert arena.copy_to_host().tobytes() == expected.tobytes()
