"""How kernels get to the GPU: one after the other, or recorded once and replayed.

A launch costs Python more than a small kernel takes. A CUDA graph replays many with one call; where
it cannot be recorded they are launched one by one, with the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from cnnsim.kernels.cuda.jit import SIMULATED
from cnnsim.kernels.fill import Progress, Report, silent

#: Something that is put on a stream.
Launch = Callable[[Any], None]


class Queue:
    """A stream of the GPU; `report` hears where graphs cannot be recorded."""

    def __init__(self, report: Report = silent) -> None:
        self._report = report
        self._device: Any = None
        self._stream: Any = 0
        if not SIMULATED:
            self._open()

    def _open(self) -> None:
        """Make a stream that graphs can be launched on, where this CUDA has them."""
        try:
            from cuda.core import Device

            device = Device()
            device.set_current()
            self._stream = device.create_stream()
        except Exception:  # noqa: BLE001 - whatever is missing, the default stream will do
            return
        if hasattr(device, "create_graph_builder"):
            self._device = device

    def run(self, launches: Sequence[Launch]) -> None:
        """Launch one after the other."""
        for launch in launches:
            launch(self._stream)

    def record(self, launches: Sequence[Launch], times: int) -> Callable[[], None]:
        """What does `launches` so many times when called. Their kernels must be loaded."""
        if self._device is not None:
            try:
                graph = self._recorded(launches, times)
            except Exception as error:  # noqa: BLE001 - whatever it is, launches do without
                self._device = None
                why = type(error).__name__
                what = f"kernels to be launched one by one, without a CUDA graph ({why})"
                self._report(Progress("compiling", what, 0.0))
            else:
                stream = self._stream
                return lambda: graph.launch(stream)

        def one_by_one() -> None:
            for _ in range(times):
                self.run(launches)

        return one_by_one

    def _recorded(self, launches: Sequence[Launch], times: int) -> Any:
        """A graph of `launches`, so many times."""
        builder = self._device.create_graph_builder()
        with ExitStack() as failed:
            # As long as a stream records, nobody can wait for the GPU.
            failed.callback(builder.close)
            builder.begin_building()
            for _ in range(times):
                for launch in launches:
                    launch(builder)
            graph = builder.end_building().complete()
            failed.pop_all()
        return graph

    def wait(self) -> None:
        """Until everything that was launched is done, and everything copied is there."""
        from numba import cuda

        cuda.synchronize()
