"""The slider through training: click it, drag it, or press keys."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.timeline import fraction_at
from cnnsim.tui.train.scene import Scene
from cnnsim.tui.train.slider import draw_slider, rail_of
from cnnsim.tui.widgets.timeline import Timeline


class Slider(Timeline, can_focus=True):
    """The updates of a run. What it says is where on the rail, as a timeline does."""

    help_text = """\
Every update of the run, from before the first to the latest. Drag the dot or click; left and
right go by one update, with shift or PgUp and PgDn by an epoch, home and end to the ends.
Everything shows the run as it was then: numbers come from the nearest kept ones, and the updates
in between are done again. Enter opens the update in the stepper."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._scene: Scene | None = None

    def show_scene(self, scene: Scene) -> None:
        """Set what is known."""
        self._scene = scene
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The rail, and its words below or behind."""
        if self._scene is not None:
            draw_slider(canvas, self._scene, self.has_focus)

    def _go(self, x: int) -> None:
        left, width = rail_of(*self.size)
        self.post_message(self.Dragged(fraction_at(x - left, width)))
