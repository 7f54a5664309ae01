"""What the tests of commands around training have in common."""

from __future__ import annotations

from pathlib import Path

import pytest
from nets import ARTICLE
from running import write

from cnnsim.cli import main


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the article's network, two epochs."""
    folder = tmp_path_factory.mktemp("trained")
    net = write(folder / "net.toml", ARTICLE)
    assert main(["train", str(net), "--out", str(folder / "run")]) == 0
    return folder / "run"
