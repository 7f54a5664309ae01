"""Kernels of numba.cuda: compiled when first launched, kept on disk; plain Python in the simulator.

A kernel is a plain function that a maker returns: shapes and places are what it closes over, so
they are constants for the compiler and part of the key under which the compiled code is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from numba import cuda
from numba.extending import register_jitable

from cnnsim.kernels.cache import kernel_cache, prepare_cache
from cnnsim.kernels.cuda.device import is_simulated
from cnnsim.kernels.meaning import inside

SIMULATED = is_simulated()

#: float32 numbers of shared memory that every kernel may have; more has to be allowed.
SHARED = 12 * 1024
#: Enough blocks to fill any GPU; what is beyond goes on in strides.
_MOST_BLOCKS = 4096


def _prepare() -> bool:
    """Point numba-cuda to the cache; whether kernels can be kept."""
    folder = kernel_cache()
    can_cache = prepare_cache(folder)
    if SIMULATED:
        return False
    from numba.cuda.core import config

    # Small networks have small grids: that is no mistake of whoever trains them.
    vars(config)["CUDA_LOW_OCCUPANCY_WARNINGS"] = 0
    if can_cache:
        vars(config)["CACHE_DIR"] = str(folder)
    return can_cache


_CAN_CACHE = _prepare()

#: What is on the GPU, by its own name and its shared memory. numba-cuda never takes any of it away,
#: so a process that trains many runs would bring the same again and again.
_LOADED: dict[tuple[str, int], Any] = {}


def device(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function` one that kernels call; it becomes a part of them, arrays of its own too."""
    if SIMULATED:
        _simulate(function)
        return function
    # A dispatcher of numba-cuda has a number of its own, which would end up in the key of every
    # kernel that closes over it: no other process would find what was compiled.
    registered: Callable[..., Any] = register_jitable(function)
    return registered


class _Launched:
    """``numba.cuda`` as the threads of the simulator's launch at hand see it."""

    def __getattr__(self, name: str) -> Any:
        from numba.cuda.simulator import kernel

        found = getattr(kernel._kernel_context or cuda, name)
        return _Shared(found) if name == "shared" else found


class _Shared:
    """Shared memory in the simulator, which aligns none."""

    def __init__(self, held: Any) -> None:
        self._held = held

    def array(self, shape: int, dtype: Any, alignment: int | None = None) -> Any:
        """The dynamic one; other arrays it would tell apart by the line that asks, this one."""
        assert shape == 0
        return self._held.array(shape, dtype)


_LAUNCHED = _Launched()


def _simulate(function: Callable[..., Any]) -> None:
    """Let a function know its thread in the simulator.

    The simulator of plain Numba changes ``cuda`` in a function's module whenever a thread calls the
    function, and changes it back under the feet of the others.
    """
    names = vars(sys.modules[function.__module__])
    for name in [name for name, value in names.items() if value is cuda]:
        names[name] = _LAUNCHED


@dataclass
class Kernel:
    """A function for the GPU with the grid that it is launched on.

    Attributes:
        function: plain, of device arrays.
        blocks, threads: the grid, and its blocks.
        shared: bytes of dynamic shared memory of a block.
        arguments: how many arrays it takes, of arena, ledger, pictures and targets.
        keeps: whether its compiled code may be kept: all that it inlines is in this package.
        name: for people who wait for the compiler.
    """

    function: Callable[..., None]
    blocks: int
    threads: int
    shared: int = 0
    arguments: int = 1
    keeps: bool = True
    name: str = ""
    _compiled: Any = field(default=None, repr=False)

    @property
    def options(self) -> dict[str, Any]:
        """What the compiler is told. No fast mathematics: a NaN has to stay one, to be seen.

        Nor is anything optimised while linking: a kernel is all in one piece, and those with many
        sums would be given too few registers.
        """
        return {"launch_bounds": self.threads, "lto": False}

    def jitted(self) -> Any:
        """What compiles it. As a decorator, which is given no function, Numba drops options."""
        return cuda.jit(self.function, **self.options)

    def launch(self, stream: Any, *arguments: Any) -> None:
        """Run it on `stream`, 0 for the default one; the first call compiles, or loads."""
        if self._compiled is None:
            self.prepare(*arguments)
        self._compiled[self.blocks, self.threads, stream, self.shared](*arguments)

    def prepare(self, *arguments: Any) -> None:
        """Compile it for `arguments`, or load it, and allow its shared memory. Launches nothing."""
        if self._compiled is not None:
            return
        if SIMULATED:
            # The simulator knows none of the options.
            _simulate(self.function)
            self._compiled = cuda.jit(self.function)
            return
        compiled = self.jitted()
        types = tuple(compiled.typeof_pyval(argument) for argument in arguments)
        if self.keeps:
            codegen = compiled.targetctx.codegen()
            told = types, codegen.magic_tuple(), self.options
            name = own_name(self.function, *told)
            if (name, self.shared) in _LOADED:
                self._compiled = _LOADED[name, self.shared]
                return
            if _CAN_CACHE:
                self.function.__qualname__ = name
                compiled.enable_caching()
                # The name says it all. Numba would ask for the same pickles too, which differ.
                compiled._cache._index_key = lambda types, codegen: (types, codegen.magic_tuple())
        compiled.compile(types)
        _load(compiled, self.shared)
        if self.keeps:
            _LOADED[name, self.shared] = compiled
        self._compiled = compiled


def grid(count: int, threads: int = 128) -> tuple[int, int]:
    """Blocks and threads for `count` things that are done alike, in strides of the whole grid.

    The simulator starts an operating system's thread for each.
    """
    if SIMULATED:
        return 2, 2
    return max(1, min(-(-count // threads), _MOST_BLOCKS)), threads


def own_name(function: Callable[..., None], *told: Any) -> str:
    """The name under which the code of `function` is kept, made for what the compiler is `told`.

    Numba keeps the kernels of one line of source behind one index, numbered as they come. Two
    processes that add to it at the same time give out the same number, and one of them would load
    the other one's kernel ever after. So every kernel has an index of its own.
    """
    known = (*inside(function), version("numba-cuda"), *map(str, told))
    name = function.__qualname__.partition("-")[0]
    return f"{name}-{sha256(repr(known).encode()).hexdigest()[:16]}"


def _load(compiled: Any, size: int) -> None:
    """Bring every compiled form of a kernel to the GPU, and allow its dynamic shared memory.

    A graph that is being recorded may refuse to wait for that.
    """
    from cuda.bindings import driver as binding
    from numba.cuda.cudadrv.driver import driver

    attribute = binding.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    for form in compiled.overloads.values():
        function = form._codelibrary.get_cufunc()
        if size > 4 * SHARED:
            driver.cuKernelSetAttribute(attribute, size, function.handle, function.device.id)
