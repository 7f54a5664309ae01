"""How kernels get to the GPU: one after the other, or recorded once and replayed.

A launch costs Python more than a small kernel takes. A CUDA graph replays many with one call; where
it cannot be recorded they are launched one by one, with the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnnsim.kernels.cuda.jit import SIMULATED

#: Something that is put on a stream.
Launch = Callable[[Any], None]


class Queue:
    """A stream of the GPU."""

    def __init__(self) -> None:
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
        """What does `launches` so many times when called. Their kernels must be compiled."""
        if self._device is not None:
            try:
                builder = self._device.create_graph_builder()
                builder.begin_building()
                for _ in range(times):
                    for launch in launches:
                        launch(builder)
                graph = builder.end_building().complete()
            except Exception:  # noqa: BLE001 - what cannot be recorded is launched one by one
                self._device = None
            else:
                stream = self._stream
                return lambda: graph.launch(stream)

        def one_by_one() -> None:
            for _ in range(times):
                self.run(launches)

        return one_by_one

    def wait(self) -> None:
        """Until everything that was launched is done, and everything copied is there."""
        from numba import cuda

        cuda.synchronize()
