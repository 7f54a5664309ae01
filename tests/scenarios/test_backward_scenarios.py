"""The scenarios that run backwards, against plain arithmetic, NumPy, SciPy and torch."""

from __future__ import annotations

from functools import cache
from math import exp, log

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cnnsim.network.walk import walk
from cnnsim.scenario.bundled import bundled_folder
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.values import Values

TOY_X = np.array([[1, 6, 2], [5, 3, 1], [7, 0, 4]], float)
TOY_K = np.array([[1, 2], [-1, 0]], float)
TOY_DY = np.array([[1, -1], [2, 3]], float)


@cache
def opened(name: str) -> Stepper:
    return Stepper(read_scenario(name))


def values(name: str, iteration: int = 0) -> Values:
    return opened(name).iterations.at(iteration)


def slide(x: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Valid cross-correlation of two planes."""
    return np.einsum("yxij,ij->yx", sliding_window_view(x, k.shape), k)


def raised(name: str, tensor: str, index: tuple[int, ...]) -> float:
    """L after one number of a leaf has grown by 1, which is exact where L is linear in it."""
    found = values(name)
    moved = found[tensor].astype(float)
    moved[index] += 1
    after = found.replaced(tensor, moved)
    return float((TOY_DY * after["conv1.y"]).sum())


# --- backprop_toy -------------------------------------------------------------------------------


def test_backprop_toy_against_numpy():
    found = values("backprop_toy")
    assert found["conv1.y"][0, 0].tolist() == [[8, 7], [4, 5]]
    assert found["conv1.db"].tolist() == [TOY_DY.sum()] == [5]
    assert found["conv1.dw"][0, 0].tolist() == slide(TOY_X, TOY_DY).tolist() == [[14, 13], [16, 14]]
    full = slide(np.pad(TOY_DY, 1), TOY_K[::-1, ::-1])
    assert found["conv1.dx"][0, 0].tolist() == full.tolist()
    assert full.tolist() == [[1, 1, -2], [1, 8, 6], [-2, -3, 0]]


def test_backprop_toy_is_what_one_more_would_do():
    """L is linear in every number, so a difference of 1 is the gradient exactly."""
    before = float((TOY_DY * slide(TOY_X, TOY_K)).sum())
    assert before == 24
    assert raised("backprop_toy", "conv1.w", (0, 0, 0, 0)) == 38
    for leaf, gradient in (("conv1.w", "conv1.dw"), ("conv1.b", "conv1.db"), ("input", "conv1.dx")):
        expected = values("backprop_toy")[gradient]
        for index in np.ndindex(expected.shape):
            assert raised("backprop_toy", leaf, index) - before == expected[index]


def test_backprop_toy_has_1_2_or_4_terms():
    stepper = opened("backprop_toy")
    terms = np.zeros((3, 3), int)
    first = stepper.find("conv1.input_grad[0,0,0,0] tap[0,0,0]")
    for step in range(first, first + 36):
        reading = stepper.read(step)
        terms[reading.cell[2:]] += reading.why != "hole"
    assert terms.tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_backprop_toy_turns_the_kernel():
    """By dY in row-major order, the centre's terms meet K backwards."""
    stepper = opened("backprop_toy")
    met = []
    for i in (0, 1):
        for j in (0, 1):
            reading = stepper.read(stepper.find(f"conv1.input_grad[0,0,1,1] tap[0,{i},{j}]"))
            met.append((reading.reads[0].index, reading.left, reading.right))
    met.sort()
    assert [dy for _, dy, _ in met] == TOY_DY.ravel().tolist()
    assert [k for _, _, k in met] == TOY_K[::-1, ::-1].ravel().tolist() == [0, -1, 2, 1]


def test_signal_processing_agrees():
    signal = pytest.importorskip("scipy.signal")
    found = values("backprop_toy")
    assert (found["conv1.dw"][0, 0] == signal.correlate2d(TOY_X, TOY_DY, "valid")).all()
    assert (found["conv1.dx"][0, 0] == signal.convolve2d(TOY_DY, TOY_K, "full")).all()


# --- train_by_hand ------------------------------------------------------------------------------


def by_hand(k: list[list[float]], b: float, w: list[list[float]], c: list[float]):
    """(loss, pooled numbers, dK, db, dW, dc), in plain Python, as one would on paper."""
    x = [[1, 0, 0, 1], [1, 1, 2, 1], [2, 2, 0, 2], [2, 1, 0, 1]]
    y = [
        [b + sum(x[r + i][q + j] * k[i][j] for i in (0, 1) for j in (0, 1)) for q in range(3)]
        for r in range(3)
    ]
    pooled, winners = [], []
    for r in (0, 1):
        for q in (0, 1):
            cells = [(r, q), (r, q + 1), (r + 1, q), (r + 1, q + 1)]
            best = max(cells, key=lambda cell: max(0, y[cell[0]][cell[1]]))
            winners.append(best)
            pooled.append(max(0, y[best[0]][best[1]]))
    z = [c[o] + sum(w[o][n] * pooled[n] for n in range(4)) for o in (0, 1)]
    p0 = 1 / (1 + exp(z[1] - z[0]))
    dz = [p0 - 1, 1 - p0]
    dk, db = [[0.0, 0.0], [0.0, 0.0]], 0.0
    for n, (r, q) in enumerate(winners):
        if y[r][q] <= 0:  # closed
            continue
        back = dz[0] * w[0][n] + dz[1] * w[1][n]
        db += back
        for i in (0, 1):
            for j in (0, 1):
                dk[i][j] += back * x[r + i][q + j]
    return -log(p0), pooled, dk, db, [[dz[o] * pooled[n] for n in range(4)] for o in (0, 1)], dz


def test_train_by_hand_on_paper():
    k, b = [[-1.0, -1.0], [1.0, 1.0]], 0.0
    w, c = [[0.0, 0.0, 2.0, 1.0], [1.0, 1.0, -1.0, -1.0]], [0.0, 0.0]
    losses = []
    for iteration in (0, 1):
        loss, pooled, dk, db, dw, dc = by_hand(k, b, w, c)
        found = values("train_by_hand", iteration)
        losses.append(loss)
        for tensor, expected in (
            ("conv1.w", k), ("conv1.b", b), ("fc.w", w), ("fc.b", c), ("loss", loss),
            ("pool1.y", pooled), ("conv1.dw", dk), ("conv1.db", db), ("fc.dw", dw), ("fc.db", dc),
        ):  # fmt: skip
            ours = np.ravel(found[tensor])
            assert np.allclose(ours, np.ravel(expected), rtol=1e-12, atol=1e-14), tensor
        k = [[k[i][j] - 0.1 * dk[i][j] for j in (0, 1)] for i in (0, 1)]
        b -= 0.1 * db
        w = [[w[o][n] - 0.1 * dw[o][n] for n in range(4)] for o in (0, 1)]
        c = [c[o] - 0.1 * dc[o] for o in (0, 1)]
    assert losses[0] == pytest.approx(log(2))
    assert losses[1] == pytest.approx(0.00896447632798925)


def test_train_by_hand_says_what_is_there():
    first = values("train_by_hand")
    learned = [slot.name for slot in opened("train_by_hand").scenario.iteration.slots]
    assert sum(first[name].size for name in learned) == 15
    assert first["pool1.winner"][0, 0].tolist() == [[1, 1], [3, 4]]
    before, after = first["pool1.dx"][0, 0], first["relu1.dx"][0, 0]
    assert (before[1, 1], after[1, 1]) == (-1, 0), "the ReLU that is closed"
    assert before[0, 0] == before[0, 2] == 0, "who won no window"
    assert before[0, 1] == 0.5 + 0.5


def test_train_by_hand_against_torch():
    torch = pytest.importorskip("torch")
    first = values("train_by_hand")
    leaf = {
        name: torch.tensor(first[name].astype(float), requires_grad=True)
        for name in ("conv1.w", "conv1.b", "fc.w", "fc.b")
    }
    optimizer = torch.optim.SGD(leaf.values(), lr=0.1)
    for iteration in (0, 1):
        optimizer.zero_grad()
        y = torch.nn.functional.conv2d(
            torch.tensor(first["input"]), leaf["conv1.w"], leaf["conv1.b"]
        )
        y = torch.nn.functional.max_pool2d(torch.relu(y), 2, 1).flatten(1)
        y = torch.nn.functional.linear(y, leaf["fc.w"], leaf["fc.b"])
        loss = torch.nn.functional.cross_entropy(y, torch.tensor([0]))
        loss.backward()
        found = values("train_by_hand", iteration)
        assert float(found["loss"]) == pytest.approx(loss.item(), rel=1e-9)
        for name, tensor in leaf.items():
            layer, role = name.split(".")
            assert np.allclose(
                found[f"{layer}.d{role}"], tensor.grad.numpy(), rtol=1e-9, atol=1e-12
            )
        optimizer.step()


# --- dense_is_conv ------------------------------------------------------------------------------


def test_dense_is_conv_forwards_and_backwards():
    found = values("dense_is_conv")
    for conv, dense in (
        ("y", "y"),
        ("w", "w"),
        ("b", "b"),
        ("dw", "dw"),
        ("db", "db"),
        ("dx", "dx"),
    ):
        one, other = found[f"conv1.{conv}"], found[f"fc.{dense}"]
        assert one.ravel().tolist() == other.ravel().tolist(), conv
    rows = {row.name: row for row in walk(opened("dense_is_conv").network).rows}
    assert rows["conv1"].params == rows["fc"].params == 18
    assert rows["conv1"].macs == rows["fc"].macs == 16


def test_dense_is_conv_against_numpy():
    found = values("dense_is_conv")
    x, w, dy = found["input"].ravel(), found["fc.w"], np.array([1.0, -2])
    assert found["fc.y"][0].tolist() == (w @ x + [1, 0]).tolist() == [2, 6]
    assert found["fc.dw"].tolist() == np.outer(dy, x).tolist()
    assert found["fc.dx"][0].tolist() == (w.T @ dy).tolist()
    assert found["fc.db"].tolist() == dy.tolist()
    assert found["input.dy"].ravel().tolist() == (2 * (w.T @ dy)).tolist()


# --- zeros_and_ones -----------------------------------------------------------------------------


def test_zeros_and_ones_has_the_sizes_it_names():
    walked = walk(opened("zeros_and_ones").network)
    rows = {row.name: row for row in walked.rows}
    assert [rows[name].params for name in ("conv1", "fc1", "fc2")] == [545, 10_020, 42]
    assert walked.total("params") == 10_607
    assert [rows[name].macs for name in ("conv1", "fc1", "fc2")] == [4_500, 10_000, 40]


def test_zeros_and_ones_reads_a_small_picture():
    path = bundled_folder() / "zero.png"
    assert path.stat().st_size <= 500
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L"), float) / 255
    assert pixels.shape == (12, 12)
    assert (values("zeros_and_ones")["input"][0, 0] == pixels).all()
    assert pixels[5:7, 5:7].max() < pixels.max() / 2, "a 0 is hollow"


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def test_zeros_and_ones_against_numpy():
    """The network as it is written from scratch, with an untied bias."""
    start = values("zeros_and_ones")
    leaf = {
        n: start[n].astype(float)
        for n in ("conv1.w", "conv1.b", "fc1.w", "fc1.b", "fc2.w", "fc2.b")
    }
    x, t = start["input"][0, 0], np.array([1.0, 0])
    losses = []
    for iteration in (0, 1):
        kernels = leaf["conv1.w"][:, 0]
        maps = sigmoid(leaf["conv1.b"] + np.stack([slide(x, k) for k in kernels]))
        row = maps.ravel()
        hidden = sigmoid(leaf["fc1.w"] @ row + leaf["fc1.b"])
        p = sigmoid(leaf["fc2.w"] @ hidden + leaf["fc2.b"])
        losses.append(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))
        d2 = (p - t) / 2
        d1 = (leaf["fc2.w"].T @ d2) * hidden * (1 - hidden)
        d0 = (leaf["fc1.w"].T @ d1).reshape(maps.shape) * maps * (1 - maps)
        gradients = {
            "conv1.w": np.stack([slide(x, d) for d in d0])[:, None], "conv1.b": d0,
            "fc1.w": np.outer(d1, row), "fc1.b": d1, "fc2.w": np.outer(d2, hidden), "fc2.b": d2,
        }  # fmt: skip
        found = values("zeros_and_ones", iteration)
        assert float(found["loss"]) == pytest.approx(losses[-1], rel=1e-12)
        for name, gradient in gradients.items():
            layer, role = name.split(".")
            np.testing.assert_allclose(found[f"{layer}.d{role}"], gradient, rtol=1e-9, atol=1e-15)
            leaf[name] = leaf[name] - 0.1 * gradient
    assert losses[1] < losses[0]


def test_zeros_and_ones_fades():
    found = values("zeros_and_ones")
    sizes = [np.abs(found[f"sigmoid{n}.dx"]).max() for n in (3, 2, 1)]
    assert [f"{size:.2g}" for size in sizes] == ["0.29", "0.024", "0.00096"]
