"""The input with the receptive field of one unit."""

from __future__ import annotations

from textual import events
from textual.message import Message

from cnnsim.amounts import counted
from cnnsim.tui.drawing.canvas import Canvas, Piece, pieces_width
from cnnsim.tui.drawing.plane import draw_plane
from cnnsim.tui.stage.prose import Paragraph, draw_prose, wrap
from cnnsim.tui.walk.picture import PictureView, view_of
from cnnsim.tui.walk.sight import Point, sight_lines
from cnnsim.tui.walk.table import cross
from cnnsim.tui.walk.views import Looking
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


class PicturePanel(TabbedPanel):
    """The input picture; a ring round what the chosen unit sees."""

    label = "sees"
    help_text = """\
What one unit of the layer sees of the input: its receptive field, worked out through all layers
before it. Padding counts, so a field can reach over the edge; the ring shows what is inside.

r, or a click into this panel: the arrows move the unit, HJKL by eight units at a time; enter steps
inside at this very unit. A click in the picture takes the unit nearest to it. c and C show single
channels of the input."""

    class Pointed(Message):
        """A place of the picture was clicked, in input pixels."""

        def __init__(self, point: Point) -> None:
            super().__init__()
            self.point = point

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._looking: Looking | None = None
        self._drawn: tuple[int, int, PictureView] | None = None

    def show(self, looking: Looking) -> None:
        """Set what is looked at."""
        self._looking = looking
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The picture in the middle, the words below it."""
        looking, palette = self._looking, self.palette
        self._drawn = None
        if looking is None:
            self.draw_frame(canvas, [(self.label, palette.dim)])
            return
        title = self._title(looking)
        room = canvas.width - 9 - pieces_width(title)
        right: list[Piece] = [(self._channel(looking, room), palette.dim)]
        self.draw_frame(canvas, title, right, bottom_right=self._keys(looking))
        width, height = canvas.width - 4, canvas.height - 2
        words = self._words(looking, width)
        lines = min(len(wrap(words, width)), max(height // 2, 1))
        inner = Canvas(canvas.width - 2, height - lines, palette.base)
        view = view_of(
            looking.source,
            looking.channel,
            looking.sight,
            (inner.width, inner.height),
            not self.cnnsim.ascii,
            palette,
        )
        wide, high = view.size
        x, y = max((inner.width - wide) // 2, 0), max((inner.height - high) // 2, 0)
        draw_plane(inner, x, y, view.plane, view.cls, palette)
        canvas.blit(inner, 1, 1)
        self._drawn = (1 + x, 1 + y, view)
        draw_prose(canvas, 2, 1 + inner.height, width, lines, words, palette)

    def _title(self, looking: Looking) -> list[Piece]:
        palette = self.palette
        unit = "·"
        if looking.unit is not None:
            unit = f"·,{looking.unit[0]},{looking.unit[1]}"
        pieces = [("what ", palette.dim), (f"{looking.name}[{unit}]", palette.bold),
                  (" sees", palette.dim)]  # fmt: skip
        return pieces if not self._tabs else pieces[1:2]

    @staticmethod
    def _channel(looking: Looking, room: int) -> str:
        if looking.channel is None or len(looking.source.size) != 3:
            return cross(looking.source.size)
        text = f"channel {looking.channel} of {cross(looking.source.size)}"
        return text if len(text) <= room else text.partition(" of ")[0]

    def _keys(self, looking: Looking) -> list[Piece]:
        palette = self.palette
        if self._tabs:
            return self._title(looking)
        if looking.unit is None or not looking.moving:
            return []
        return [("arrows", palette.bold), (" move  ", palette.dim), ("esc", palette.bold),
                (" done", palette.dim)]  # fmt: skip

    def _words(self, looking: Looking, width: int) -> list[Paragraph]:
        name, shape = looking.name, looking.source.size
        if looking.output is None:
            return [[(f"nothing reaches {name}: its shapes do not fit", "dim")]]
        if looking.sight is not None:
            return sight_lines(looking.sight, width)
        what = "picture" if looking.source.is_picture else "input"
        numbers = 1
        for extent in shape:
            numbers *= extent
        return [
            [("every unit of ", "dim"), (name, "bold"), (f" sees the whole {what}", "dim")],
            [(f"{cross(shape)} = " if len(shape) > 1 else "", "dim"),
             (counted(numbers, "number"), "dim")],
        ]  # fmt: skip

    def on_click(self, event: events.Click) -> None:
        """The unit that sees this place best."""
        super().on_click(event)
        if self._drawn is None:
            return
        x, y, view = self._drawn
        point = view.pixel_at(event.x - x, event.y - y)
        if point is not None:
            self.post_message(self.Pointed(point))
