"""``cnnsim bench``: every line, and how it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running import Run

from cnnsim.kernels import measure
from cnnsim.kernels.lanes.loops.repeated import TILES, multiply_add_only
from cnnsim.kernels.lanes.memory import memory
from cnnsim.kernels.processors import processors


def test_json_has_the_ceiling_every_kernel_and_whole_steps(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_SECONDS", 0.0)
    result = run("bench", "--threads", "1", "--json")
    assert result.code == 0
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert {row["kind"] for row in rows} == {"benchmark"}
    kernels = [row for row in rows if row["what"] == "kernel"]
    steps = [row for row in rows if row["what"] == "step"]
    assert len(kernels) + len(steps) == len(rows)
    ceiling = kernels[0]
    assert ceiling["name"] == "multiply-add in registers"
    for row in rows:
        assert row["threads"] == 1
        assert row["gflops"] > 0
        assert row["share"] == pytest.approx(row["gflops"] / ceiling["gflops"])
    assert {row["name"] for row in kernels[1:]} == {
        "NumPy sgemm",
        "conv forward", "conv input gradient", "conv kernel gradient",
        "dense forward", "dense input gradient", "dense weight gradient",
        "general, float64",
    }  # fmt: skip
    assert [row["of"] for row in steps] == ["mnist_lenet, batch 64", "digits_cnn, batch 32"]
    for row, batch in zip(steps, (64, 32), strict=True):
        assert row["images_per_second"] == pytest.approx(1e3 * batch / row["milliseconds"])


def test_a_step_counts_the_products_that_training_needs() -> None:
    """LeNet's, from its shapes: three times all but the first layer's input gradient."""
    from cnnsim.scenario.reader import read_scenario

    iteration = read_scenario("mnist_lenet").iteration
    products = measure._products(iteration)
    assert products == {
        "conv1": 6 * 28 * 28 * 25,
        "conv2": 16 * 10 * 10 * 6 * 25,
        "fc1": 400 * 120,
        "fc2": 120 * 84,
        "fc3": 84 * 10,
    }
    step = measure._step("lenet", iteration, 1, {1: 1e9})
    counted = step.gflops * 1e9 * step.milliseconds / 1e3
    assert counted == pytest.approx(2 * 64 * (3 * sum(products.values()) - products["conv1"]))


@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_the_ceiling_does_all_that_it_counts(lanes: int) -> None:
    array = memory(64 * lanes, lanes)
    numbers = array.view(np.float32)
    numbers[: 4 * lanes] = np.arange(1, 4 * lanes + 1)
    a, b = numbers[: 4 * lanes].reshape(4, 1, lanes).copy(), numbers[: TILES[lanes] // 4].copy()
    multiply_add_only(array, 10, 0)
    found = numbers[: TILES[lanes] * lanes].reshape(4, -1, lanes)
    np.testing.assert_array_equal(found, 10 * a * b[:, np.newaxis])


@pytest.mark.skipif(os.name != "posix", reason="the interrupt key is a signal")
@pytest.mark.parametrize("wait", [0.0, 0.5, 2.0])
def test_an_interrupt_ends_it_even_while_it_compiles(wait: float, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cnnsim", "bench"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    cold = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=cold, **pipes) as process:
        assert process.stderr is not None
        process.stderr.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err


def test_there_are_no_more_threads_than_processors(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(measure, "measurements", lambda nets, most, tell: asked.append(most) or ())
    for count in ("1", "99999999999999999999"):
        assert run("bench", "--threads", count, "--json").code == 0
    assert asked == [1, processors()]


def test_threads_should_be_some(run: Run) -> None:
    assert run("bench", "--threads", "0").code == 2
