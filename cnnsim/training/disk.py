"""Whether the disk has room for what runs will write: asked before an hour of training."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from math import prod
from pathlib import Path
from tempfile import TemporaryFile

from cnnsim.amounts import in_bytes
from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.training.making import given_files
from cnnsim.training.run import Run
from cnnsim.training.runfolder import BEST, LAST

_ELSEWHERE = "choose another folder with --out"


def check_disk(runs: Sequence[Run]) -> None:
    """Raise CnnsimError where the disks have no room for what `runs` will write, or take no files.

    UsageError where a file stands in the place of a folder. Their folders need not be there yet;
    checkpoints that are make room for new ones.
    """
    needed: dict[int, tuple[Run, Path, int]] = {}
    for run in runs:
        iteration = run.iteration
        numbers = sum(parameter.size for parameter in iteration.network.parameters.values())
        numbers += sum(prod(shape) for shape in iteration.states.values())
        # The last one, the best one, and a new one before it takes the place of either.
        size = 3 * 4 * numbers + 4096 + 256 * run.optimizer.epochs
        for name in (LAST, BEST):
            path = run.folder / name
            size -= path.stat().st_size if path.is_file() else 0
        for name, source in given_files(run.scenario).items():
            if source.is_file() and not (run.folder / name).is_file():
                size += source.stat().st_size
        place = _existing(run.folder)
        if not place.is_dir():
            typed = run.folder if run.folder.exists() else place
            raise UsageError(f"{printable(str(typed))} is a file and no folder", _ELSEWHERE)
        device = place.stat().st_dev
        _, _, before = needed.get(device, (run, place, 0))
        needed[device] = (run, place, before + size)
    for run, place, size in needed.values():
        usage = shutil.disk_usage(place)
        where = printable(str(run.folder))
        if usage.total == 0:
            # /proc and the like; a disk in memory without a limit says so too, and takes files.
            _try(place, where)
            continue
        if usage.free < size:
            left, wanted = " ".join(in_bytes(usage.free)), " ".join(in_bytes(size))
            raise CnnsimError(
                f"{where}: the disk has {left} left and the run needs {wanted}",
                f"make room, or {_ELSEWHERE}",
            )


def _existing(folder: Path) -> Path:
    """`folder`, or the nearest folder above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def _try(place: Path, where: str) -> None:
    """Have a file in the folder `place` for a moment. Raises CnnsimError, of `where`."""
    try:
        with TemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = printable(error.strerror or str(error))
        raise CnnsimError(f"{where} cannot be written: {reason}", _ELSEWHERE) from None
