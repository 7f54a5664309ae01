"""Where benchmarks run: folders of their own, so that no one's marks, settings or kernels count."""

from __future__ import annotations

import json
import os
import platform
import shutil
import site
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

#: What the figures depend on.
_PACKAGES = ("cnnsim", "textual", "numpy", "numba", "rich")


class Sandbox:
    """A temporary folder with the program's state, settings and caches in it. A context."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cnnsim-benchmark-"))

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """The environment of a process in here, in a terminal that can do everything."""
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        if sys.platform != "linux":
            # Elsewhere the folders follow from the home folder; packages stay where they are.
            environment |= {"HOME": str(self.folder), "PYTHONUSERBASE": site.getuserbase()}
        for name in ("NO_COLOR", "TEXTUAL", "TEXTUAL_DRIVER", "PYTHONPROFILEIMPORTTIME"):
            environment.pop(name, None)
        return environment

    def enter_here(self) -> None:
        """Move this very process in. Before anything of the program is imported."""
        os.environ.update(self.environment())
        os.environ.pop("NO_COLOR", None)

    def seconds(self, *words: str) -> float:
        """How long a command takes, from its start to its end. Raises where it fails."""
        started = perf_counter()
        subprocess.run(
            command(*words),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return perf_counter() - started

    def run_python(self, code: str) -> Any:
        """What `code` prints as JSON, in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)


def command(*words: str) -> list[str]:
    """``cnnsim`` and its arguments: the installed script, which is what people type."""
    script = Path(sys.executable).with_name("cnnsim")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "cnnsim"]
    return [*program, *words]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "kind": "machine",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        words = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
