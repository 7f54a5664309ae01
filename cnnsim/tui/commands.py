"""What the palette finds: actions, scenarios, layers, and any address that is typed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape
from textual.types import IgnoreReturnCallbackType

from cnnsim.errors import CnnsimError, printable
from cnnsim.tui.actions import actions_of, every_key

if TYPE_CHECKING:
    from cnnsim.tui.app import CnnsimApp
    from cnnsim.tui.screens.stepping import SteppingScreen


class Command(NamedTuple):
    """Something the palette offers."""

    name: str
    help: str
    run: IgnoreReturnCallbackType


class Everything(Provider):
    """The one provider of the palette."""

    async def discover(self) -> Hits:
        """All commands, before anything is typed."""
        for command in self._commands():
            yield DiscoveryHit(escape(command.name), command.run, help=escape(command.help))

    async def search(self, query: str) -> Hits:
        """The commands that match, and the address that `query` may be."""
        matcher = self.matcher(query)
        found = False
        for command in (*self._addresses(query), *self._commands()):
            score = matcher.match(command.name)
            if score > 0:
                found = True
                shown = matcher.highlight(command.name)
                yield Hit(score, shown, command.run, help=escape(command.help))
        if not found:
            yield self._nothing(query)

    def _nothing(self, query: str) -> Hit:
        """That nothing matches, and why `query` is no address either, where steps are shown."""
        error = CnnsimError(f"nothing is called '{printable(query, 60)}'")
        stepping = self._stepping()
        if stepping is not None:
            try:
                stepping.located(query)
            except CnnsimError as wrong:
                error = wrong
        complain = partial(cast("CnnsimApp", self.app).complain, error)
        return Hit(1.0, "nothing is called so", complain, help=escape(str(error)))

    def _commands(self) -> Iterator[Command]:
        from cnnsim.tui.screens.base import BaseScreen

        screen = self.screen
        if isinstance(screen, BaseScreen):
            for action in actions_of(screen.kind):
                keys = every_key(action, cast("CnnsimApp", self.app).keys)
                run = partial(screen.run_action, action.method)
                yield Command(action.tip.rstrip("."), keys, run)
        stepping = self._stepping()
        if stepping is not None:
            for layer in dict.fromkeys(sweep.layer for sweep in stepping.stepper.trace.sweeps):
                go = partial(stepping.go_in, *stepping.located(layer))
                yield Command(f"layer {layer}", "Go to its first step.", go)
        yield from self._scenarios()

    def _scenarios(self) -> Iterator[Command]:
        from cnnsim.scenario.catalogue import catalogue

        for entry in catalogue():
            yield Command(f"open {entry.name}", entry.title, partial(self._open, entry.name))

    def _open(self, name: str) -> None:
        from cnnsim.scenario.reader import read_scenario

        app = cast("CnnsimApp", self.app)
        try:
            app.open_scenario(read_scenario(name))
        except CnnsimError as error:
            app.complain(error)

    def _addresses(self, query: str) -> Iterator[Command]:
        stepping = self._stepping()
        if stepping is None:
            return
        try:
            stepper, step = stepping.located(query)
        except CnnsimError:
            return
        address = stepper.address(step)
        yield Command(query, f"Go to {address}.", partial(stepping.go_in, stepper, step))

    def _stepping(self) -> SteppingScreen | None:
        """The screen below where it shows steps."""
        from cnnsim.tui.screens.stepping import SteppingScreen

        return self.screen if isinstance(self.screen, SteppingScreen) else None
