"""Tensors as a NumPy file, written so that it is there whole or not at all."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, printable


def write_npz(file: str, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write `tensors` under their names. Raises UsageError where `file` cannot be written."""
    where = printable(file)
    if file in ("", "-"):
        raise UsageError("--npz needs the name of a file", "for example --npz tensors.npz")
    try:
        # Through a link to what it points at; the link stays.
        target = Path(os.path.realpath(file))
        if target.is_dir():
            raise UsageError(f"{where} is a folder", "name a file in it")
        if not target.parent.is_dir():
            raise UsageError(f"{where} cannot be written: there is no folder {target.parent}")
        if target.exists() and not target.is_file():
            # A device or a pipe cannot be replaced, nor can a zip file be written piece by piece.
            packed = io.BytesIO()
            _save(packed, tensors)
            if target.is_fifo() and not _has_reader(target):
                raise UsageError(f"nobody reads from the pipe {where}", "start its reader first")
            with target.open("wb") as stream:
                stream.write(packed.getbuffer())
            return
        _replace(target, tensors)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{where} cannot be written: {printable(reason)}") from None


def _has_reader(pipe: Path) -> bool:
    """Whether opening `pipe` would not wait for somebody."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        if error.errno == errno.ENXIO:
            return False
        raise
    return True


def _replace(target: Path, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("xb") as stream:
            _save(stream, tensors)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _save(stream: IO[bytes], tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    arrays: dict[str, Any] = dict(tensors)
    np.savez(stream, **arrays)
