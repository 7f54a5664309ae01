"""Compiled functions on disk: a file for each signature of each function.

Numba numbers the files of a function in an index. Two processes that compile at once take the same
number for different signatures, and either index may then name the other's code, which runs on
arguments that it was not made for. Here a file is named by what is in it, and says so inside. A
checksum stands ahead of that: a damaged pickle can be a whole one, of code that crashes.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

#: Part of every key: what others of these have compiled cannot be used.
_VERSIONS = (version("numba"), version("llvmlite"))
#: What `KeptFiles.load` raises: the file cannot be opened, or names what is not there any more.
BROKEN = (
    OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, LookupError, AttributeError,
    ImportError, RuntimeError, MemoryError,
)  # fmt: skip
#: Bytes of a checksum.
_CHECKSUM = sha256().digest_size


class KeptFiles:
    """What was compiled of one function, in files of `folder` that begin with `base`.

    `dumps` makes pickles of it.
    """

    def __init__(
        self, folder: str | Path, base: str, dumps: Callable[[Any], bytes] = pickle.dumps
    ) -> None:
        self._folder = Path(folder)
        self._base = base
        self._dumps = dumps

    def _path(self, key: Any) -> Path:
        # Types have numbers of their own in each process: pickled, they are not the same again.
        digest = sha256(repr(key).encode()).hexdigest()[:16]
        return self._folder / f"{self._base}.{digest}.nbc"

    def save(self, key: Any, data: Any) -> None:
        """Keep `data`, whoever else does so at the same time. Raises OSError."""
        key = (_VERSIONS, key)
        packed = self._dumps((key, data))
        # A draft of its own: others may be writing the same file.
        with NamedTemporaryFile(dir=self._folder, suffix=".new", delete=False) as draft:
            try:
                draft.write(sha256(packed).digest())
                draft.write(packed)
                draft.close()
                os.replace(draft.name, self._path(key))
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft.name)
                raise

    def load(self, key: Any) -> Any:
        """What was kept; None if nothing was, or it is damaged. Raises one of `BROKEN`."""
        key = (_VERSIONS, key)
        try:
            file = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        packed = file[_CHECKSUM:]
        if sha256(packed).digest() != file[:_CHECKSUM]:
            return None
        found, data = pickle.loads(packed)
        return data if found == key else None
