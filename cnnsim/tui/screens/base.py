"""What all screens share: the table's bindings, help, saving a picture, size limits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ScreenStackError
from textual.message_pump import MessagePump
from textual.screen import Screen

from cnnsim.errors import CnnsimError
from cnnsim.tui.actions import Action
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.places import LEAST
from cnnsim.tui.screens.leaving import Leaving, Work
from cnnsim.tui.widgets.bars import Footer, Header
from cnnsim.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from cnnsim.stepper.stepper import Stepper
    from cnnsim.tui.app import CnnsimApp


class TooSmall(Panel, can_focus=False):
    """Covers everything where the terminal is too small."""

    DEFAULT_CSS = """
    TooSmall { layer: overlay; width: 100%; height: 100%; display: none; }
    """

    def paint(self, canvas: Canvas) -> None:
        """One line, two where it is very narrow."""
        needs, there = (
            f"cnnsim needs {LEAST[0]}×{LEAST[1]};",
            f"this is {canvas.width}×{canvas.height}",
        )
        is_wide = len(needs) + 1 + len(there) <= canvas.width
        canvas.put(0, 0, needs, self.palette.base)
        canvas.put(len(needs) + 1 if is_wide else 0, int(not is_wide), there, self.palette.base)


def call_from_thread(
    node: MessagePump, function: Callable[..., object], *arguments: object
) -> None:
    """Have `node` call `function`, without waiting for it."""
    with suppress(RuntimeError):  # the event loop is closed: nobody is there to be told
        node.call_later(function, *arguments)


class BaseScreen(Screen[None]):
    """A screen with header, footer and the actions that work everywhere."""

    #: The screen's name in the table of actions.
    kind: ClassVar[str] = ""
    #: What it shows a scenario with, where it shows one.
    stepper: Stepper | None = None

    def __init__(self) -> None:
        super().__init__()
        self.header = Header()
        self.footer = Footer(self.kind, self.offers, self.verb)
        self.too_small = TooSmall()
        self.leaving = Leaving(self)

    @property
    def cnnsim(self) -> CnnsimApp:
        """The app, with its type."""
        return cast("CnnsimApp", self.app)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out again, or say that there is no room."""
        small = event.size.width < LEAST[0] or event.size.height < LEAST[1]
        self.too_small.display = small
        if not small:
            self.lay_panels()

    def lay_panels(self) -> None:
        """Put the panels where they belong at the present size."""

    def offers(self, action: str) -> bool:
        """Whether the footer names an action: not one that would be refused here."""
        stepper = self.stepper
        if stepper is None:
            return True
        if action == "train":
            return stepper.scenario.model.data is not None or self.cnnsim.is_training
        if action == "tour.next":
            return bool(stepper.scenario.tour)
        return action != "backward" or bool(stepper.scenario.iteration.gradients)

    def verb(self, action: Action) -> str:
        """What the footer says that a key does."""
        return action.label

    def tell(self, message: str) -> None:
        """A short sentence in the footer, for a moment."""
        self.footer.say(message)

    def from_thread(self, function: Callable[..., object], *arguments: object) -> None:
        """Have the screen call `function`, without waiting for it.

        A thread that waited for an app that is ending would keep the process alive.
        """
        call_from_thread(self, function, *arguments)

    def complain(self, error: CnnsimError) -> None:
        """Say what went wrong; nothing is lost."""
        self.cnnsim.complain(error)

    def asks_before(self, leaving: Callable[[], object]) -> bool:
        """Whether there is something to lose: that is asked about, and `leaving` called after."""
        return False

    def work(self) -> Work:
        """What leaving the screen would lose."""
        return Work()

    def on_key(self, event: events.Key) -> None:
        """Every key comes by here before its action."""
        self.leaving.hear()

    def on_mouse_down(self) -> None:
        """Who clicks has not left."""
        self.leaving.withdraw()

    def on_screen_suspend(self) -> None:
        """Who asks for a dialog has not left either."""
        self.leaving.withdraw()

    def on_screen_resume(self) -> None:
        """Nor has who was asked in a dialog, and only closed that."""
        self.leaving.withdraw()

    def action_back(self) -> None:
        """Back to the screen below, the second time where work would be lost; home stays."""
        if len(self.app.screen_stack) <= 2 or self.app.screen is not self:
            return
        if not self.leaving.asks(self.leaving.lost, "esc again leaves"):
            self.app.pop_screen()

    def action_draw(self) -> None:
        """A digit of one's own, and what a net makes of it."""
        self.cnnsim.open_pad(self.run_folder)

    @property
    def run_folder(self) -> Path | None:
        """The run that this screen shows, to draw for its net."""
        return None

    @property
    def run_update(self) -> int | None:
        """The update of that run that is looked at; None where it is none, or just the first."""
        return None

    def action_turn(self, direction: int) -> None:
        """The next or previous panel."""
        if direction > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_train(self) -> None:
        """Train the net of this screen's scenario, or go back to the run that trains."""
        if self.cnnsim.show_training():
            return
        if self.stepper is None:
            self.tell("nothing trains now: t on a scenario trains it")
        else:
            self.cnnsim.train(self.stepper.scenario, self.run_update)

    def action_theme(self) -> None:
        """The next theme."""
        self.cnnsim.next_theme()

    def action_help(self) -> None:
        """Help for the panel that has the focus, and the keys of this screen."""
        from cnnsim.tui.screens.help import HelpScreen

        focused = self.focused
        text = focused.help_text if isinstance(focused, Panel) else ""
        self.app.push_screen(HelpScreen(self.kind, text))

    def action_save(self) -> bool:
        """Save the screen as SVG and as text in the current folder; False where that fails."""
        try:
            name = self._free_name()
            Path(f"{name}.svg").write_text(self.app.export_screenshot(title="cnnsim"), "utf-8")
            Path(f"{name}.txt").write_text(self.text(), "utf-8")
        except (OSError, ScreenStackError) as error:
            self.complain(CnnsimError(f"the screen could not be saved: {error}"))
            return False
        self.notify(f"saved {name}.svg and {name}.txt", timeout=4, markup=False)
        return True

    def _free_name(self) -> str:
        number = 1
        while any(Path(f"cnnsim-{self.kind}-{number}{end}").exists() for end in (".svg", ".txt")):
            number += 1
        return f"cnnsim-{self.kind}-{number}"

    def text(self) -> str:
        """The screen as plain text, a line for each row."""
        width, height = self.size
        strips = self._compositor.render_strips()
        lines = [strip.text.ljust(width) for strip in strips[:height]]
        return "\n".join(line.rstrip() for line in lines) + "\n"
