"""``cnnsim paths``: where things are kept."""

from __future__ import annotations

from pathlib import Path

from cnnsim.cli.options import Json
from cnnsim.cli.output import Column, emit, print_table
from cnnsim.errors import printable
from cnnsim.scenario.files import reason_of


def paths(*, json: Json = False) -> int:
    """Say where settings, the app's runs, the pad's net, caches and bundled scenarios are."""
    from platformdirs import user_cache_path, user_config_path, user_data_path, user_state_path

    from cnnsim.kernels.cache import kernel_cache
    from cnnsim.scenario.bundled import bundled_folder

    found: dict[str, Path] = {
        "config": user_config_path("cnnsim") / "config.toml",
        "state": user_state_path("cnnsim"),
        "runs": user_data_path("cnnsim") / "runs",
        "pad": user_data_path("cnnsim") / "pad",
        "cache": user_cache_path("cnnsim"),
        "kernels": kernel_cache(),
        "scenarios": bundled_folder(),
    }
    if json:
        for name, path in found.items():
            emit({"kind": "path", "name": name, "path": str(path), "exists": not _absence(path)})
        return 0
    print_table(
        [Column("what"), Column("where", wrap=True), Column("")],
        [[name, printable(str(path), 4096), _absence(path)] for name, path in found.items()],
    )
    return 0


def _absence(path: Path) -> str:
    """Why nothing is seen at `path`; empty where something is."""
    try:
        return "" if path.exists() else "not there yet"
    except OSError as error:
        return reason_of(error)
