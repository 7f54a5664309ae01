"""The idx format of MNIST: a magic number, the extents, the bytes; often packed by gzip."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, printable

Bytes = npt.NDArray[np.uint8]

#: More numbers than this are refused.
_MOST = 1 << 32


def read_idx(path: Path, axes: int) -> Bytes:
    """The bytes of an idx file with so many `axes`. Raises UsageError saying what is wrong."""
    where = printable(str(path))
    try:
        data = path.read_bytes()
        if path.suffix == ".gz" or data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except EOFError:
        raise UsageError(
            f"{where} ends too early", "it is cut off: copy or download it again"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(
            f"{where} is no gzip file: {printable(str(error))}", "copy or download it again"
        ) from None
    except OSError as error:
        raise UsageError(f"{where} cannot be read: {error.strerror or error}") from None
    header = 4 + 4 * axes
    if len(data) < 4 or data[:2] != b"\0\0":
        raise UsageError(f"{where} is no idx file: it does not begin with two zero bytes")
    if data[2] != 8:
        raise UsageError(f"{where} holds numbers of type {data[2]:#04x}; bytes (0x08) are expected")
    if data[3] != axes:
        kind = {1: "labels", 3: "pictures"}
        raise UsageError(
            f"{where} has {data[3]} axes and {kind.get(axes, 'it')} should have {axes}",
            f"it looks like {kind[data[3]]}" if data[3] in kind else "",
        )
    if len(data) < header:
        raise UsageError(f"{where} ends within its header", "copy or download it again")
    extents = tuple(int(extent) for extent in np.frombuffer(data, ">u4", axes, 4))
    wanted = prod(extents)
    if not 0 < wanted <= _MOST:
        raise UsageError(f"{where} says that it holds {wanted:,} bytes")
    if len(data) - header != wanted:
        raise UsageError(
            f"{where} holds {len(data) - header:,} bytes and its header promises {wanted:,}",
            "it is cut off or damaged: copy or download it again",
        )
    return np.frombuffer(data, np.uint8, wanted, header).reshape(extents)
