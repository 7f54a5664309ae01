"""What the table [data] gives: the digits, chosen classes, MNIST; and mistakes in it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from nets import ARTICLE
from texts import layer

from cnnsim.errors import CnnsimError, FileError, UsageError
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.training import mnist
from cnnsim.training.load import load

#: Where the four files are, if they are.
MNIST = Path(os.environ.get("CNNSIM_MNIST") or mnist.mnist_folder())
TRAIN_IMAGES = next(iter(mnist.CHECKSUMS))


# -- the digits -----------------------------------------------------------------------------------


def test_the_split_is_that_of_scikit_learn() -> None:
    found = load(parse_scenario("t", ARTICLE))
    order = np.random.RandomState(42).permutation(1797)
    assert (len(found.train), len(found.test)) == (1437, 360)
    from cnnsim.scenario.picture import digits

    pictures, classes = digits()
    assert (found.test.classes == classes[order[:360]]).all()
    assert (found.train.pictures[:, 0] == pictures[order[360:]].astype(np.float32)).all()
    sklearn = pytest.importorskip("sklearn.model_selection")
    train, test = sklearn.train_test_split(np.arange(1797), test_size=0.2, random_state=42)
    assert test.tolist() == order[:360].tolist()
    assert sorted(train) == sorted(order[360:])


def test_chosen_classes_are_numbered_in_their_order() -> None:
    settings = ["data.classes=[7, 2]", "layers.fc.units=2", "loss.target=0"]
    found = load(parse_scenario("t", ARTICLE, settings=settings))
    every = load(parse_scenario("t", ARTICLE))
    assert found.names == ("7", "2")
    chosen = np.isin(every.train.classes, (7, 2))
    assert (found.train.pictures == every.train.pictures[chosen]).all()
    assert ((every.train.classes[chosen] == 2) == found.train.classes).all()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (["data.classes=[1]"], "data"),
        (["data.classes=[1, 1]"], "data"),
        (["data.classes=[1, 10]"], "data"),
        (["layers.fc.units=9"], "data"),
        (["layers.fc.units=11"], "data"),
        (["data.classes=[0, 1]"], "data"),
        (["data.classes=[0, 1, 2]", "layers.fc.units=1", "loss.target=0"], "data"),
        (["data.classes=[0, 1]", "layers.fc.units=1", "loss.target=0"], "loss.type"),
        (["data.source=own.npz", "layers.fc.units=1", "loss.target=0"], "loss.type"),
        (["input.digit=3", "data.source=mnist"], "data.source"),
        (["data.test_share=1.5"], "data.test_share"),
        (["data.source="], "data.source"),
        (["data.shuffel=true"], "data.shuffel"),
        (["training.schedule=linear"], "training.schedule"),
        (["training.step_factor=0.5"], "training"),
        (["training.epochs=0"], "training.epochs"),
    ],
)
def test_mistakes_in_the_tables(settings: list[str], field: str) -> None:
    with pytest.raises(FileError) as raised:
        parse_scenario("t", ARTICLE, settings=settings)
    assert [problem.field for problem in raised.value.problems] == [field]


def test_mistakes_are_told_with_their_lines_all_at_once() -> None:
    text = ARTICLE.replace("shuffle = false", "shuffle = 3").replace("epochs = 2", "epochs = 0")
    with pytest.raises(FileError) as raised:
        parse_scenario("t", text)
    lines = text.splitlines()
    found = [(problem.field, lines[problem.line - 1]) for problem in raised.value.problems]
    assert found == [("data.shuffle", "shuffle = 3"), ("training.epochs", "epochs = 0")]


def test_a_single_output_may_be_trained_with_other_losses() -> None:
    words = ["data.classes=[0, 1]", "layers.fc.units=1", "loss.target=0"]
    for loss in ("mean_squared_error", "binary_cross_entropy"):
        found = parse_scenario("t", ARTICLE, settings=[*words, f"loss.type={loss}"])
        assert found.iteration.loss is not None
        assert found.iteration.loss.type == loss


def test_only_pictures_are_moved() -> None:
    flat = f"""
title = "Rows of numbers"
[input]
random = [6]
[data]
source = "own.npz"
SHIFT
{layer("dense", "fc", units=2)}
[loss]
type = "softmax_cross_entropy"
target = 0
[training]
optimizer = "sgd"
"""
    parse_scenario("t", flat.replace("SHIFT", "shift = 0"))
    with pytest.raises(FileError, match=r"data.shift: moves pictures, and \[input\] is flat: 6"):
        parse_scenario("t", flat.replace("SHIFT", "shift = 1"))


def test_tables_that_need_each_other() -> None:
    without = ARTICLE.replace('[data]\nsource = "digits"\nshuffle = false\n', "")
    with pytest.raises(FileError, match=r"training.batch: goes with a \[data\] table") as raised:
        parse_scenario("t", without)
    assert len(raised.value.problems) == 2, "batch and epochs"
    head = ARTICLE[: ARTICLE.index("[loss]")]
    with pytest.raises(FileError) as raised:
        parse_scenario("t", head)
    assert len(raised.value.problems) == 2, "loss and training are missing"
    with pytest.raises(UsageError, match="says nothing about pictures"):
        load(read_scenario("sobel"))


# -- MNIST ----------------------------------------------------------------------------------------


def test_what_to_do_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "mnist_folder", lambda: tmp_path)
    monkeypatch.setattr(mnist, "_MIRRORS", ("http://127.0.0.1:9/",))
    with pytest.raises(CnnsimError, match="MNIST could not be downloaded") as raised:
        mnist.fetch_mnist()
    assert raised.value.message.endswith("no connection to 127.0.0.1")
    assert "data.source=FOLDER" in raised.value.hint


def test_files_in_the_cache_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hashlib import md5

    monkeypatch.setattr(mnist, "mnist_folder", lambda: tmp_path)
    for name in mnist.CHECKSUMS:
        (tmp_path / name).write_bytes(b"x")
    asked: list[str] = []
    monkeypatch.setattr(mnist, "_download", lambda name, folder: asked.append(name))
    mnist.fetch_mnist()
    assert asked == list(mnist.CHECKSUMS), "damaged ones are fetched again"
    right = dict.fromkeys(mnist.CHECKSUMS, md5(b"x").hexdigest())
    monkeypatch.setattr(mnist, "CHECKSUMS", right)
    mnist.fetch_mnist()
    assert asked == list(right), "whole ones are not"


@pytest.mark.skipif(not (MNIST / TRAIN_IMAGES).is_file(), reason="MNIST's files are not there")
def test_the_real_mnist() -> None:
    found = load(read_scenario("mnist_lenet", [f"data.source={MNIST}"]))
    assert (len(found.train), len(found.test)) == (60_000, 10_000)
    assert found.train.classes[:5].tolist() == [5, 0, 4, 1, 9], "as everywhere"
    assert found.train.pictures.max() == 1
    assert found.is_centred
    chosen = load(read_scenario("mnist_zeros_ones", [f"data.source={MNIST}"]))
    assert (len(chosen.train), len(chosen.test)) == (12_665, 2_115)
    assert chosen.is_centred
