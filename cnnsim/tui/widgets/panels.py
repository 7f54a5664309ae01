"""Panels with names and places: tabs where several share one, one alone, the next in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.containers import Container

from cnnsim.tui.places import Places
from cnnsim.tui.widgets.panel import Panel
from cnnsim.tui.widgets.place import place
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

#: From columns and rows to places.
Rule = Callable[[int, int], Places]


class Panels(Container):
    """Holds the panels of a screen and gives each its place.

    Args:
        panels: by name, in the order of the tab key.
        rule: where they stand in a room of so many columns and rows.
        shown: called whenever other panels may have come into sight; it fills them.
        top: the panels that are on top of those they share a place with, at first.

    Attributes:
        alone: the one panel that fills the whole room, if there is one.
    """

    DEFAULT_CSS = """
    Panels { width: 100%; height: 1fr; }
    Panels > * { position: absolute; display: none; }
    """

    def __init__(
        self,
        panels: Mapping[str, Panel],
        rule: Rule,
        shown: Callable[[], None],
        top: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.panels = dict(panels)
        self.places = Places()
        self.alone: str | None = None
        self._rule = rule
        self._shown = shown
        # The panels that came up last, the latest at the end.
        self._top = list(top)
        self._room = (0, 0)

    def compose(self) -> ComposeResult:
        """The panels."""
        yield from self.panels.values()

    # -- places ----------------------------------------------------------------------------------

    def lay(self, width: int, height: int) -> None:
        """Give every panel its place in so many columns and rows."""
        self._room = (width, height)
        self.lay_again()

    def lay_again(self) -> None:
        """The same once more: what the rule knows may have changed."""
        if not all(self._room):
            return
        places = self._arranged()
        if places != self.places:
            self.places = places
            self._put()
        self._shown()

    def _arranged(self) -> Places:
        """Where all of them stand, or the one alone."""
        return Places({self.alone: (0, 0, *self._room)}) if self.alone else self._rule(*self._room)

    def _put(self) -> None:
        for name, panel in self.panels.items():
            stack = self.places.stack(name)
            if stack and name == self._on_top(stack):
                place(panel, self.places.panels[name])
            else:
                panel.display = False
            if isinstance(panel, TabbedPanel):
                panel.share(self._labels(stack) if len(stack) > 1 else ())
        self._move_focus()

    def _move_focus(self) -> None:
        """From a panel that is not seen to the first one that is."""
        focused = self.focused
        if focused and not self.panels[focused].display:
            seen = (panel for panel in self.panels.values() if panel.display and panel.can_focus)
            self.screen.set_focus(next(seen, self.panels[focused]))

    def _labels(self, stack: tuple[str, ...]) -> tuple[str, ...]:
        panels = (self.panels[name] for name in stack)
        return tuple(panel.tab for panel in panels if isinstance(panel, TabbedPanel))

    def _on_top(self, stack: tuple[str, ...]) -> str:
        """The panel of a place that is seen: the one that came up last, else the first."""
        return next((name for name in reversed(self._top) if name in stack), stack[0])

    # -- in turn ---------------------------------------------------------------------------------

    @property
    def focused(self) -> str | None:
        """The name of the panel that has the focus."""
        focused = self.screen.focused
        return next((name for name, panel in self.panels.items() if panel is focused), None)

    def bring_up(self, name: str) -> None:
        """Focus a panel, from behind its neighbours if need be; one alone gives way to it."""
        if self.alone:
            self.alone = name
        self.screen.set_focus(self.panels[name])
        self.put_on_top(name)

    def put_on_top(self, name: str) -> None:
        """Show a panel, not those that it shares its place with."""
        self._top = [other for other in self._top if other != name] + [name]
        self.places = Places()
        self.lay_again()

    def turn(self, by: int) -> None:
        """The next or previous panel of all that have a place and take the focus."""
        usual = self._rule(*self._room).panels
        names = [name for name, panel in self.panels.items() if name in usual and panel.can_focus]
        if names:
            focused = self.focused
            at = names.index(focused) if focused in names else -1 if by > 0 else 0
            self.bring_up(names[(at + by) % len(names)])

    def show_alone(self, name: str) -> None:
        """One panel alone; the same again: all."""
        self.alone = None if self.alone == name else name
        self.bring_up(name)

    def maximise(self, otherwise: str) -> None:
        """The focused panel alone, or `otherwise` where none has the focus; or all again."""
        self.show_alone(self.alone or self.focused or otherwise)

    def show_all(self) -> bool:
        """All panels again; False where they were there."""
        if not self.alone:
            return False
        self.alone = None
        self.lay_again()
        return True

    def on_tabbed_panel_tab_picked(self, event: TabbedPanel.TabPicked) -> None:
        """A label was clicked."""
        event.stop()
        for name, panel in self.panels.items():
            if isinstance(panel, TabbedPanel) and panel.tab == event.label:
                self.bring_up(name)
