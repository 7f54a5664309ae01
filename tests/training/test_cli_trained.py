"""The commands for a trained run: evaluate, predict, export."""

from __future__ import annotations

import csv
import json
import shutil
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING
from PIL import Image
from running import KINDS, Run, write
from texts import DENSE, dense, layer

from cnnsim.kernels.general import GeneralEngine
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.training.evaluate import shares
from cnnsim.training.export import to_safetensors
from cnnsim.training.onnx import to_onnx
from cnnsim.training.trained import open_trained


def test_evaluate_says_what_training_measured(run: Run, trained: Path) -> None:
    measured = json.loads((trained / "metrics.jsonl").read_text().splitlines()[-1])
    found, *mistakes = run("evaluate", trained, "--json", "--worst", "5").objects
    assert found["test_accuracy"] == measured["test_accuracy"]
    assert found["test_loss"] == pytest.approx(measured["test_loss"], rel=1e-12)
    confusion = np.array(found["confusion"])
    assert confusion.sum() == found["pictures"] == 360
    assert np.trace(confusion) == found["right"]
    assert [row["kind"] for row in mistakes] == ["mistake"] * 5
    shares = [row["share"] for row in mistakes]
    assert shares == sorted(shares)
    assert all(row["class"] != row["guess"] for row in mistakes)
    rows = list(csv.reader(run("evaluate", trained, "--csv").out.splitlines()))
    assert rows[0] == ["class", *"0123456789"]
    assert np.array([row[1:] for row in rows[1:]], int).tolist() == confusion.tolist()
    text = run("evaluate", trained).out
    assert f"{found['right']} of 360 right" in text
    assert "worst mistakes" in text


def test_predict_says_what_the_network_says(run: Run, trained: Path, tmp_path: Path) -> None:
    from cnnsim.scenario.picture import digit_picture

    picture = digit_picture(3, 0)[0]
    Image.fromarray(np.round(picture * 255).astype(np.uint8)).save(tmp_path / "three.png")
    (found,) = run("predict", trained, tmp_path / "three.png", "--json").objects
    pixels = (np.round(picture * 255) / 255).astype(np.float32)[np.newaxis, np.newaxis]
    outputs = open_trained(trained).outputs(pixels, 1)[0].astype(float)
    shares = np.exp(outputs) / np.exp(outputs).sum()
    assert found["class"] == str(shares.argmax())
    assert found["share"] == pytest.approx(shares.max())
    assert sum(found["shares"].values()) == pytest.approx(1)
    inverted = Image.fromarray(255 - np.round(picture * 255).astype(np.uint8))
    inverted.save(tmp_path / "dark.png")
    (other,) = run("predict", trained, tmp_path / "dark.png", "--invert", "--json").objects
    assert other["share"] == pytest.approx(found["share"])
    assert "--invert" in run("predict", trained, tmp_path / "dark.png").err
    assert not run("predict", trained, tmp_path / "three.png").err


def test_own_pictures_are_seen_as_they_were_learned(run: Run, tmp_path: Path) -> None:
    """Not as UCI's digits are made, be they 8x8; the run knows its classes when they are gone."""
    stream = np.random.default_rng(4)
    names = sorted(f"animal {letter}" for letter in "abcdefghi")
    names.insert(0, "\x1b[31mj")
    for name in names:
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(2):
            pixels = stream.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "own" / name / f"{number}.png")
    net = write(tmp_path / "net.toml", ARTICLE.replace('"digits"', '"own"'))
    folder = tmp_path / "run"
    assert run("train", net, "--out", folder, "--epochs", "1").code == 0
    for words in ([], ["--csv"]):
        said = run("evaluate", folder, *words).out
        assert "\x1b" not in said
        assert "\\u001b[31mj" in said
    shutil.rmtree(tmp_path / "own")
    drawn = np.zeros((20, 30), np.uint8)
    drawn[3:9, 4:7] = 255
    Image.fromarray(drawn).save(tmp_path / "drawn.png")
    small = Image.fromarray(drawn).resize((8, 8), Image.Resampling.BILINEAR)
    pixels = (np.asarray(small, np.float64) / 255).astype(np.float32)[np.newaxis, np.newaxis]
    outputs = open_trained(folder).outputs(pixels, 1)[0].astype(float)
    shares = np.exp(outputs) / np.exp(outputs).sum()
    (found,) = run("predict", folder, tmp_path / "drawn.png", "--json").objects
    assert found["shares"] == pytest.approx(dict(zip(names, shares, strict=True)))
    assert "\x1b" not in run("predict", folder, tmp_path / "drawn.png").out


def test_predict_looks_at_the_others(run: Run, trained: Path, tmp_path: Path, monkeypatch) -> None:
    Image.new("L", (20, 30)).save(tmp_path / "black.png")
    result = run("predict", trained, tmp_path / "none.png", tmp_path / "black.png")
    assert result.code == 2
    assert "none.png is not there" in result.err
    assert "black.png" in result.out
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    assert run("predict", tmp_path, tmp_path / "black.png").code == 2
    assert "is no run folder" in run("predict", tmp_path, tmp_path / "black.png").err


def test_exported_weights_are_read_back(run: Run, trained: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    out = tmp_path / "weights.safetensors"
    result = run("export", trained, "--out", out)
    assert result.out.strip() == str(out)
    assert result.err == f"{out.stat().st_size:,} bytes\n"
    stored = load_file(out)
    assert {name: tensor.shape for name, tensor in stored.items()} == {
        "conv1.weight": (4, 1, 3, 3),
        "fc.weight": (10, 36),
        "fc.bias": (10,),
    }
    tensors = open_trained(trained).tensors
    for weights in (out, trained / "last.safetensors"):
        net = write(tmp_path / "net.toml", f'weights = "{weights}"\n{ARTICLE}')
        leaves = read_scenario(str(net)).leaves()
        for name in ("conv1.w", "fc.w", "fc.b"):
            assert (leaves[name] == tensors[name]).all()
    torch = pytest.importorskip("torch")
    layers = torch.nn.ModuleDict(
        {"conv1": torch.nn.Conv2d(1, 4, 3, bias=False), "fc": torch.nn.Linear(36, 10)}
    )
    layers.load_state_dict({name: torch.from_numpy(t) for name, t in stored.items()})


def test_torch_computes_the_same_with_kernels_of_a_true_convolution() -> None:
    """It only knows cross-correlation."""
    torch = pytest.importorskip("torch")
    from safetensors.numpy import load

    text = f"""
title = "Two ways to convolve"
[input]
zeros = [2, 6, 6]
{layer("conv2d", "true", filters=4, size=3, padding=1, groups=2, mode="convolution")}
{layer("conv2d", "cross", filters=3, size=2)}
{dense(2)}
"""
    iteration = parse_scenario("net", text).iteration
    tensors = {name: p.draw(3, name) for name, p in iteration.network.parameters.items()}
    net = torch.nn.Sequential(
        OrderedDict(
            true=torch.nn.Conv2d(2, 4, 3, padding=1, groups=2),
            cross=torch.nn.Conv2d(4, 3, 2),
            flat=torch.nn.Flatten(),
            fc=torch.nn.Linear(75, 2),
        )
    )
    stored = load(to_safetensors(iteration.network, tensors))
    net.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in stored.items()})
    pictures = np.random.default_rng(0).random((1, 2, 6, 6), np.float32)
    engine = GeneralEngine(iteration)
    engine.load(tensors)
    found = net(torch.from_numpy(pictures)).detach().numpy()
    np.testing.assert_allclose(found, engine.outputs(pictures), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("which", ["article", "everything"])
def test_the_onnx_model_says_the_same(run: Run, tmp_path: Path, which: str) -> None:
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    net = write(tmp_path / "net.toml", {"article": ARTICLE, "everything": EVERYTHING}[which])
    assert run("train", net, "--out", tmp_path / "run", "--epochs", "1").code == 0
    assert run("export", tmp_path / "run", "--onnx", "--out", tmp_path / "net.onnx").code == 0
    model = onnx.load(tmp_path / "net.onnx")
    pictures = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    (found,) = reference.ReferenceEvaluator(model).run(None, {"input": pictures})
    expected = open_trained(tmp_path / "run").outputs(pictures, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_every_kind_of_layer_as_onnx() -> None:
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    iteration = parse_scenario("kinds", KINDS).iteration.resized(2, False)
    network = iteration.network
    tensors = {name: p.draw(3, name) for name, p in network.parameters.items()}
    stream = np.random.default_rng(0)
    tensors["norm.mean"], tensors["norm.variance"] = stream.random((2, 3), np.float32)
    model = onnx.load_from_string(to_onnx(network, tensors))
    pictures = stream.random((2, 2, 6, 6), np.float32)
    (found,) = reference.ReferenceEvaluator(model).run(None, {"input": pictures})
    engine = GeneralEngine(iteration)
    engine.load(tensors)
    np.testing.assert_allclose(found, engine.outputs(pictures), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("rounds_up", [True, False])
def test_pools_that_round_up_as_onnx(kind: str, rounds_up: bool) -> None:
    """Before operator set 22 ONNX let a window begin behind the picture."""
    onnx = pytest.importorskip("onnx")
    sizes = {"size": [1, 3], "stride": [3, 3], "padding": [0, 1]}
    pool = layer(kind, "pool", **sizes, ceil_mode=rounds_up)
    text = f"""
title = "A pool"
[input]
zeros = [1, 4, 8]
{pool}
{dense(2)}
"""
    network = parse_scenario("pool", text).network
    tensors = {name: p.draw(3, name) for name, p in network.parameters.items()}
    model = onnx.load_from_string(to_onnx(network, tensors))
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim][1:]
        for value in inferred.graph.value_info
    }
    assert shapes["pool.y"] == list(network.places["pool"].output)


def test_a_pool_that_fits_only_where_it_rounds_up() -> None:
    """Its window of 3 begins inside of 2 rows: rounded down there is no place for it at all."""
    onnx = pytest.importorskip("onnx")
    text = f"""
title = "A pool"
[input]
zeros = [1, 2, 5]
{layer("max_pool2d", "pool", size=3, stride=2, ceil_mode=True)}
"""
    network = parse_scenario("pool", text).network
    assert network.places["pool"].output == (1, 1, 2)
    model = onnx.load_from_string(to_onnx(network, {}))
    (node,) = model.graph.node
    assert {each.name: each.i for each in node.attribute}["ceil_mode"] == 1
    onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize(
    ("output", "expected"), [(1.25, [0, 1]), (-0.5, [1, 0]), (0.75, [0.25, 0.75])]
)
def test_shares_of_a_single_output_are_shares(output: float, expected: list[float]) -> None:
    """Squared errors leave it anywhere."""
    scenario = parse_scenario("net", DENSE, settings=["seed=0"])
    assert shares(scenario, np.array([[output]])).tolist() == [expected]
