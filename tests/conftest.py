"""What all tests share: the command as a fixture, the same examples on every run, no deadlines."""

from __future__ import annotations

import inspect
import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from running import Result, Run

from cnnsim.cli import main

# What is started in the background ignores ctrl+c, and so would all that these tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("ci", derandomize=True, max_examples=40, **_COMMON)
#: For a long hunt: ``HYPOTHESIS_PROFILE=hunt pytest tests``.
settings.register_profile("hunt", max_examples=800, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that want what need not be installed: those are all that ``-m peers`` runs."""
    wants: dict[object, bool] = {}
    for item in items:
        assert isinstance(item, pytest.Function)
        module = item.module
        if module not in wants:
            lines = inspect.getsource(module).splitlines()
            wants[module] = any("importorskip(" in line for line in lines if line[:1].strip())
        if wants[module] or "importorskip" in inspect.unwrap(item.function).__code__.co_names:
            item.add_marker("peers")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process."""
    monkeypatch.setenv("CNNSIM_TRACEBACK", "1")
    # A slow machine would say what it is at, on standard error.
    monkeypatch.setattr("cnnsim.cli.progress.PATIENCE", 600.0)

    def run_main(*argv: str | Path) -> Result:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        return Result(code, *capsys.readouterr())

    return run_main
