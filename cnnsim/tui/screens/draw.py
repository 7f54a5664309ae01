"""Drawing a digit, watching what a net makes of it, and stepping into that."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from cnnsim.amounts import counted, percent
from cnnsim.errors import CnnsimError, printable
from cnnsim.scenario.files import expanded
from cnnsim.scenario.picture import picture_size
from cnnsim.training.preprocess import is_dark_on_light
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.pad.brought import Brought
from cnnsim.tui.pad.judge import Look
from cnnsim.tui.pad.padnet import Ink, PadNet
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.leaving import Work
from cnnsim.tui.widgets.padboard import PadBoard
from cnnsim.tui.widgets.padpanel import PadPanel
from cnnsim.tui.widgets.sharespanel import SharesPanel


class DrawScreen(BaseScreen):
    """The sheet, what the net sees of it, what it says and why."""

    kind = "draw"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("draw")]

    def __init__(self, net: PadNet) -> None:
        super().__init__()
        self.net = net
        self.sheet = net.sheet()
        self._pen: tuple[int, int] | None = None
        self._is_down = False
        self._chosen: int | None = None
        self._look: Look | None = None
        #: The shares of a picture that others are compared with.
        self._kept: tuple[float, ...] | None = None
        self._wanted: Ink | None = None
        self._is_looking = False
        self._random = np.random.default_rng()
        self._board = PadBoard(net)

    def compose(self) -> ComposeResult:
        """Header, panels, footer."""
        yield self.header
        yield self._board
        yield self.footer
        yield self.too_small

    def offers(self, action: str) -> bool:
        """The pad has no scenario to train: only what trains already can be shown."""
        return super().offers(action) and (action != "train" or self.cnnsim.is_training)

    def on_mount(self) -> None:
        """The sheet takes the keys."""
        self.set_focus(self._board.pad)

    # -- showing ---------------------------------------------------------------------------------

    def lay_panels(self) -> None:
        """Put the panels where they belong, and paint them."""
        self._board.lay_out(self.sheet.shape)
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        self._show_sheet()
        self._show_look()
        accuracy = self.net.accuracy
        tested = []
        if accuracy is not None:
            tested = [("test accuracy ", "bar_dim"), (percent(accuracy), "bar_bold")]
        trained = (f"trained {counted(len(self.net.epochs), 'epoch')}   ", "bar_dim")
        crumbs = [(self.net.name, "bar_dim"), ("draw", "bar_bold")]
        self.header.show(crumbs, [trained, *tested], tested, spare=((-1,),))

    def _show_sheet(self) -> None:
        brought = self.sheet.brought
        words = "" if brought is None else brought.words
        self._board.show_sheet(self.sheet, self._pen, self._is_down, words)

    def _show_look(self) -> None:
        self._board.show_look(self._look, self._explained, self._kept)

    @property
    def _explained(self) -> int:
        """The class that was chosen, or the likeliest."""
        if self._chosen is not None:
            return self._chosen
        return self._look.best if self._look is not None else 0

    # -- looking ---------------------------------------------------------------------------------

    def _drawn(self) -> None:
        """The sheet has changed: show it, and have the net look when it is free."""
        self._show_sheet()
        if self.sheet.is_blank:
            self._wanted = self._look = None
            self._show_look()
            return
        self._wanted = self._picture
        self._start()

    @property
    def _picture(self) -> Ink:
        """What the net gets [channels, height, width]."""
        brought = self.sheet.brought
        return self.net.see(self.sheet.ink) if brought is None else brought.picture

    def _start(self) -> None:
        """Look at the latest picture, one at a time; those that came between are left out."""
        if not self._is_looking and self._wanted is not None:
            self._is_looking = True
            picture, self._wanted = self._wanted, None
            self.run_worker(partial(self._judge, picture), thread=True, group="look")

    def _judge(self, picture: Ink) -> None:
        worker = get_current_worker()
        look = self.net.look(picture)
        self.from_thread(self._hear, look)
        if self._wanted is None and not worker.is_cancelled:
            # The pen rests: there is time to ask why.
            chosen = look.best if self._chosen is None else self._chosen
            self.from_thread(self._hear_why, self.net.slopes(picture, chosen), chosen)
        self.from_thread(self._end)

    def _hear(self, look: Look) -> None:
        if not self.sheet.is_blank:
            self._look = look
            self._show_look()

    def _hear_why(self, slopes: Ink, chosen: int) -> None:
        if self._look is not None and chosen == self._explained:
            self._board.show_slopes(slopes, chosen)

    def _end(self) -> None:
        self._is_looking = False
        self._start()

    def on_pad_panel_stroked(self, event: PadPanel.Stroked) -> None:
        """The pen has moved."""
        if event.begins:
            self.sheet.begin()
        self._pen = None
        if event.erase:
            self.sheet.erase(event.start, event.end, event.reach)
        else:
            self.sheet.draw(event.start, event.end)
        self._drawn()

    def on_shares_panel_chosen(self, event: SharesPanel.Chosen) -> None:
        """Explain this class; the same again: the likeliest."""
        self.action_explain(event.number)

    # -- actions ---------------------------------------------------------------------------------

    def action_pen(self, down: int, across: int) -> None:
        """Move the pen by a pixel, drawing where it is down."""
        rows, columns = self.sheet.shape
        old = self._pen or (rows // 2, columns // 2)
        new = (
            min(max(old[0] + down, 0), rows - 1),
            min(max(old[1] + across, 0), columns - 1),
        )
        self._pen = new if self._pen is not None else old
        if self._is_down:
            if self.sheet.brought is not None:
                self.sheet.begin()
            self.sheet.draw(old, self._pen)
            self._drawn()
        else:
            self._show_sheet()

    def action_down(self) -> None:
        """Put the pen down, or lift it."""
        self._is_down = not self._is_down
        rows, columns = self.sheet.shape
        self._pen = self._pen or (rows // 2, columns // 2)
        if self._is_down:
            self.sheet.begin()
            self.sheet.draw(self._pen, self._pen)
            self._drawn()
        self._show_sheet()

    def action_clear(self) -> None:
        """A new sheet."""
        self.sheet.clear()
        self._drawn()

    def action_undo(self) -> None:
        """Take back the last stroke."""
        if not self.sheet.undo():
            self.tell("nothing to undo")
            return
        self._drawn()

    def action_random(self) -> None:
        """A test picture that the net has never been trained with."""
        try:
            samples = self.net.test
        except CnnsimError as error:
            self.complain(error)
            return
        number = int(self._random.integers(len(samples)))
        picture = np.asarray(samples.pictures[number], np.float64)
        name = self.net.names[int(samples.classes[number])]
        article = "an" if name[:1] in set("8aeiou") else "a"
        # What it is stands first: the end may be cut.
        self._bring(Brought(f"{article} {name}, test picture {number}", picture))

    def action_file(self) -> None:
        """Ask for a picture file."""
        from cnnsim.tui.screens.ask import AskScreen

        def check(text: str) -> str:
            rows, columns = picture_size(Path(expanded(text)))
            return f"{rows}×{columns} pixels"

        def answer(text: str | None) -> None:
            if text:
                self._open(Path(expanded(text)), None)

        self.app.push_screen(
            AskScreen("open a picture file", "a path such as seven.png, of any size", check), answer
        )

    def action_invert(self) -> None:
        """Dark on light as light on dark; again: as it is."""
        brought = self.sheet.brought
        if brought is None or brought.path is None:
            self.tell("o opens a picture file, which i turns around")
            return
        self._open(brought.path, not brought.is_inverted)

    def _open(self, path: Path, invert: bool | None) -> None:
        """Put a picture file on the sheet; by itself it is turned around where its edges are light.

        Ink is light, and paper dark, in the pictures that nets learn from.
        """
        try:
            if invert is None:
                invert = is_dark_on_light(path)
            picture = self.net.read(path, invert)
        except CnnsimError as error:
            self.complain(error)
            return
        words = printable(path.name) + (", turned around" if invert else "")
        self._bring(Brought(words, picture, path, invert))

    def _bring(self, brought: Brought) -> None:
        self.sheet.show(self.net.on_sheet(brought.picture), brought)
        self._drawn()

    def work(self) -> Work:
        """A drawing is nowhere else; a test picture and a file are."""
        is_drawn = not self.sheet.is_blank and self.sheet.brought is None
        drawn = self.sheet.ink.tobytes() if is_drawn else None
        return Work("your drawing", "s saves the screen", drawn)

    def action_save(self) -> bool:
        """The screen has the drawing on it."""
        is_saved = super().action_save()
        if is_saved:
            self.leaving.keep()
        return is_saved

    def action_compare(self) -> None:
        """Keep what the net says, to compare other pictures with; again: no more."""
        if self._kept is not None:
            self._kept = None
        elif self._look is not None:
            self._kept = self._look.shares
        elif self.sheet.is_blank:
            self.tell("draw something first: it is kept to compare others with")
        else:
            self.tell("the net has not looked yet")
        self._show_look()

    def action_explain(self, number: int) -> None:
        """Explain a class; the same again: the likeliest."""
        if number >= len(self.net.names):
            return
        self._chosen = None if self._chosen == number else number
        self._drawn()

    def action_inside(self) -> None:
        """Step through what the net does with the picture."""
        self._step("first")

    def action_backward(self) -> None:
        """Step through the backward pass for the class that is explained."""
        self._step("loss.input_grad")

    def _step(self, address: str) -> None:
        if self.sheet.is_blank:
            self.tell("draw something first, or press r or o")
            return
        from cnnsim.tui.screens.forward import ForwardScreen

        try:
            stepper = self.net.stepper(self._picture, self._explained)
            step = stepper.find(address)
        except CnnsimError as error:
            self.complain(error)
            return
        self.app.push_screen(ForwardScreen(stepper, step))
