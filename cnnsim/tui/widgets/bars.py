"""The header with its path and state, and the footer with the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from rich.cells import cell_len
from textual.timer import Timer

from cnnsim.tui.actions import Action, footer_entries
from cnnsim.tui.drawing.canvas import Canvas, Piece, cut_pieces, pieces_width
from cnnsim.tui.stage.prose import Span, style_of
from cnnsim.tui.widgets.panel import Panel

#: Seconds that a sentence stays in the footer.
_MOMENT = 2.5


class Header(Panel, can_focus=False):
    """Row 0: program › scenario › layer › … on the left, the state on the right."""

    DEFAULT_CSS = "Header { dock: top; height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._crumbs: tuple[Span, ...] = ()
        self._states: tuple[Sequence[Span], ...] = ((),)
        self._spare: tuple[tuple[int, ...], ...] = ()
        self._tells_activity = True

    def hide_activity(self) -> None:
        """Its screen says itself what is being trained."""
        self._tells_activity = False

    def show(
        self,
        crumbs: Sequence[Span],
        *states: Sequence[Span],
        spare: Sequence[tuple[int, ...]] = (),
    ) -> None:
        """Set the path (text, role) and the state on the right; roles are bar, bar_dim, …

        Of several forms of the state the first is the longest. `spare` are places in the path that
        may be left out together, −1 the program's name; the first that is enough is, and the last
        of them only where no form of the state fits with more of the path.
        """
        self._crumbs, self._states, self._spare = tuple(crumbs), states or ((),), tuple(spare)
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """What is trained gives way first, but for its shortest form: that stays, like the path."""
        canvas.fill(0, 0, canvas.width, 1, " ", self.palette.bar)
        path, state = self._fitting(canvas.width - 4)
        canvas.pieces(1, 0, path)
        canvas.pieces(canvas.width - 1 - pieces_width(state), 0, state)

    def _fitting(self, room: int) -> tuple[list[Piece], list[Piece]]:
        """Path and state in so many columns."""
        for path, state in self._ways():
            if pieces_width(path) + pieces_width(state) <= room:
                break
        return path, state

    def _ways(self) -> Iterator[tuple[list[Piece], list[Piece]]]:
        """Path and state, shorter and shorter."""
        palette = self.palette
        told = (self.cnnsim.activity if self._tells_activity else ()) or ("",)
        paths = [self._pieces(gone) for gone in ((), *self._spare)]

        def beside(text: str, state: Sequence[Span]) -> list[Piece]:
            gap = "   " if text and state else ""
            own = [(part, style_of(palette, role)) for part, role in state]
            return [(text, palette.bar_bold), (gap, palette.bar), *own]

        for text in told:
            yield paths[0], beside(text, self._states[0])
        for part in (paths[:-1], paths[-1:]):
            for state, path in product(self._states, part):
                yield path, beside(told[-1], state)
        for text in (told[-1], ""):
            for state in _cut_short(self._states[-1]):
                yield paths[-1], beside(text, state)

    def _pieces(self, gone: tuple[int, ...]) -> list[Piece]:
        palette = self.palette
        pieces: list[Piece] = []
        for place, (text, role) in enumerate((("cnnsim", "bar_bold"), *self._crumbs), -1):
            if place in gone:
                continue
            if pieces:
                pieces.append((" › ", palette.bar_dim))
            pieces.append((text, style_of(palette, role)))
        return pieces


def _cut_short(state: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """`state` with less and less at its end, and no words left there that lead to a number."""
    for end in range(len(state) - 1, -1, -1):
        text, role = state[end - 1] if end else ("", "")
        if not (role == "bar_dim" and text.endswith(" ")):
            yield state[:end]


class Footer(Panel, can_focus=False):
    """The last row: bold key, dim verb. Help and quit never leave it."""

    DEFAULT_CSS = "Footer { dock: bottom; height: 1; width: 1fr; }"

    def __init__(
        self, screen: str, offers: Callable[[str], bool], verb: Callable[[Action], str]
    ) -> None:
        super().__init__()
        self._screen_name, self._offers, self._verb = screen, offers, verb
        self._sentence = ""
        self._progress = ""
        self._moment: Timer | None = None

    def say(self, sentence: str) -> None:
        """Show a sentence for a moment, whatever else goes on."""
        if self._moment is not None:
            # Else the sentence before would take this one with it.
            self._moment.stop()
        self._sentence = sentence
        self._moment = self.set_timer(_MOMENT, self.hush)
        self.repaint()

    def hush(self) -> None:
        """The moment is over, or what was said holds no more."""
        if self._sentence:
            self._sentence = ""
            self.repaint()

    def show_progress(self, progress: str) -> None:
        """Show what goes on in place of the keys; empty brings them back."""
        if progress != self._progress:
            self._progress = progress
            self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The fixed entries from the right, the others from the left while there is room."""
        palette = self.palette
        canvas.fill(0, 0, canvas.width, 1, " ", palette.bar)
        entries = footer_entries(self._screen_name, self.cnnsim.keys, self._offers, self._verb)
        right = canvas.width - 1
        for keys, verb, _ in reversed([entry for entry in entries if entry[2]]):
            right -= cell_len(keys) + 1 + cell_len(verb)
            canvas.pieces(right, 0, [(keys, palette.bar_bold), (f" {verb}", palette.bar_dim)])
            right -= 2
        if message := self._sentence or self._progress:
            canvas.pieces(1, 0, cut_pieces([(message, palette.bar)], max(right - 1, 1)))
            return
        at = 1
        for keys, verb, fixed in entries:
            width = cell_len(keys) + 1 + cell_len(verb)
            if fixed or at + width > right:
                continue
            canvas.pieces(at, 0, [(keys, palette.bar_bold), (f" {verb}", palette.bar_dim)])
            at += width + 2
