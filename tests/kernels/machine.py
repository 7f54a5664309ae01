"""Machine code of CUDA kernels, made without a driver: what a kernel takes on a given GPU.

NVVM and nvJitLink come as wheels with numba-cuda's extras; neither needs a GPU.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cnnsim.kernels.cuda.device import is_simulated
from cnnsim.kernels.cuda.toolkit import load_libraries

if TYPE_CHECKING:
    from cnnsim.kernels.cuda.jit import Kernel

#: Compute capabilities to compile for, with the shared memory that a block can have.
GPUS = {(8, 0): 166_912, (9, 0): 232_448}
#: Registers of a multiprocessor, and thus of a block.
REGISTERS = 65_536

#: In a cubin's sections .nv.info: (attribute → symbol, number).
_REGISTERS, _STACK = 0x2F, 0x11
_PAIRS = 0x04


class Code(NamedTuple):
    """What a kernel became.

    Attributes:
        registers: of a thread.
        stack: bytes of a thread that did not fit into registers.
        ptx: the code before it was made the machine's.
    """

    registers: int
    stack: int
    ptx: str

    @property
    def doubles(self) -> list[str]:
        """The instructions in float64, which GPUs are slow at."""
        return re.findall(r"^\s*(?:@\S+\s+)?(\S+\.f64\S*)\s", self.ptx, re.MULTILINE)


def why_not() -> str:
    """Why nothing can be compiled here; empty where it can."""
    if is_simulated():
        return "the simulator compiles nothing"
    if find_spec("numba_cuda") is None:
        return "numba-cuda is not installed: pip install -e '.[cuda13]'"
    try:
        load_libraries()
    except Exception as error:  # noqa: BLE001  (what is missing has many types)
        return f"the CUDA toolkit is not installed: {error}".splitlines()[0]
    return ""


needs_compiler = pytest.mark.skipif(bool(why_not()), reason=why_not())


class _Gpu(NamedTuple):
    compute_capability: tuple[int, int]


@contextmanager
def _pretending(capability: tuple[int, int]) -> Iterator[None]:
    """A function that kernels call asks which GPU there is, even where none is needed."""
    from numba.cuda import dispatcher

    asked = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: _Gpu(capability)
    try:
        yield
    finally:
        dispatcher.get_current_device = asked


def compiled(function: Any, signature: Any, capability: tuple[int, int], **options: Any) -> Code:
    """Compile a plain `function` as a kernel of `signature`, a tuple of Numba's types."""
    from numba.core import types
    from numba.cuda import compiler

    with _pretending(capability):
        library, _ = compiler._compile_pyfunc_with_fixup(
            function, types.void(*signature), device=False, abi="numba", cc=capability, **options
        )
        cubin = bytes(library.get_cubin(cc=capability).code)
        ptx = library.get_asm_str(cc=capability)
    return Code(_largest(cubin, _REGISTERS), _largest(cubin, _STACK), ptx)


def _largest(cubin: bytes, wanted: int) -> int:
    """The largest number that the sections .nv.info of a cubin give for an attribute."""
    (table,) = struct.unpack_from("<Q", cubin, 0x28)
    size, count, names = struct.unpack_from("<HHH", cubin, 0x3A)
    sections = [struct.unpack_from("<IIQQQQ", cubin, table + size * n) for n in range(count)]
    strings = sections[names][4]
    found = []
    for name, _, _, _, begin, length in sections:
        text = cubin[strings + name : cubin.index(b"\0", strings + name)]
        if text == b".nv.info":
            at = begin
            while at < begin + length:
                form, attribute, extent = struct.unpack_from("<BBH", cubin, at)
                if form == _PAIRS and attribute == wanted:
                    found.append(struct.unpack_from("<II", cubin, at + 4)[1])
                at += 4 + (extent if form == _PAIRS else 0)
    assert found, "the machine code does not say what it takes"
    return max(found)


def calls(function: Any) -> int:
    """How deep the functions that a kernel holds call each other."""
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    return 1 + max((calls(each) for each in held if hasattr(each, "__code__")), default=0)


def check(kernel: Kernel, signature: Any, capability: tuple[int, int]) -> None:
    """Compile a fast kernel, and see that it stays within what a block has on such a GPU."""
    code = compiled(kernel.function, signature, capability, **kernel.options)
    name = kernel.name
    assert code.stack == 0, f"{name}: {code.stack} bytes a thread do not fit into registers"
    assert not code.doubles, f"{name}: float64: {code.doubles[:5]}"
    # Registers are handed out to threads by eights.
    registers = -(-code.registers // 8) * 8
    assert registers * kernel.threads <= REGISTERS, f"{name}: {code.registers} registers a thread"
    assert kernel.shared <= GPUS[capability], f"{name}: {kernel.shared} bytes of shared memory"
