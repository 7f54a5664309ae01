"""The panels of the training screen: frames round what the painters draw."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.train.charts import draw_accuracy, draw_loss
from cnnsim.tui.train.confusion import draw_confusion
from cnnsim.tui.train.figures import draw_figures
from cnnsim.tui.train.filters import cell_of, draw_filters
from cnnsim.tui.train.gradients import draw_gradients
from cnnsim.tui.train.layers import draw_layers
from cnnsim.tui.train.log import draw_log
from cnnsim.tui.train.mistakes import draw_mistakes, grid_of, number_at, page_of
from cnnsim.tui.train.scene import Painter, Scene
from cnnsim.tui.train.specimen import draw_specimen
from cnnsim.tui.train.weight import draw_weight, row_at
from cnnsim.tui.widgets.panel import Panel
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


class FiguresPanel(Panel, can_focus=False):
    """Two rows of numbers above everything."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._scene: Scene | None = None

    def show(self, scene: Scene) -> None:
        """Set what is known."""
        self._scene = scene
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The numbers."""
        if self._scene is not None:
            draw_figures(canvas, self._scene)


class TrainPanel(TabbedPanel):
    """A painter in a frame; it paints again only when what it draws from has changed.

    Attributes:
        number: the key that shows it alone.
        painter: draws the inside, and says what the frame says.
    """

    number: ClassVar[int] = 0
    painter: ClassVar[Painter]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.scene: Scene | None = None
        self._drawn_from: tuple[object, ...] = ()
        self._is_empty = True

    def show(self, scene: Scene) -> None:
        """Set what is known."""
        self.scene = scene
        if not self.display:
            return
        drawn_from = (scene.palette, *self.draws_from(scene))
        same = len(drawn_from) == len(self._drawn_from) and all(
            now is before or now == before
            for now, before in zip(drawn_from, self._drawn_from, strict=True)
        )
        # What an empty panel says may change with anything.
        if self._is_empty or not same:
            self._drawn_from = drawn_from
            self.repaint()

    @property
    def tab(self) -> str:
        """With the key that shows it alone."""
        return f"{self.number} {self.label}"

    @abstractmethod
    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """All that the picture depends on, besides size and palette, once there is something."""

    def forget(self) -> None:
        """Paint anew at the next chance."""
        self._drawn_from = ()
        super().forget()

    def paint(self, canvas: Canvas) -> None:
        """The inside first, for what it says in the frame."""
        if self.scene is None:
            return
        inside = Canvas(canvas.width, canvas.height, self.palette.base)
        words = type(self).painter(inside, self.scene)
        self._is_empty = words.is_empty
        canvas.blit(inside, 0, 0)
        # Among tabs the number stands before the label.
        number = () if self._tabs else ((f"{self.number} ", self.palette.bold),)
        self.draw_frame(canvas, (*number, *words.title), words.right, words.bottom,
                        words.bottom_right)  # fmt: skip


def _rows(scene: Scene) -> tuple[object, ...]:
    return (scene.chosen, *(run.rows for run in scene.runs))


def _place(scene: Scene) -> tuple[object, ...]:
    """What shows where the slider stands."""
    return () if scene.at is None else (scene.at, scene.run.each, scene.run.tested)


class LossPanel(TrainPanel):
    """Loss over the epochs."""

    label, number, painter = "loss", 1, draw_loss
    help_text = """\
The mean loss of each epoch: on the training pictures, each just before its update, and on the test
pictures after the epoch. Where the test curve turns upwards while the training curve goes on
falling, the net learns its pictures by heart. e: log or linear axis."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """Epochs and axis."""
        return (scene.log, *_place(scene), *_rows(scene))


class AccuracyPanel(TrainPanel):
    """Accuracy over the epochs."""

    label, number, painter = "accuracy", 2, draw_accuracy
    help_text = """\
The share of test pictures that are recognised after each epoch. The triangle is the best epoch up
to the slider; the best one's weights are kept in best.safetensors. What lies below the axis are the
first, steep epochs."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The epochs."""
        return (*_place(scene), *_rows(scene))


class ConfusionPanel(TrainPanel):
    """Which class was taken for which."""

    label, number, painter = "confusion", 3, draw_confusion
    help_text = """\
How often pictures of a class (row) were taken for a class (column), on all test pictures after the
epoch or update in the title. The diagonal is right; the redder, the more often it goes wrong."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The test, and what the frame says of when."""
        return (scene.run.tested, scene.run.each, scene.at is None)


class FiltersPanel(TrainPanel):
    """The first layer's weights."""

    label, number, painter = "filters", 4, draw_filters
    help_text = """\
The weights of the first layer, one picture for each filter: blue is negative, red positive. The
colours reach as far as the largest weight shown. ‖w‖ is the length of the filter. A click on a
weight watches it: its course through the run, and what moved it at the slider; a second click
opens that in the stepper."""

    class Picked(Message):
        """A weight was clicked: filter, row, column."""

        def __init__(self, place: tuple[int, int, int]) -> None:
            super().__init__()
            self.place = place

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The weights."""
        watched = scene.watch.entry if scene.watch is not None else None
        return (scene.run.filters, watched)

    def on_click(self, event: events.Click) -> None:
        """Watch a weight, or bring up another panel."""
        super().on_click(event)
        if self.scene is not None:
            place = cell_of(self.scene, *self.size, int(event.x), int(event.y))
            if place is not None:
                self.post_message(self.Picked(place))


class SpecimenPanel(TrainPanel):
    """The maps that the layers make of one test picture."""

    label, number, painter = "maps", 9, draw_specimen
    help_text = """\
One test picture and what the layers of maps make of it, layer by layer: blue is negative, red
positive, and the colours of a layer reach as far as its largest number. c and C go on to a digit of
the next or previous class. Beside a run that trains it follows a few times a second."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The maps."""
        return (scene.run.specimen,)


class MistakesPanel(TrainPanel):
    """The worst mistakes as pictures."""

    label, number, painter = "mistakes", 5, draw_mistakes
    help_text = """\
The mistakes in which the right class had the smallest share, the smallest first. Below each: what
it is → what the net said, and the share of the right class.
Arrows choose one, enter pauses and opens it in the stepper with the weights of this moment, so that
every product behind the mistake can be seen."""

    class Chosen(Message):
        """A picture was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """Mistakes, pictures, choice, what the frame says of when."""
        run = scene.run
        return (run.tested, run.each, scene.pictures is None, scene.mistake, scene.at is None)

    def on_click(self, event: events.Click) -> None:
        """Choose a picture, or bring up another panel."""
        super().on_click(event)
        scene = self.scene
        if scene is None or scene.run.tested is None:
            return
        grid = grid_of(scene, *self.size)
        number = number_at(grid, event.x, event.y)
        if number is not None:
            number += page_of(grid, scene.mistake)
            if number < len(scene.run.tested.mistakes):
                self.post_message(self.Chosen(number))


class WeightPanel(TrainPanel):
    """One number of a parameter over the run."""

    label, number, painter = "weight", 0, draw_weight
    help_text = """\
One number of a parameter: its value after every few updates, and at the slider what the update
made of it, with the optimiser's rule, and the terms of its gradient, those that moved it most
first. The curve is as dense as numbers are kept: its frame says how dense. w or a click on a
filter chooses the number, up and down a row, enter or a second click opens that row in the
stepper."""

    class Chosen(Message):
        """A row of what moved the number was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The number, where the slider stands, what is being done."""
        return (scene.watch, scene.at, scene.end, scene.doing, scene.run.has_ended)

    def on_click(self, event: events.Click) -> None:
        """Choose a row, or bring up another panel."""
        super().on_click(event)
        if self.scene is not None:
            row = row_at(self.scene, *self.size, int(event.x), int(event.y))
            if row is not None:
                self.post_message(self.Chosen(row))


class LayersPanel(TrainPanel):
    """Every layer's activations in numbers."""

    label, number, painter = "layers", 8, draw_layers
    help_text = """\
What each layer puts out for the same few test pictures, in evaluation mode: the mean and the
standard deviation of all its numbers, and how many of its units are dead. A unit is a map, or a
feature; it is dead where it puts out 0 for every one of the pictures: then it learns nothing from
them either."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The numbers."""
        return (scene.run.layers,)


class GradientsPanel(TrainPanel):
    """Gradients of every parameter."""

    label, number, painter = "gradients", 6, draw_gradients
    help_text = """\
For each parameter the length of its gradient, and by which share of its own length an update moves
it: with plain gradient descent that is rate·‖g‖/‖w‖. Between 1e−4 and 1e−2 learning goes well; far
below it nearly stands still (<), far above it jumps about (>): + and - change the rate."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """The gradients."""
        return (scene.run.gradients,)


class LogPanel(TrainPanel):
    """The epochs as lines."""

    label, number, painter = "log", 7, draw_log
    help_text = """\
One line for each epoch, the latest first, and one for each base rate that was set while it trained:
warm-up and schedule multiply it. These are kept in the run's folder, so that it can be trained
again to the same numbers. Below: the folder."""

    def draws_from(self, scene: Scene) -> tuple[object, ...]:
        """Epochs, rates, where the slider stands, what is being done."""
        run = scene.run
        return (run.note, run.changes, run.each, scene.at, *_rows(scene))
