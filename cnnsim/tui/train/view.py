"""What is known of a run while it trains: one immutable value, and how events change it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cnnsim.training.run import Run
from cnnsim.training.schedule import Change, base_rate

Floats = npt.NDArray[np.float64]
#: What is heard of a run: its `kind`, and what belongs to that.
Event = dict[str, Any]
#: The numbers that every epoch has.
Series = Literal["train_loss", "test_loss", "accuracy"]
State = Literal[
    "starting", "running", "paused", "finished", "stopped", "diverged", "failed", "watching"
]

#: The states in which nothing more will come.
ENDED = ("finished", "stopped", "diverged", "failed")


class Epoch(NamedTuple):
    """What was measured after an epoch; a loss that is no number is NaN."""

    epoch: int
    train_loss: float
    test_loss: float
    accuracy: float


@dataclass(frozen=True)
class Mistake:
    """A test picture, its class, what it was taken for, and the share of the right class."""

    picture: int
    truth: int
    guess: int
    share: float


@dataclass(frozen=True, eq=False)
class Tested:
    """Test pictures after so many updates; `confusion` [truth, guess] where it can be shown.

    The `mistakes` are the worst ones, the smallest share of the right class first.
    """

    iteration: int
    names: tuple[str, ...]
    confusion: npt.NDArray[np.int64] | None
    pictures: int
    right: int
    mistakes: tuple[Mistake, ...]
    loss: float = float("nan")


@dataclass(frozen=True, eq=False)
class Filters:
    """The first layer's weights, mean over its channels [filters, rows, columns].

    Attributes:
        count: how many filters there are; `values` may hold fewer.
        norms: ‖w‖ of each, over all channels.
    """

    name: str
    count: int
    channels: int
    values: Floats
    norms: tuple[float, ...]


class Gradient(NamedTuple):
    """Of one parameter: ‖dw‖ and ‖Δw‖ / ‖w‖, means over the last `pictures`."""

    name: str
    norm: float | None
    change: float | None
    pictures: int


class LayerRow(NamedTuple):
    """What a layer puts out for `pictures`; `dead` of its `units` put out nothing but 0."""

    name: str
    mean: float
    deviation: float
    units: int
    dead: int
    pictures: int


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """The first maps of a layer, or of the input [maps, rows, columns], of `count`.

    `bends` says that the layer changes each number of the one before it by itself.
    """

    name: str
    count: int
    values: Floats
    bends: bool = False


@dataclass(frozen=True, eq=False)
class Specimen:
    """A test picture, its class by name, and what the layers of maps make of it."""

    picture: int
    truth: str
    layers: tuple[LayerMaps, ...]


@dataclass(frozen=True, eq=False)
class RunView:
    """A run, as far as it has told.

    Attributes:
        epochs, batch: of ``[training]``; `optimizer` is its name.
        note: what is being done before the first update, or what went wrong.
        iteration, iterations: updates made, and in all; 0 where nobody has said so.
        loss: the mean of this epoch so far.
        rate, base: the learning rate of the last update; the one that the schedule multiplies.
        speed: pictures a second.
        layers, specimen: what the layers put out for some test pictures, and for one of them.
        batch_loss: of the update that comes next, where it is known.
    """

    name: str
    seed: int
    folder: str
    epochs: int
    batch: int
    optimizer: str
    base: float
    state: State = "starting"
    note: str = ""
    rows: tuple[Epoch, ...] = ()
    changes: tuple[Change, ...] = ()
    iteration: int = 0
    iterations: int = 0
    loss: float | None = None
    rate: float | None = None
    speed: float = 0.0
    filters: Filters | None = None
    tested: Tested | None = None
    gradients: tuple[Gradient, ...] = ()
    layers: tuple[LayerRow, ...] = ()
    specimen: Specimen | None = None
    batch_loss: float | None = None

    @property
    def each(self) -> int:
        """Updates in an epoch; 0 where nobody has said so."""
        return self.iterations // self.epochs

    @property
    def done(self) -> int:
        """Epochs that are over and measured; one that has begun does not count."""
        return len(self.rows)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED

    @property
    def can_go_on(self) -> bool:
        """Whether it ended before its time: what it saved may be gone on with."""
        return self.state in ("stopped", "failed")

    @property
    def went_wrong(self) -> bool:
        """Whether it ended for a reason that its note tells."""
        return self.state in ("failed", "diverged")

    @property
    def best(self) -> Epoch | None:
        """The first epoch with the highest test accuracy, of those with a test loss."""
        good = (row for row in self.rows if math.isfinite(row.test_loss))
        return max(good, key=lambda row: row.accuracy, default=None)

    @property
    def share(self) -> float:
        """How much of the run is done, 0 to 1."""
        if self.iterations:
            return self.iteration / self.iterations
        return min(self.done / self.epochs, 1.0)

    @property
    def left(self) -> float | None:
        """Seconds that are left at this speed."""
        if self.has_ended or not (self.speed and self.iterations):
            return None
        return (self.iterations - self.iteration) * self.batch / self.speed

    def series(self, what: Series) -> Floats:
        """One number of every epoch [epochs]."""
        return np.array([getattr(row, what) for row in self.rows], np.float64)


def view_of(run: Run) -> RunView:
    """A run before anything is heard of it: what its folder says."""
    changes = run.rate_changes()
    optimizer = run.optimizer
    return RunView(
        run.name,
        run.seed,
        str(run.folder),
        optimizer.epochs,
        optimizer.batch,
        optimizer.optimizer,
        base_rate(optimizer, 2**62, changes),
        rows=tuple(map(epoch_of, run.metrics())),
        changes=changes,
    )


def epoch_of(row: dict[str, Any]) -> Epoch:
    """A line of ``metrics.jsonl``."""
    return Epoch(
        int(row["epoch"]), _number(row["train_loss"]), _number(row["test_loss"]),
        _number(row["test_accuracy"]),
    )  # fmt: skip


def heard(view: RunView, events: Iterable[Event]) -> RunView:
    """The view after some events of the worker."""
    rows: list[Epoch] = []
    for event in events:
        kind = event["kind"]
        if kind == "epoch":
            rows.append(epoch_of(event))
        elif kind == "progress":
            view = replace(
                view, state="running", note="", iteration=event["iteration"],
                iterations=event["iterations"], loss=event["loss"], rate=event["rate"],
                speed=event["images_per_second"] or view.speed,
            )  # fmt: skip
        elif kind == "snapshot":
            view = _looked(view, event)
        elif kind == "rate":
            change = Change(event["iteration"], event["rate"])
            view = replace(view, base=change.rate, changes=(*view.changes, change))
        elif kind == "metrics":
            every, epochs = tuple(map(epoch_of, event["rows"])), event["epochs"]
            ended = len(every) >= epochs
            view = replace(
                view, rows=every, epochs=epochs, iterations=view.each * epochs,
                state="finished" if ended else "watching",
            )  # fmt: skip
        elif kind == "rates":
            changes = tuple(event["changes"])
            view = replace(view, changes=changes, base=changes[-1].rate if changes else view.base)
        elif kind == "saved":
            view = replace(
                view, iteration=event["iteration"], iterations=event["iterations"],
                rate=event["rate"], note="",
            )  # fmt: skip
        elif kind == "note":
            view = replace(view, note=event["what"])
        elif kind == "paused":
            view = replace(view, state="paused")
        elif kind == "compiling":
            view = replace(view, note=f"compiling {event['what']}, the first time only")
        elif kind == "result":
            view = replace(view, state="finished")
        elif kind == "stopped":
            view = replace(view, state="stopped")
        elif kind == "diverged":
            note = "the loss is no number any more: a smaller rate helps most often"
            view = replace(view, state="diverged", note=note)
        elif kind == "error":
            told = [event["message"], event.get("hint", "")]
            view = replace(view, state="failed", note="; ".join(filter(None, told)))
    return replace(view, rows=(*view.rows, *rows)) if rows else view


def _looked(view: RunView, event: Event) -> RunView:
    """The view with what a snapshot shows; what it leaves out stays."""
    if (found := event.get("filters")) is not None:
        values = np.array(found["values"], np.float64).reshape(found["shape"])
        view = replace(view, filters=Filters(
            found["name"], found["count"], found["channels"], values, tuple(found["norms"]),
        ))  # fmt: skip
    if (found := event.get("tested")) is not None:
        confusion = found["confusion"]
        view = replace(view, tested=Tested(
            found["iteration"], tuple(found["names"]),
            None if confusion is None else np.array(confusion, np.int64),
            found["pictures"], found["right"],
            tuple(Mistake(m["picture"], m["class"], m["guess"], m["share"])
                  for m in found["mistakes"]),
            _number(found.get("loss")),
        ))  # fmt: skip
    if found := event.get("gradients"):
        rows = (Gradient(r["name"], r["gradient"], r["change"], r["pictures"]) for r in found)
        view = replace(view, gradients=tuple(rows))
    if found := event.get("layers"):
        layers = (LayerRow(r["name"], r["mean"], r["deviation"], r["units"], r["dead"],
                           r["pictures"]) for r in found)  # fmt: skip
        view = replace(view, layers=tuple(layers))
    if (found := event.get("maps")) is not None:
        maps = (LayerMaps(m["name"], m["count"],
                          np.array(m["values"], np.float64).reshape(m["shape"]), m["bends"])
                for m in found["layers"])  # fmt: skip
        view = replace(view, specimen=Specimen(found["picture"], found["class"], tuple(maps)))
    if "batch_loss" in event:
        view = replace(view, batch_loss=event["batch_loss"])
    return view


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
