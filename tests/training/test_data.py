"""Pictures: every source, every way in which files can be wrong, splits, order, shifts, rates."""

from __future__ import annotations

import gzip
import os
import struct
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING
from PIL import Image
from texts import layer

from cnnsim.errors import CnnsimError, FileError, UsageError
from cnnsim.kernels.engine import as_float32
from cnnsim.kernels.lanes.rule import paces_of, rule_of
from cnnsim.network.optimizer import Optimizer, optimizers
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.training import mnist
from cnnsim.training.batches import Batches, epoch_of, shifted
from cnnsim.training.folders import read_files
from cnnsim.training.idx import read_idx
from cnnsim.training.load import load
from cnnsim.training.samples import Samples, Split
from cnnsim.training.schedule import rates

#: Where the four files are, if they are.
MNIST = Path(os.environ.get("CNNSIM_MNIST") or mnist.mnist_folder())
TRAIN_IMAGES = next(iter(mnist.CHECKSUMS))
SHAPE = (1, 5, 4)


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
        parse_scenario("t", ARTICLE, settings=[*words, f"loss.type={loss}"])


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


# -- idx ------------------------------------------------------------------------------------------


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def some(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(seed)
    classes = stream.permutation(count) % 3
    return stream.integers(0, 256, (count, *SHAPE[1:])).astype(np.uint8), classes


def idx_folder(folder: Path, pack: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for prefix, count in (("train", 12), ("t10k", 6)):
        for kind, array in zip(("images-idx3", "labels-idx1"), some(count), strict=True):
            name = f"{prefix}-{kind}-ubyte"
            data = idx(array)
            path = folder / (f"{name}.gz" if pack else name)
            path.write_bytes(gzip.compress(data) if pack else data)
    return folder


@pytest.mark.parametrize("pack", [True, False])
def test_a_folder_of_idx_files(tmp_path: Path, pack: bool) -> None:
    found = read_files(idx_folder(tmp_path / "idx", pack), SHAPE, 0.2, 42)
    pictures, classes = some(12)
    assert found.train.classes.tolist() == classes.tolist()
    expected = pictures[:, np.newaxis].astype(np.float32) / np.float32(255)
    assert (found.train.pictures == expected).all()
    assert len(found.test) == 6
    assert found.names == ("0", "1", "2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-3], "its header promises"),
        (lambda data: data + b"x", "its header promises"),
        (lambda data: data[:10], "ends within its header"),
        (lambda data: b"PK" + data[2:], "is no idx file"),
        (lambda data: data[:2] + b"\x0d" + data[3:], "numbers of type 0x0d"),
        (lambda data: idx(np.zeros(4)), "has 1 axes and pictures should have 3"),
        (lambda data: gzip.compress(data)[:-9], "ends too early|no gzip file"),
        (lambda data: b"\x1f\x8b" + b"nonsense" * 9, "no gzip file"),
        (lambda data: b"", "is no idx file"),
        (lambda data: struct.pack(">HBBIII", 0, 8, 3, 2**31, 2**31, 2**31), "says that it holds"),
    ],
)
def test_damaged_idx_files(tmp_path: Path, change, message: str) -> None:
    path = tmp_path / "pictures"
    path.write_bytes(change(idx(some(4)[0])))
    with pytest.raises(UsageError, match=message):
        read_idx(path, 3)


def test_idx_files_that_are_missing_or_do_not_match(tmp_path: Path) -> None:
    folder = idx_folder(tmp_path / "idx")
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(5))))
    with pytest.raises(UsageError, match="has 12 pictures and 5 labels"):
        read_files(folder, SHAPE, 0.2, 42)
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UsageError, match="lacks train-labels-idx1-ubyte"):
        read_files(folder, SHAPE, 0.2, 42)
    with pytest.raises(UsageError, match=r"there are no pictures at .*nowhere"):
        read_files(tmp_path / "nowhere", SHAPE, 0.2, 42)
    with pytest.raises(UsageError, match=r"pictures of 1x5x4 and the scenario's .* 1x28x28"):
        read_files(idx_folder(tmp_path / "small"), (1, 28, 28), 0.2, 42)


# -- npz, folders of pictures ---------------------------------------------------------------------


def test_npz_files(tmp_path: Path) -> None:
    pictures, classes = some(20)
    np.savez(tmp_path / "one.npz", x=pictures, y=classes)
    found = read_files(tmp_path / "one.npz", SHAPE, 0.25, 42)
    assert (len(found.train), len(found.test)) == (15, 5)
    np.savez(tmp_path / "two.npz", x_train=pictures, y_train=classes, x_test=pictures[:4],
             y_test=classes[:4])  # fmt: skip
    assert len(read_files(tmp_path / "two.npz", SHAPE, 0.25, 42).test) == 4
    coloured = np.zeros((6, 5, 4, 3), np.float32)
    np.savez(tmp_path / "three.npz", images=coloured, labels=np.arange(6) % 2)
    assert read_files(tmp_path / "three.npz", (3, 5, 4), 0.5, 42).train.pictures.shape[1] == 3
    np.savez(tmp_path / "names.npz", a=pictures)
    with pytest.raises(UsageError, match="holds a"):
        read_files(tmp_path / "names.npz", SHAPE, 0.25, 42)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:300])
    with pytest.raises(UsageError, match="no npz file that can be read"):
        read_files(tmp_path / "cut.npz", SHAPE, 0.25, 42)


@pytest.mark.parametrize(
    ("labels", "units", "message"),
    [
        (3, 2, "there are 3 classes and the last layer has 2 outputs"),
        (3, 4, "there are 3 classes and the last layer has 4 outputs; .* units = 3"),
        (3, 1, "there are 3 classes and the last layer has one output"),
        (1, 1, "all of one class"),
        (1, 2, "all of one class"),
        (2, 1, ""),
        (3, 3, ""),
    ],
)
def test_each_class_of_the_files_needs_an_output(
    tmp_path: Path, labels: int, units: int, message: str
) -> None:
    np.savez(tmp_path / "own.npz", x=np.zeros((12, 8, 8)), y=np.arange(12) % labels)
    settings = [f"data.source={tmp_path / 'own.npz'}", f"layers.fc.units={units}", "loss.target=0"]
    if units == 1:
        settings.append("loss.type=binary_cross_entropy")
    scenario = parse_scenario("t", ARTICLE, settings=settings)
    if not message:
        assert len(load(scenario).names) == labels
        return
    with pytest.raises(UsageError, match=message):
        load(scenario)


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for each in range(5):
            Image.new("RGB", (8, 10), (number * 255,) * 3).save(
                tmp_path / "pets" / name / f"{each}.png"
            )
    found = read_files(tmp_path / "pets", SHAPE, 0.2, 1)
    assert found.names == ("cat", "dog")
    assert len(found.test) == 2
    assert (found.train.pictures.mean(axis=(1, 2, 3)) == found.train.classes).all()
    (tmp_path / "pets" / "dog" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"bad.png is no picture"):
        read_files(tmp_path / "pets", SHAPE, 0.2, 1)
    with pytest.raises(UsageError, match="has the class folders none"):
        read_files(tmp_path / "pets" / "cat", SHAPE, 0.2, 1)


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


# -- order, shifts, rates -------------------------------------------------------------------------


def numbered(count: int) -> Samples:
    pictures = np.zeros((count, 1, 3, 3), np.float32)
    pictures[:, 0, 1, 1] = np.arange(count)
    return Samples(pictures, np.arange(count))


def all_of(batches: Batches, epoch: int, most: int) -> list[list[int]]:
    found: list[list[int]] = []
    at = epoch * batches.each
    while at < (epoch + 1) * batches.each:
        piece = batches.piece(at, most)
        found += piece.classes[piece.batches].tolist()
        at += len(piece.batches)
    return found


def test_every_picture_once_in_an_epoch_whatever_the_pieces() -> None:
    batches = Batches(numbered(23), 5, seed=3)
    first, second = all_of(batches, 0, 100), all_of(batches, 1, 100)
    assert [len(batch) for batch in first] == [5, 5, 5, 5, 3]
    assert sorted(chain(*first)) == list(range(23))
    assert first != second
    assert all_of(Batches(numbered(23), 5, seed=3), 1, 2) == second
    assert all_of(Batches(numbered(23), 5, seed=4), 0, 2) != first
    plain = Batches(numbered(23), 5, seed=3, shuffle=False)
    assert [*chain(*all_of(plain, 7, 2))] == list(range(23))


def test_an_epoch_of_several_runs_is_that_of_their_pieces() -> None:
    """What an engine takes that trains many models at once, the small last batch too."""
    every = [Batches(numbered(23), 5, seed=seed, shift=1) for seed in (3, 8)]
    for epoch in (0, 4):
        found = epoch_of(every, epoch)
        assert found.batches.shape == (2, 5, 5)
        for batches, rows, moves in zip(every, found.batches, found.moves, strict=True):
            for number, row in enumerate(rows, epoch * batches.each):
                piece = batches.piece(number, 1)
                chosen = row[: batches.size(number)]
                assert batches.samples.classes[chosen].tolist() == piece.classes.tolist()
                moved = shifted(batches.samples.pictures[chosen], moves[chosen])
                np.testing.assert_array_equal(moved, piece.pictures)
    assert epoch_of([Batches(numbered(23), 5, seed=3)], 0).moves.shape == (1, 0, 2)


def test_shifts_move_pictures_and_bring_in_zeros() -> None:
    pictures = np.arange(1, 13, dtype=np.float32).reshape(1, 1, 3, 4).repeat(4, axis=0)
    moves = np.array([[0, 0], [1, 0], [-1, 2], [3, 0]])
    found = shifted(pictures, moves)
    for picture, (down, right) in zip(found[:, 0], moves.tolist(), strict=True):
        for y in range(3):
            for x in range(4):
                inside = 0 <= y - down < 3 and 0 <= x - right < 4
                expected = pictures[0, 0, y - down, x - right] if inside else 0
                assert picture[y, x] == expected


def test_shifts_do_not_depend_on_the_pieces() -> None:
    def seen(most: int) -> list[bytes]:
        batches = Batches(numbered(23), 5, seed=3, shift=1)
        found: list[bytes] = []
        at = 0
        while at < 2 * batches.each:
            piece = batches.piece(at, most)
            found += [piece.pictures[batch].tobytes() for batch in piece.batches]
            at += len(piece.batches)
        return found

    assert seen(1) == seen(3) == seen(50)


def optimizer(**keys: object) -> Optimizer:
    return optimizers()["sgd"].model_validate({"optimizer": "sgd", "rate": 0.5, **keys})


def test_rates_against_torch() -> None:
    torch = pytest.importorskip("torch")

    def by_torch(make) -> list[float]:
        weights = [torch.nn.Parameter(torch.zeros(1))]
        steps = torch.optim.SGD(weights, 0.5)
        schedule = make(steps)
        found = []
        for _ in range(60):
            found.append(steps.param_groups[0]["lr"])
            steps.step()
            schedule.step()
        return found

    schedules = torch.optim.lr_scheduler
    cosine = rates(optimizer(schedule="cosine", epochs=6), 0, 60, 10)
    assert cosine == pytest.approx(by_torch(lambda s: schedules.CosineAnnealingLR(s, 60)))
    step = rates(optimizer(schedule="step", step_epochs=2, step_factor=0.3, epochs=6), 0, 60, 10)
    assert step == pytest.approx(by_torch(lambda s: schedules.StepLR(s, 20, 0.3)))
    keys = {"schedule": "step", "step_factor": 0.3, "epochs": 6}
    # As floats, 1.1 · 10 is more than 11, and 0.07 · 100 more than 7.
    for epochs, each, period in ((1.1, 10, 11), (0.07, 100, 7), (2.5, 2, 5)):
        step = rates(optimizer(step_epochs=epochs, **keys), 0, 60, each)
        assert step == pytest.approx(by_torch(lambda s, p=period: schedules.StepLR(s, p, 0.3)))
    warm = rates(optimizer(warm_up=0.5, epochs=6), 0, 60, 10)
    assert warm == pytest.approx(by_torch(lambda s: schedules.LinearLR(s, 0.2, 1.0, 4)))
    assert rates(optimizer(schedule="cosine", epochs=6), 17, 21, 10).tolist() == (
        cosine[17:21].tolist()
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("epochs", [5e-324, 1e-17, 1 / 3, 1e6])
def test_however_often_a_rate_falls(epochs: float) -> None:
    """In a million epochs never; in very little time to nothing with the first update."""
    found = rates(optimizer(schedule="step", step_epochs=epochs, epochs=1), 0, 4, 4)
    expected = [0.5 * 0.1 ** min(n // (4 * Fraction(str(epochs))), 400) for n in range(4)]
    assert found == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_too_large_are_infinite_without_a_word() -> None:
    """The loss tells."""
    words = ["layers.fc.init={normal=1e300}", "training.optimizer=adam", "training.rate=1e308"]
    iteration = parse_scenario("t", ARTICLE, settings=words).iteration
    drawn = iteration.network.parameters["fc.w"].draw(0, "fc.w")
    assert np.isinf(drawn).all()
    paces = paces_of(rule_of(iteration.optimizer), np.array([1e308]), 0)
    assert np.isinf(paces[0, 0])
    assert np.isinf(as_float32([1e300, -1e300])).all()


@pytest.mark.parametrize("count", [40, 1000])
def test_a_digest_notices_other_pictures(count: int) -> None:
    samples = numbered(count)
    digest = Split(samples, samples, ("a",)).digest()
    for number in (0, 1, count // 2 + 1, count - 1):
        pictures = samples.pictures.copy()
        pictures[number, 0, 2, 0] = 0.5
        one = Samples(pictures, samples.classes)
        assert Split(one, samples, ("a",)).digest() != digest
        assert Split(samples, one, ("a",)).digest() != digest
    other = Samples(samples.pictures * 2, samples.classes)
    assert Split(other, samples, ("a",)).digest() != digest
    assert (
        Split(samples, Samples(samples.pictures, samples.classes[::-1]), ("a",)).digest() != digest
    )
    assert (
        load(parse_scenario("t", EVERYTHING)).digest()
        == load(parse_scenario("t", EVERYTHING)).digest()
    )
