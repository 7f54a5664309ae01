"""``[data]``: the pictures that a network is trained with."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cnnsim.errors import Problem
from cnnsim.network.fields import Text
from cnnsim.network.iteration import Iteration
from cnnsim.network.layer import Shape, times
from cnnsim.network.optimizer import DATA_KEYS

#: The sets that have a name, with the shape of a picture. Both have the classes 0 to 9.
NAMED: dict[str, Shape] = {"digits": (1, 8, 8), "mnist": (1, 28, 28)}


def _source(value: str) -> str:
    if not value:
        raise ValueError("should be digits, mnist, or a path")
    return value


class Data(BaseModel):
    """Labelled pictures, their classes and how they are split and shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    source: Annotated[Text, AfterValidator(_source)] = Field(
        description="digits, mnist, or a path relative to this file: a folder with one folder of "
        "pictures for each class, idx files (a folder of them) or an npz file"
    )
    classes: list[Annotated[int, Field(ge=0)]] | None = Field(
        default=None, description="only these; the first becomes output 0, and so on"
    )
    test_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.2, description="share of test pictures where the set has none of its own"
    )
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        default=42, description="which pictures these are: the first of RandomState's permutation"
    )
    shuffle: bool = Field(default=True, description="another order in each epoch, from the seed")
    shift: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="move training pictures by up to so many rows and columns, at random"
    )

    @model_validator(mode="after")
    def _classes_are_different(self) -> Data:
        if self.classes is not None:
            if len(self.classes) < 2:
                raise ValueError("classes should be two or more")
            if len(set(self.classes)) < len(self.classes):
                raise ValueError("classes holds one twice")
            if self.source in NAMED and max(self.classes) > 9:
                raise ValueError(f"classes of {self.source} are 0 to 9, not {max(self.classes)}")
        return self

    @property
    def class_count(self) -> int | None:
        """How many classes there are; None where only the files say it."""
        if self.classes is not None:
            return len(self.classes)
        return 10 if self.source in NAMED else None


def data_problems(data: Data | None, iteration: Iteration) -> list[Problem]:
    """What does not fit between pictures, network, loss and training."""
    optimizer = iteration.optimizer
    if data is None:
        given = () if optimizer is None else sorted(optimizer.model_fields_set & set(DATA_KEYS))
        return [
            Problem(f"training.{key}", "goes with a [data] table", path=("training", key))
            for key in given
        ]
    problems = []
    for table, there in (("loss", iteration.loss), ("training", optimizer)):
        if there is None:
            what = f"needs a [{table}] table to train with"
            problems.append(Problem("data", what, path=("data",)))
    network = iteration.network
    shape = NAMED.get(data.source)
    if shape is not None and network.input_shape != shape:
        what = f"its pictures are {times(shape)} and [input] is {times(network.input_shape)}"
        problems.append(Problem("data.source", what, path=("data", "source")))
    output = network.places[network.layers[-1].name].output
    if data.shift and len(network.input_shape) != 3:
        what = f"moves pictures, and [input] is flat: {times(network.input_shape)}"
        problems.append(Problem("data.shift", what, path=("data", "shift")))
    loss = iteration.loss
    if loss is not None and (what := output_problem(data.class_count, output)):
        problems.append(Problem("data", what, path=("data",)))
    elif loss is not None and loss.type == "softmax_cross_entropy" and output == (1,):
        what = (
            "is 0 whatever a single output is, so nothing is learned; give the last layer an "
            "output for each class, or put a sigmoid behind it and take binary_cross_entropy"
        )
        problems.append(Problem("loss.type", what, path=("loss", "type")))
    return problems


def output_problem(classes: int | None, output: Shape) -> str:
    """Why the answers of a network with this `output` are not so many classes, or nothing."""
    if len(output) != 1:
        return f"the output is {times(output)}; classes need a flat one, put a flatten layer before"
    if classes is None or classes == output[0] > 1 or (classes == 2 and output[0] == 1):
        return ""
    if classes < 2:
        return "the pictures are all of one class; there should be two or more"
    outputs = "one output" if output[0] == 1 else f"{output[0]} outputs"
    return (
        f"there are {classes} classes and the last layer has {outputs}; each class needs one: "
        f"units = {classes} where that layer is dense"
    )
