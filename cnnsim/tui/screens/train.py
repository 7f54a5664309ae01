"""Training: watch a net learn, hold it, lead it step by step, and look into its mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from cnnsim.errors import CnnsimError
from cnnsim.training.load import load
from cnnsim.training.run import Run
from cnnsim.training.samples import Pictures
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.train.layout import PANELS, lay_train
from cnnsim.tui.train.opened import stepper_on, trained_scenario
from cnnsim.tui.train.rates import next_rate
from cnnsim.tui.train.scene import Scene
from cnnsim.tui.train.source import Source, Trainer, Watcher
from cnnsim.tui.train.view import heard, view_of
from cnnsim.tui.walk.layout import WalkLayout
from cnnsim.tui.widgets.place import place
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel
from cnnsim.tui.widgets.trainpanels import (
    AccuracyPanel,
    ConfusionPanel,
    FiguresPanel,
    FiltersPanel,
    GradientsPanel,
    LogPanel,
    LossPanel,
    MistakesPanel,
    TrainPanel,
)

#: Seconds between two looks for news, and between two questions how the network looks.
_TICK, _LOOK = 0.1, 0.3

#: The mark and the word of each state of a run.
_STATES = {
    "starting": "○ starting",
    "running": "● running",
    "paused": "❚❚ paused",
    "finished": "✓ finished",
    "stopped": "■ stopped, saved",
    "diverged": "✗ diverged",
    "failed": "✗ failed",
    "watching": "○ watching",
}


class TrainScreen(BaseScreen):
    """One run that is trained for this screen, or some that are watched."""

    kind = "train"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("train")]
    DEFAULT_CSS = """
    TrainScreen #train { width: 100%; height: 1fr; }
    TrainScreen #train > * { position: absolute; display: none; }
    """

    def __init__(self, runs: Sequence[Run], sources: Sequence[Source], is_live: bool) -> None:
        super().__init__()
        self._runs = list(runs)
        self._sources = list(sources)
        self._is_live = is_live
        self._views = [view_of(run) for run in runs]
        self._chosen = 0
        self._log = True
        self._mistake = 0
        self._pictures: dict[int, Pictures] = {}
        self._reading: set[int] = set()
        self._asked = 0.0
        #: What to do once the run stands still and is saved.
        self._then: Callable[[], None] | None = None
        self._maximised: str | None = None
        self._tab = "mistakes"
        self._arrangement = WalkLayout()
        self._figures = FiguresPanel(id="figures")
        classes = (LossPanel, AccuracyPanel, ConfusionPanel, FiltersPanel, MistakesPanel,
                   GradientsPanel, LogPanel)  # fmt: skip
        self.panels: dict[str, TrainPanel] = {
            name: panel(id=f"train-{name}") for name, panel in zip(PANELS, classes, strict=True)
        }

    def compose(self) -> ComposeResult:
        """Header, numbers, panels, footer."""
        yield self.header
        with Container(id="train"):
            yield self._figures
            yield from self.panels.values()
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Begin at once."""
        self.set_focus(self.panels["mistakes"])
        for source in self._sources:
            source.start()
        self.set_interval(_TICK, self._listen)

    def on_unmount(self) -> None:
        """Whoever trains saves and ends."""
        for source in self._sources:
            source.close()

    # -- showing ---------------------------------------------------------------------------------

    def scene(self) -> Scene:
        """Everything that is drawn."""
        return Scene(
            tuple(self._views), self._chosen, self._log, self._mistake,
            self._pictures.get(self._chosen), self._is_live, self.cnnsim.palette,
            self.cnnsim.ascii,
        )  # fmt: skip

    def lay_panels(self) -> None:
        """Put the panels where they belong at the present size."""
        room = self.app.size.width, self.app.size.height - 2
        arrangement = lay_train(*room, len(self._runs[self._chosen].iteration.slots))
        place(self._figures, (0, 0, room[0], 2))
        if self._maximised:
            arrangement = WalkLayout({self._maximised: (0, 2, room[0], room[1] - 2)})
        self._arrangement = arrangement
        shared = arrangement.shared
        if shared and self._tab not in shared:
            self._tab = shared[0]
        labels = tuple(self.panels[name].label for name in shared)
        for name, panel in self.panels.items():
            if name in arrangement.panels and not (name in shared and name != self._tab):
                place(panel, arrangement.panels[name])
            else:
                panel.display = False
            panel.share(labels if name in shared else ())
        self.refresh_panels()

    def refresh_panels(self) -> None:
        """Everything follows from what is known."""
        if not self.is_mounted:
            return
        scene = self.scene()
        self._figures.show(scene)
        for panel in self.panels.values():
            panel.show(scene)
        self._show_header(scene)

    def _show_header(self, scene: Scene) -> None:
        run = scene.run
        crumbs = [(run.name, "bar_dim"), ("train" if self._is_live else "watch", "bar_bold"),
                  (f"seed {run.seed}", "bar_dim"), (Path(run.folder).name, "bar_dim")]  # fmt: skip
        size = "one picture" if run.batch == 1 else f"{run.batch} pictures"
        rate = run.base if run.rate is None else run.rate
        how = f"{run.optimizer}, {size} at a time   " if self.size.width >= 100 else ""
        what = f"{how}η {rate:.3g}   " if self.size.width >= 72 else ""
        state = [(what, "bar_dim"), (_STATES[run.state], "bar_bold")]
        self.header.show(crumbs, state, spare=(2, 3))

    # -- news ------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Take what is new, ask how the network looks, show it."""
        changed = False
        for number, source in enumerate(self._sources):
            if news := source.news():
                self._views[number] = heard(self._views[number], news)
                changed = True
        view = self._views[self._chosen]
        if view.tested is not None:
            self._mistake = min(self._mistake, max(len(view.tested.mistakes) - 1, 0))
            self._read_pictures(self._chosen)
        if self._is_live and view.state == "running" and monotonic() - self._asked >= _LOOK:
            self._asked = monotonic()
            self._sources[0].tell({"look": True})
        if self._then is not None and (view.state == "paused" or view.has_ended):
            then, self._then = self._then, None
            then()
        if changed and self.app.screen is self:
            self.refresh_panels()

    def on_screen_resume(self) -> None:
        """What happened below another screen."""
        self.refresh_panels()

    def _read_pictures(self, number: int) -> None:
        """The test pictures, once, in the background."""
        if number not in self._reading:
            self._reading.add(number)
            self.run_worker(lambda: self._load(number), thread=True, group="pictures")

    def _load(self, number: int) -> None:
        try:
            pictures = load(self._runs[number].scenario).test.pictures
        except CnnsimError as error:
            self.from_thread(self.complain, error)
            return
        self.from_thread(self._loaded, number, pictures)

    def _loaded(self, number: int, pictures: Pictures) -> None:
        self._pictures[number] = pictures
        self.refresh_panels()

    # -- leading ---------------------------------------------------------------------------------

    def _can_lead(self) -> bool:
        """Whether the run can be told anything; says why not."""
        view = self._views[self._chosen]
        if not self._is_live:
            self.tell("this run is watched: whoever trains it leads it")
        elif view.has_ended:
            self.tell(f"the run is over: it is kept in {view.folder}")
        return self._is_live and not view.has_ended

    def _ask(self, request: str) -> None:
        if self._can_lead():
            self._sources[0].tell({"ask": request})

    def action_pause(self) -> None:
        """Pause, or go on."""
        self._ask("continue" if self._views[0].state == "paused" else "pause")

    def action_batch(self) -> None:
        """One update, then pause."""
        self._ask("batch")

    def action_epoch(self) -> None:
        """To the end of the epoch, then pause."""
        self._ask("epoch")

    def action_rate(self, direction: int) -> None:
        """A larger or smaller learning rate from the next update on."""
        if self._can_lead():
            rate = next_rate(self._views[0].base, direction)
            self._sources[0].tell({"rate": rate})
            self.tell(f"learning rate {rate:g} from the next update on")

    def action_stop(self) -> None:
        """Stop and save; where that is done already, quit."""
        if not self._is_live or self._views[0].has_ended:
            self.run_worker(self.app.run_action("quit"))
            return
        for source in self._sources:
            source.close()

    def _when_still(self, then: Callable[[], None]) -> None:
        """Do something with the weights of this moment: the run pauses and is saved first."""
        view = self._views[self._chosen]
        if not self._is_live or view.has_ended or view.state == "paused":
            then()
            return
        self._then = then
        self._sources[0].tell({"ask": "pause"})

    # -- looking ---------------------------------------------------------------------------------

    def action_axis(self) -> None:
        """Losses on a log axis, or a linear one."""
        self._log = not self._log
        self.refresh_panels()

    def action_show(self, number: int) -> None:
        """One panel alone, or all again."""
        name = PANELS[number - 1]
        self._maximised = None if self._maximised == name else name
        self.lay_panels()
        self.set_focus(self.panels[self._maximised or name])

    def action_maximise(self) -> None:
        """The focused panel alone, or all again."""
        names = [name for name, panel in self.panels.items() if panel is self.focused]
        if self._maximised:
            names = [self._maximised]
        if names:
            self.action_show(PANELS.index(names[0]) + 1)

    def action_turn(self, direction: int) -> None:
        """The next or previous panel; those that share a place come up in turn."""
        names = [name for name in PANELS if self._maximised or name in self._arrangement.panels]
        shown = [name for name in names if self.panels[name] is self.focused]
        at = names.index(shown[0]) if shown else 0
        name = names[(at + direction) % len(names)]
        if self._maximised:
            self._maximised = name
        self._bring_up(name)

    def _bring_up(self, name: str) -> None:
        if name in self._arrangement.shared:
            self._tab = name
        self.lay_panels()
        self.set_focus(self.panels[name])

    def on_tabbed_panel_tab_picked(self, event: TabbedPanel.TabPicked) -> None:
        """Another panel of the shared place."""
        for name, panel in self.panels.items():
            if panel.label == event.label:
                self._bring_up(name)

    def action_run(self, direction: int) -> None:
        """Show the next or previous run."""
        if len(self._views) > 1:
            self._chosen = (self._chosen + direction) % len(self._views)
            self._mistake = 0
            self._listen()
            self.refresh_panels()

    # -- mistakes --------------------------------------------------------------------------------

    def action_mistake(self, direction: int) -> None:
        """The next or previous mistake."""
        tested = self._views[self._chosen].tested
        if tested is not None and tested.mistakes:
            self._mistake = (self._mistake + direction) % len(tested.mistakes)
            self.refresh_panels()

    def on_mistakes_panel_chosen(self, event: MistakesPanel.Chosen) -> None:
        """A click chooses; a second one steps in."""
        if event.number == self._mistake:
            self.action_inside()
        self._mistake = event.number
        self.refresh_panels()

    def action_inside(self) -> None:
        """Open the stepper on the chosen mistake, with the weights of this moment."""
        tested = self._views[self._chosen].tested
        pictures = self._pictures.get(self._chosen)
        if tested is None or pictures is None or not tested.mistakes:
            self.tell("there is no mistake to step into yet")
            return
        mistake = tested.mistakes[self._mistake]
        picture = np.asarray(pictures[mistake.picture], np.float64)
        run = self._runs[self._chosen]
        self._when_still(lambda: self._step(run, picture, mistake.truth))

    def _step(self, run: Run, picture: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
              truth: int) -> None:  # fmt: skip
        from cnnsim.tui.screens.forward import ForwardScreen

        try:
            stepper = stepper_on(trained_scenario(run), picture, truth)
            step = stepper.find("first")
        except CnnsimError as error:
            self.complain(error)
            return
        self.app.push_screen(ForwardScreen(stepper, step))

    def action_draw(self) -> None:
        """Draw for this very run."""
        folder = self._runs[self._chosen].folder
        self._when_still(lambda: self.cnnsim.open_pad(folder))

    # -- leaving ---------------------------------------------------------------------------------

    def action_back(self) -> None:
        """All panels again; else stop, save, and say where."""
        if self._maximised:
            self._maximised = None
            self.lay_panels()
            return
        view = self._views[self._chosen]
        if self._is_live and not view.has_ended:
            self.notify(f"stopped and saved in {view.folder}", timeout=8, markup=False)
        super().action_back()


def live_screen(run: Run) -> TrainScreen:
    """The screen that trains `run`."""
    return TrainScreen([run], [Trainer(run)], True)


def watching_screen(runs: Sequence[Run]) -> TrainScreen:
    """The screen that watches `runs`."""
    return TrainScreen(runs, [Watcher(run) for run in runs], False)
