"""The keys of a scenario file, apart from the layers, which the kinds bring along."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from cnnsim.network.fields import LONGEST_AXIS, Numbers, Size, Text
from cnnsim.scenario.data import Data

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


def _input_shape(value: Any) -> tuple[int, ...]:
    entries = value if isinstance(value, list | tuple) else ()
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in entries)
    if len(entries) not in (1, 3, 4) or not whole:
        raise ValueError("should be [c, h, w], [n, c, h, w] or [features]")
    for entry in entries:
        if not 1 <= entry <= LONGEST_AXIS:
            raise ValueError(f"should hold numbers from 1 to {LONGEST_AXIS:,}, not {entry:,}")
    return tuple(entries)


InputShape = Annotated[
    tuple[int, ...],
    BeforeValidator(_input_shape),
    WithJsonSchema(
        {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 4}
    ),
]


def _file_name(value: str) -> str:
    if not value:
        raise ValueError("should name a file")
    return value


FileName = Annotated[Text, AfterValidator(_file_name)]
#: The keys that name files.
FILES = (("weights",), ("input", "image"))

#: The keys of [input] of which exactly one must be there.
SOURCES = ("values", "ramp", "random", "zeros", "ones", "digit", "image")


class Input(BaseModel):
    """What goes into the network: numbers, a pattern, a shipped digit or a picture file."""

    model_config = _STRICT

    values: Numbers | None = Field(
        default=None, description="[h][w], [c][h][w], [n][c][h][w] or [features]"
    )
    ramp: InputShape | None = Field(default=None, description="1, 2, 3, … of this shape")
    random: InputShape | None = Field(default=None, description="uniform in 0..1 from the seed")
    zeros: InputShape | None = None
    ones: InputShape | None = None
    digit: Annotated[int, Field(ge=0, le=9)] | None = Field(
        default=None, description="a shipped 8x8 digit of this class, 0..1"
    )
    number: Annotated[int, Field(ge=0)] = Field(
        default=0, description="which of that class's pictures"
    )
    image: FileName | None = Field(
        default=None, description="a PNG or JPEG, relative to this file; pixels in 0..1"
    )
    size: Size | None = Field(default=None, description="resize the image to [height, width]")
    grey: bool = Field(default=False, description="one channel instead of three")

    @model_validator(mode="after")
    def _one_source(self) -> Input:
        given = [key for key in SOURCES if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"needs exactly one of {', '.join(SOURCES)}; found {found}")
        for key, needs in (("number", "digit"), ("size", "image"), ("grey", "image")):
            if key in self.model_fields_set and getattr(self, needs) is None:
                raise ValueError(f"{key} goes with {needs}")
        return self


class Stop(BaseModel):
    """A stop of the tour: a step, a note, and what must be true there."""

    model_config = _STRICT

    at: Text = Field(description="an address, such as conv1.forward[0,0,0,0] tap[0,1,1]")
    say: Text = Field(default="", description="the note, in Markdown")
    ask: Text = Field(
        default="", description="a question, asked before the step; its answer is expect.after"
    )
    expect: dict[str, Any] = Field(
        default_factory=dict,
        description="fields of the reading, tensors.NAME for whole tensors, tolerance",
    )


class OutputGrad(BaseModel):
    """dL/dy of the last layer, given in place of a loss."""

    model_config = _STRICT

    values: Numbers | None = Field(default=None, description="of the output's shape")
    ones: bool = Field(default=False, description="all ones: L is the sum of the outputs")

    @model_validator(mode="after")
    def _one_of_both(self) -> OutputGrad:
        if (self.values is None) == (not self.ones):
            raise ValueError("needs values, or ones = true")
        return self


class ScenarioModel(BaseModel):
    """Everything in a scenario file but its layers."""

    model_config = _STRICT

    title: Text
    about: Text = Field(default="", description="what it shows, in Markdown")
    goal: Text = Field(default="", description="what one can say afterwards")
    needs: Text = Field(default="", description="what should be known before")
    type: Literal["lesson", "network"] = Field(
        default="lesson", description="where the home screen lists it"
    )
    minutes: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="how long its tour takes; 0 is not said"
    )
    order: int = Field(default=1000, description="its place among the bundled scenarios")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    mode: Literal["evaluation", "training"] = Field(
        default="evaluation", description="how dropout and batch norm behave"
    )
    weights: FileName | None = Field(
        default=None, description="a safetensors file with PyTorch's names, relative to this file"
    )
    input: Input
    edits: dict[str, float] = Field(
        default_factory=dict,
        description='numbers to change before anything runs: "conv1.w[0,0,1,1]" = 3',
    )
    data: Data | None = Field(default=None, description="the pictures to train with")
    tour: list[Stop] = Field(default_factory=list)
