"""The CUDA toolkit that numba-cuda's extras bring: whether it is whole, and suits the GPU."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from cnnsim.errors import UsageError, printable
from cnnsim.kernels.cuda.faults import WITHOUT, first_line

#: The libraries without which no kernel is compiled and linked.
_LIBRARIES = ("nvvm", "nvrtc", "nvJitLink")
#: The least that the compilers of the two extras make code for, by their CUDA version.
_LEAST = {12: (5, 0), 13: (7, 5)}
#: From here on code is made for one capability alone; for older ones that of a neighbour will do.
_OWN_CODE = (9, 0)


def toolkit_version() -> int:
    """The CUDA version of the installed libraries; 0 where that does not show."""
    try:
        return int(version("cuda-bindings").partition(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0


def check_toolkit(name: str, capability: tuple[int, int]) -> None:
    """Raise UsageError where no code can be made for the GPU `name` of such a capability."""
    least = _LEAST.get(toolkit_version(), (0, 0))
    what = f"{printable(name)} has compute capability {_dotted(capability)}, and this toolkit"
    if capability < least:
        raise UsageError(
            f"{what} makes code for {_dotted(least)} and newer",
            f"the extra cuda12 goes back to 5.0; or {WITHOUT}",
        )
    try:
        load_libraries()
        known = capabilities() if capability >= _OWN_CODE else [capability]
    except Exception as error:  # noqa: BLE001 - what is missing, or half there, has many types
        raise UsageError(
            f"the CUDA toolkit is not whole: {first_line(error)}",
            f"pip install 'cnnsim[cuda13]' (or cuda12) brings it; or {WITHOUT}",
        ) from None
    if capability not in known:
        raise UsageError(
            f"{what} makes code up to {_dotted(max(known))}",
            f"pip install --upgrade cuda-toolkit nvidia-cuda-nvrtc nvidia-nvvm; or {WITHOUT}",
        )


def load_libraries() -> None:
    """Load what compiles and links. Raises whatever the loader does where some of it is missing."""
    from cuda.pathfinder import load_nvidia_dynamic_lib

    for library in _LIBRARIES:
        load_nvidia_dynamic_lib(library)


def capabilities() -> list[tuple[int, int]]:
    """What the toolkit makes code for. Raises RuntimeError where it does not say."""
    from cuda.bindings import nvrtc

    result, known = nvrtc.nvrtcGetSupportedArchs()
    if result != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise RuntimeError(result.name)
    return [(each // 10, each % 10) for each in known]


def _dotted(capability: tuple[int, int]) -> str:
    return ".".join(map(str, capability))
