"""Looking for input sizes that fit a network, once its numbers rest for a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.timer import Timer
from textual.worker import get_current_worker

from cnnsim.network.graph import Network
from cnnsim.network.walk import sides_that_fit
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.walk.knobs import Value
from cnnsim.tui.walk.whatif import LayerKey

#: How long keys must rest before it is begun.
_REST = 0.15

Changes = tuple[tuple[LayerKey, Value], ...]


class Sides:
    """What was found for each set of changes; `found` is called when there is more."""

    def __init__(self, screen: BaseScreen, found: Callable[[], None]) -> None:
        self._screen = screen
        self._found = found
        self._known: dict[Changes, str] = {}
        self._rest: Timer | None = None

    def of(self, changes: dict[LayerKey, Value], network: Network) -> str | None:
        """Square inputs that fit; None until they are found, a moment after the last change."""
        key = tuple(sorted(changes.items()))
        if key in self._known:
            return self._known[key]
        if self._rest is not None:
            self._rest.stop()
        self._rest = self._screen.set_timer(_REST, partial(self._begin, key, network))
        return None

    def _begin(self, key: Changes, network: Network) -> None:
        """In the background: it takes up to a second for a deep network."""
        self._screen.run_worker(
            partial(self._look, key, network), thread=True, exclusive=True, group="sides"
        )

    def _look(self, key: Changes, network: Network) -> None:
        worker = get_current_worker()
        found = sides_that_fit(network.layers, network.input_shape)
        if not worker.is_cancelled:
            self._screen.from_thread(self._hear, key, found)

    def _hear(self, key: Changes, found: str) -> None:
        self._known[key] = found
        self._found()
