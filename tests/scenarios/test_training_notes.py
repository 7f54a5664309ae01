"""What the notes of the networks that are trained say, against NumPy."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from bundles import opened
from numpy.lib.stride_tricks import sliding_window_view

from cnnsim.errors import CnnsimError
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.batches import Batches
from cnnsim.training.load import load
from cnnsim.training.schedule import rates


def test_filter_0_of_the_digits_sees_nothing_in_the_seven():
    found = opened("digits_article").iterations.at(0)
    picture, kernel = found["input"][0, 0], found["conv1.w"][0, 0]
    sums = np.einsum("yxij,ij->yx", sliding_window_view(picture, (3, 3)), kernel)
    assert ((sums < 0).sum(), (sums == 0).sum()) == (35, 1)
    assert sums[-1, -1] == 0
    learned = opened("digits_article_trained").iterations.at(0)
    assert all((found[name] == learned[name]).all() for name in ("conv1.w", "fc.w", "fc.b"))
    assert not learned["conv1.dw"][0].any()
    others = load(read_scenario("digits_article")).train.pictures[:, 0]
    windows = sliding_window_view(others, (3, 3), axis=(1, 2))
    assert (np.einsum("nyxij,ij->nyx", windows, kernel) > 0).any((1, 2)).sum() > 700


def test_frozen_filters_pass_a_gradient_on_and_get_none():
    stepper = opened("digits_article")
    assert stepper.iterations.at(0)["conv1.dx"].any()
    assert stepper.find("0:conv1.input_grad") > stepper.find("0:fc.kernel_grad")
    with pytest.raises(CnnsimError, match="kernel_grad"):
        stepper.find("0:conv1.kernel_grad")


def test_digits_are_shifted_in_rows_and_columns_alike():
    scenario = read_scenario("digits_cnn")
    train = load(scenario).train
    batches = Batches(train, 32, 0, True, scenario.model.data.shift)
    moves = {tuple(move) for move in batches.moves(0).tolist()}
    assert moves == {(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)}
    assert len(moves) * len(train) == 12_933


def test_the_first_rates_while_warming_up():
    for name, each, share in (("digits_cnn", 45, 90), ("mnist_lenet", 938, 469)):
        optimizer = read_scenario(name).iteration.optimizer
        assert rates(optimizer, 0, 1, each)[0] == pytest.approx(optimizer.rate / share, rel=1e-12)
        assert rates(optimizer, 0, each, each).max() <= optimizer.rate


def test_adam_moves_by_the_rate_what_has_a_gradient():
    found = opened("mnist_lenet").iterations.at(0)
    names = [(f"{layer}", r) for layer in ("conv1", "conv2", "fc1", "fc2", "fc3") for r in "wb"]
    gradients = np.concatenate([found[f"{layer}.d{r}"].ravel() for layer, r in names])
    moves = np.concatenate(
        [(found[f"{layer}.{r}_next"] - found[f"{layer}.{r}"]).ravel() for layer, r in names]
    )
    assert gradients.size == 61_706
    assert ((gradients != 0).sum(), (gradients == 0).sum()) == (23_367, 38_339)
    assert not moves[gradients == 0].any()
    expected = -0.003 * gradients / (np.abs(gradients) + 1e-8)
    np.testing.assert_allclose(moves, expected, rtol=1e-6, atol=1e-12)
    nearly_all = 0.998 * 23_367
    assert (np.abs(moves) > 0.99 * 0.003).sum() > nearly_all


def test_zeros_and_ones_of_the_small_digits_answer_on_the_wrong_side():
    found = opened("digits_zeros_ones").iterations.at(0)
    zero, one = found["sigmoid3.y"][0]
    assert (f"{zero:.3f}", f"{one:.3f}") == ("0.552", "0.434")
    assert f"{(-log(0.448) - log(0.434)) / 2:.3f}" == f"{found['loss']:.3f}" == "0.819"
