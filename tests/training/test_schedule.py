"""Learning rates: as in PyTorch, and however large or often they fall."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from nets import ARTICLE

from cnnsim.kernels.engine import as_float32
from cnnsim.kernels.lanes.rule import paces_of, rule_of
from cnnsim.network.optimizer import Optimizer, optimizers
from cnnsim.scenario.reader import parse_scenario
from cnnsim.training.schedule import rates


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
