"""Without a GPU that can train, one clear sentence says what is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from cnnsim.errors import CnnsimError, UsageError
from cnnsim.kernels.choose import choose_device
from cnnsim.kernels.cuda import device, faults, toolkit
from cnnsim.kernels.cuda.faults import explained, is_the_compilers


class CudaSupportError(ImportError):
    """As numba-cuda's."""


class CudaAPIError(Exception):
    """As numba-cuda's, with a code that is an enumeration's member."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code


class DynamicLibNotFoundError(RuntimeError):
    """As that of cuda.pathfinder."""


class nvvmError(Exception):
    """As that of cuda.bindings."""


class nvJitLinkError(RuntimeError):
    """As that of cuda.bindings."""


class CUDAError(Exception):
    """As that of cuda.core, which has no code."""


@pytest.fixture
def no_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)


def fake(
    monkeypatch: pytest.MonkeyPatch,
    gpu: Any,
    version: str = "13.1",
    driver: int = 13,
    makes: Sequence[tuple[int, int]] = ((7, 5), (9, 0)),
    missing: Exception | None = None,
) -> None:
    """numba-cuda is there, and says this of the GPU: a description, or an error.

    Its toolkit has a `version`, and `makes` code for that, unless some of it is `missing`. Whoever
    asks for anything that needs a context fails.
    """

    def get_version() -> tuple[int, int]:
        if isinstance(gpu, Exception):
            raise gpu
        return driver, 0

    def load() -> None:
        if missing is not None:
            raise missing

    monkeypatch.setattr(device, "find_spec", lambda name: object())
    monkeypatch.setattr(toolkit, "version", lambda name: version)
    monkeypatch.setattr(toolkit, "capabilities", lambda: makes)
    monkeypatch.setattr(toolkit, "load_libraries", load)
    drivers = SimpleNamespace(driver=SimpleNamespace(get_version=get_version))
    module = SimpleNamespace(cudadrv=drivers, gpus=[gpu])
    monkeypatch.setitem(sys.modules, "numba.cuda", module)
    monkeypatch.setattr("numba.cuda", module, raising=False)


@pytest.mark.usefixtures("no_simulator")
def test_without_numba_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="numba-cuda, which is not installed") as raised:
        choose_device("cuda")
    assert "cnnsim[cuda13]" in raised.value.hint
    assert "cnnsim[cuda12]" in raised.value.hint
    assert choose_device("auto") == "cpu"


@pytest.mark.usefixtures("no_simulator")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            CudaSupportError("Error at driver init: \n\nCUDA driver library cannot be found.\n…:"),
            "there is no NVIDIA driver",
        ),
        (
            CudaSupportError(
                "Error at driver init: Call to cuInit results in CUDA_ERROR_NO_DEVICE (100)"
            ),
            "the NVIDIA driver finds no GPU",
        ),
        (
            CudaSupportError(
                "Error at driver init: Call to cuInit results in "
                "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)"
            ),
            "driver was updated",
        ),
        (RuntimeError("Failed to get cuGetProcAddress_v2"), "the NVIDIA driver is too old"),
        (CudaAPIError(35, "Call to cudaGetDevice results in …"), "the NVIDIA driver is too old"),
        (CudaAPIError(999, "Call to cuInit results in CUDA_ERROR_UNKNOWN"), "cannot be used"),
    ],
)
def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, error: Exception, message: str) -> None:
    fake(monkeypatch, error)
    with pytest.raises(UsageError, match=message) as raised:
        choose_device("cuda")
    assert "leave --device out" in raised.value.hint
    assert choose_device("auto") == "cpu"


@pytest.mark.usefixtures("no_simulator")
def test_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, SimpleNamespace(name=b"NVIDIA H200", compute_capability=(9, 0)))
    assert device.find_device() == ("NVIDIA H200", (9, 0))
    assert choose_device("auto") == choose_device("cuda") == "cuda"
    assert choose_device("cpu") == "cpu"


@pytest.mark.usefixtures("no_simulator")
def test_with_a_gpu_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = SimpleNamespace(name="GTX 1080", compute_capability=(6, 1))
    fake(monkeypatch, gpu)
    with pytest.raises(UsageError, match=r"GTX 1080 has compute capability 6\.1") as raised:
        choose_device("cuda")
    assert "cuda12" in raised.value.hint
    fake(monkeypatch, gpu, version="12.9")
    assert choose_device("cuda") == "cuda"


@pytest.mark.usefixtures("no_simulator")
@pytest.mark.parametrize(
    ("has", "makes", "works"),
    [
        ((12, 0), [(9, 0), (10, 0)], False),
        ((10, 0), [(9, 0), (10, 0)], True),
        # Code for 8.0 runs there too.
        ((8, 7), [(8, 0), (9, 0)], True),
    ],
)
def test_with_a_gpu_that_is_too_new(
    has: tuple[int, int], makes: list[tuple[int, int]], works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch, SimpleNamespace(name="new", compute_capability=has), makes=makes)
    if works:
        assert choose_device("auto") == "cuda"
        return
    with pytest.raises(UsageError, match=r"capability 12\.0, .* makes code up to 10\.0") as raised:
        choose_device("cuda")
    assert "--upgrade" in raised.value.hint
    assert choose_device("auto") == "cpu"


@pytest.mark.usefixtures("no_simulator")
def test_without_a_whole_toolkit(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = SimpleNamespace(name="NVIDIA H100", compute_capability=(9, 0))
    fake(monkeypatch, gpu, missing=DynamicLibNotFoundError('Failure finding "libnvvm.so"'))
    with pytest.raises(UsageError, match="toolkit is not whole: Failure finding") as raised:
        choose_device("cuda")
    assert "cnnsim[cuda13]" in raised.value.hint
    assert choose_device("auto") == "cpu"


@pytest.mark.usefixtures("no_simulator")
@pytest.mark.parametrize(
    ("driver", "version", "works"),
    [(12, "13.5", False), (12, "12.9", True), (13, "13.0", True), (13, "12.9", True)],
)
def test_a_driver_takes_code_of_no_newer_toolkit(
    driver: int, version: str, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = SimpleNamespace(name="NVIDIA H100", compute_capability=(9, 0))
    fake(monkeypatch, gpu, version, driver)
    if works:
        assert choose_device("cuda") == "cuda"
        return
    with pytest.raises(UsageError, match="driver is too old for this CUDA toolkit") as raised:
        choose_device("cuda")
    assert "580" in raised.value.hint
    assert choose_device("auto") == "cpu"


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (CudaAPIError(2, "cuMemAlloc"), "no memory left", "training.batch"),
        (CUDAError("CUDA_ERROR_OUT_OF_MEMORY: The API call failed"), "no memory left", "--device"),
        (CUDAError("[700] Call to cuCtxSynchronize"), "the GPU failed: Call to cu", "--resume"),
        (CUDAError("CUDA_ERROR_LAUNCH_FAILED"), "the GPU failed", "--resume"),
        (CudaAPIError(46, "cuDevicePrimaryCtxRetain"), "in use by another", "--device cpu"),
        (DynamicLibNotFoundError('Failure finding "libnvvm.so"'), "the GPU failed", "--device cpu"),
        (nvvmError("ERROR_COMPILATION (9)"), "the GPU failed", "--device cpu"),
        (CudaAPIError(222, "cuModuleLoad"), "driver is too old", "update the driver"),
    ],
)
def test_what_goes_wrong_later(error: Exception, message: str, hint: str) -> None:
    with pytest.raises(CnnsimError, match=message) as raised, explained():
        raise error
    assert hint in raised.value.hint


def test_what_fails_after_a_failure_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that has failed takes back no memory, neither at once nor when the process ends."""
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(str(what.exc_value)))
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(str(error)))
    faults._hush.cache_clear()

    class Array:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def __del__(self) -> None:
            raise self.error

    def let_go(error: Exception) -> None:
        Array(error)
        sys.excepthook(type(error), error, None)

    refused, mistake = CudaAPIError(700, "cuMemFree"), ValueError("a mistake")
    let_go(refused)
    assert len(told) == 2
    for _ in range(2):
        with pytest.raises(CnnsimError), explained():
            raise CudaAPIError(700, "Call to cuCtxSynchronize failed")
    told.clear()
    let_go(refused)
    let_go(mistake)
    assert told == ["a mistake", "a mistake"]


def test_mistakes_of_the_program_are_not_explained_away() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        print(1 / 0)


@pytest.mark.parametrize(
    ("error", "is_its"),
    [
        (nvvmError("ERROR_COMPILATION (9)"), True),
        (nvJitLinkError("ERROR_PTX_COMPILE"), True),
        (TypeError("cannot unbox"), True),
        (CudaAPIError(700, "Call to cuModuleLoad failed"), False),
        (DynamicLibNotFoundError("libnvvm.so"), False),
    ],
)
def test_what_the_compiler_does_not_take_stays_on_the_host(error: Exception, is_its: bool) -> None:
    assert is_the_compilers(error) is is_its
