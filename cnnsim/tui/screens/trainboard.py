"""What a training screen shows of its runs, and where their sliders stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import shorten

from textual.app import ComposeResult

from cnnsim.steps.entry import format_entry
from cnnsim.training.run import Run
from cnnsim.training.samples import Pictures
from cnnsim.tui.places import Places
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.scrub import Scrub
from cnnsim.tui.train.charts import letter
from cnnsim.tui.train.entries import entry_of, example_entry, trained_entry
from cnnsim.tui.train.layout import FIGURES, PANELS, lay_train, slider_rows
from cnnsim.tui.train.rates import rate_at, rate_text
from cnnsim.tui.train.scene import Scene
from cnnsim.tui.train.view import RunView, view_of
from cnnsim.tui.widgets.panels import Panels
from cnnsim.tui.widgets.slider import Slider
from cnnsim.tui.widgets.timeline import Timeline
from cnnsim.tui.widgets.trainpanels import (
    AccuracyPanel,
    ConfusionPanel,
    FiguresPanel,
    FiltersPanel,
    GradientsPanel,
    LayersPanel,
    LogPanel,
    LossPanel,
    MistakesPanel,
    SpecimenPanel,
    TrainPanel,
    WeightPanel,
)

#: Characters of the hint below a question: a few lines, in the smallest terminal too.
_HINT = 300

#: The mark and the word of each state of a run.
STATES = {
    "starting": "○ starting",
    "running": "● running",
    "paused": "❚❚ paused",
    "finished": "✓ finished",
    "stopped": "■ stopped, saved",
    "diverged": "✗ diverged",
    "failed": "✗ failed",
    "watching": "○ watching",
}

_CLASSES: tuple[type[TrainPanel], ...] = (
    LossPanel, AccuracyPanel, ConfusionPanel, FiltersPanel, SpecimenPanel, MistakesPanel,
    WeightPanel, GradientsPanel, LayersPanel, LogPanel,
)  # fmt: skip


class TrainBoard(BaseScreen):
    """Panels, slider, and the watched weight; where news come from is for those who follow."""

    def __init__(self, runs: Sequence[Run], is_live: bool) -> None:
        super().__init__()
        self._runs = list(runs)
        self._is_live = is_live
        self._views = [view_of(run) for run in runs]
        self._scrubs = [Scrub(self, run) for run in runs]
        self._chosen = 0
        self._log = True
        self._mistake = 0
        self._pictures: dict[int, Pictures] = {}
        # Where the slider is to stand once the run is known that far.
        self._start: int | None = None
        self._figures = FiguresPanel(id="figures")
        self._slider = Slider(id="slider")
        self.panels = {
            name: panel(id=f"train-{name}") for name, panel in zip(PANELS, _CLASSES, strict=True)
        }
        self.board = Panels(self.panels, self._rule, self.refresh_panels, ("mistakes",))

    def compose(self) -> ComposeResult:
        """Header, numbers, panels, slider, footer."""
        yield self.header
        yield self._figures
        yield self.board
        yield self._slider
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """The mistakes take the keys."""
        self.set_focus(self.panels["mistakes"])

    def on_unmount(self) -> None:
        """No longer look."""
        for scrub in self._scrubs:
            scrub.close()

    @property
    def view(self) -> RunView:
        """The chosen run as it is now."""
        return self._views[self._chosen]

    @property
    def scrub(self) -> Scrub:
        """Its slider."""
        return self._scrubs[self._chosen]

    def shows(self, folder: Path) -> bool:
        """Whether the run in `folder` is one of those shown here."""
        return any(run.folder.resolve() == folder.resolve() for run in self._runs)

    def latest(self, run: Run) -> RunView:
        """A run as it is now."""
        return self._views[self._runs.index(run)]

    # -- showing ---------------------------------------------------------------------------------

    def scene(self) -> Scene:
        """Everything that is drawn."""
        views = list(self._views)
        view, scrub = self.view, self.scrub
        views[self._chosen] = scrub.applied(view)
        if scrub.at is not None and view.each:
            optimizer = self._runs[self._chosen].optimizer
            rate = rate_at(optimizer, scrub.at, view.each, view.changes)
            views[self._chosen] = replace(views[self._chosen], rate=rate)
        return Scene(
            tuple(views), self._chosen, self._log, self._mistake, self._pictures.get(self._chosen),
            self._is_live, self.cnnsim.palette, self.cnnsim.ascii, scrub.at, scrub.busy,
            scrub.watch,
        )  # fmt: skip

    def _rule(self, width: int, height: int) -> Places:
        run, view = self._runs[self._chosen], self.view
        if view.went_wrong and not (view.rows or view.iteration):
            # Nothing is there to be seen but why.
            return Places({"log": (0, 0, width, height)})
        return lay_train(width, height, len(run.iteration.slots), len(run.scenario.network.layers))

    def lay_panels(self) -> None:
        """Put the panels where they belong at the present size."""
        width, height = self.app.size
        slider = slider_rows(height)
        self._figures.styles.height, self._slider.styles.height = FIGURES, slider
        self.board.lay(width, height - 2 - FIGURES - slider)

    def refresh_panels(self) -> None:
        """Everything follows from what is known."""
        if not self.is_mounted or not self.is_current:
            return
        scene = self.scene()
        self._figures.show(scene)
        self._slider.show_scene(scene)
        for panel in self.panels.values():
            panel.show(scene)
        self._show_header(scene)

    def _show_header(self, scene: Scene) -> None:
        run = scene.run
        doing = "train" if self._is_live else "watch"
        if len(scene.runs) > 1:
            doing += f" run {letter(scene.chosen)}"
        crumbs = [(run.name, "bar_dim"), (doing, "bar_bold"),
                  (f"seed {run.seed}", "bar_dim"), (Path(run.folder).name, "bar_dim")]  # fmt: skip
        size = "one picture" if run.batch == 1 else f"{run.batch} pictures"
        rate = run.base if run.rate is None else run.rate
        how = f"{run.optimizer}, {size} at a time   " if self.size.width >= 100 else ""
        what = f"{how}η {rate_text(rate)}   " if self.size.width >= 72 else ""
        state = [(what, "bar_dim"), (STATES[run.state], "bar_bold")]
        self.header.show(crumbs, state, spare=((2,), (2, 3)))

    # -- looking ---------------------------------------------------------------------------------

    def action_axis(self) -> None:
        """Losses on a log axis, or a linear one."""
        self._log = not self._log
        self.refresh_panels()

    def action_show(self, number: int) -> None:
        """One panel alone, or all again."""
        self.board.show_alone(next(n for n, panel in self.panels.items() if panel.number == number))

    def action_maximise(self) -> None:
        """The focused panel alone, or all again."""
        self.board.maximise("mistakes")

    def action_turn(self, direction: int) -> None:
        """The next or previous panel; those that share a place come up in turn."""
        self.board.turn(direction)

    def action_run(self, direction: int) -> None:
        """Show the next or previous run."""
        if len(self._views) > 1:
            self._chosen = (self._chosen + direction) % len(self._views)
            self._mistake = 0
            self.board.lay_again()
        else:
            self.tell("this is the only run here")

    def action_specimen(self, direction: int) -> None:
        """The activations of a digit of another class."""
        specimen = self.scene().run.specimen
        if specimen is None:
            self.tell("there are no activations to see yet")
            return
        self.board.bring_up("maps")
        scrub = self.scrub
        scrub.shown += direction
        scrub.look(self.view)
        self.refresh_panels()

    # -- the slider ------------------------------------------------------------------------------

    def stand_at(self, number: int | None) -> None:
        """Put the slider at update `number` as soon as that is known; None leaves it."""
        self._start = number
        self._stand()

    def _stand(self) -> None:
        if self._start is not None and self.view.iteration:
            self.scrub.go(self._start, self.view)
            self._start = None
            self.refresh_panels()

    def _slide(self, move: Callable[[], None]) -> None:
        if not self.view.iteration:
            self.tell("no update has been made so far")
            return
        move()
        self.set_focus(self._slider)
        self.refresh_panels()

    def action_slide(self, by: int) -> None:
        """So many updates on, or back."""
        self._slide(lambda: self.scrub.slide(by, self.view))

    def action_slide_epoch(self, by: int) -> None:
        """So many epochs on, or back."""
        self.action_slide(by * max(self.view.each, 1))

    def action_slide_end(self, direction: int) -> None:
        """Before the first update, or on with the latest."""
        end = 0 if direction < 0 else self.view.iteration
        self._slide(lambda: self.scrub.go(end, self.view))

    def on_timeline_dragged(self, event: Timeline.Dragged) -> None:
        """A place on the slider."""
        end = self.view.iteration
        self._slide(lambda: self.scrub.go(round(event.fraction * end), self.view))

    # -- one weight ------------------------------------------------------------------------------

    def action_watch(self) -> None:
        """Ask for the number to watch."""
        from cnnsim.tui.screens.ask import AskScreen

        run = self._runs[self._chosen]
        if not run.iteration.slots:
            self.tell("this run trains nothing")
            return
        example = example_entry(run)

        def answer(text: str | None) -> None:
            if text:
                self._watch(*trained_entry(run, text))

        names = ", ".join(slot.name for slot in run.iteration.slots)
        hint = shorten(f"a number of {names}", _HINT, placeholder=" …")
        check = partial(_explain_entry, run)
        self.app.push_screen(AskScreen("watch one weight", hint, check, example), answer)

    def _watch(self, tensor: str, index: tuple[int, ...]) -> None:
        self.scrub.watch_entry((tensor, index), self.view)
        self.board.bring_up("weight")

    def on_filters_panel_picked(self, event: FiltersPanel.Picked) -> None:
        """Watch the weight that was clicked; one that is watched opens in the stepper."""
        filters = self.scene().run.filters
        shapes = {slot.name: slot.shape for slot in self._runs[self._chosen].iteration.slots}
        if filters is None or filters.name not in shapes:
            self.tell("these filters are frozen: no update moves them")
            return
        entry = entry_of(filters, event.place, shapes[filters.name])
        if self.scrub.watch is not None and self.scrub.watch.entry == entry:
            self.scrub.step_into_row()
        else:
            self._watch(*entry)

    def on_weight_panel_chosen(self, event: WeightPanel.Chosen) -> None:
        """A click chooses a row; a second one opens it."""
        watch = self.scrub.watch
        if watch is not None and watch.chosen == event.row:
            self.scrub.step_into_row()
        elif watch is not None:
            self.scrub.choose(event.row - watch.chosen)
        self.refresh_panels()


def _explain_entry(run: Run, text: str) -> str:
    """What somebody typed, for the line below it. Raises CnnsimError."""
    tensor, index = trained_entry(run, text)
    sides = "×".join(map(str, run.scenario.network.parameters[tensor].shape))
    return f"{format_entry(tensor, index)} of {sides}"
