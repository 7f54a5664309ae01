"""From ``[data]`` to pictures in memory: the one place that chooses where they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnnsim.errors import UsageError
from cnnsim.network.layer import Shape
from cnnsim.scenario.data import Data, output_problem
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.picture import digits
from cnnsim.scenario.scenario import Scenario
from cnnsim.training.folders import read_files, read_idx_folder
from cnnsim.training.mnist import fetch_mnist
from cnnsim.training.samples import Samples, Split, split


def load(scenario: Scenario) -> Split:
    """The pictures of `scenario`. Raises CnnsimError where they are missing or do not fit."""
    data = data_of(scenario)
    network = scenario.network
    found = _read(data, network.input_shape, scenario.path)
    if data.classes is not None:
        found = found.only(data.classes)
    for what, samples in (("training", found.train), ("testing", found.test)):
        if not len(samples):
            raise UsageError(f"[data] leaves no pictures for {what}")
    output = network.places[network.layers[-1].name].output
    if what := output_problem(len(found.names), output):
        raise UsageError(f"[data] {what}")
    return found


def data_of(scenario: Scenario) -> Data:
    """The table ``[data]``. Raises UsageError where there is none."""
    if scenario.model.data is None:
        raise UsageError(
            f"{scenario.name} says nothing about pictures to train with",
            'give it a table [data] with source = "digits", "mnist" or a folder of your own',
        )
    return scenario.model.data


def _read(data: Data, shape: Shape, file: Path | None) -> Split:
    if data.source == "digits":
        pictures, classes = digits()
        every = Samples(pictures[:, np.newaxis].astype(np.float32), classes)
        return split(every, tuple("0123456789"), data.test_share, data.split_seed)
    if data.source == "mnist":
        return read_idx_folder(fetch_mnist(), shape, data.test_share, data.split_seed)
    return read_files(beside(file, data.source), shape, data.test_share, data.split_seed)
