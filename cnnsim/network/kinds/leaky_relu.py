"""Leaky ReLU: negative values keep a small slope."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from cnnsim.network.elementwise import Elementwise
from cnnsim.steps.sweep import Index, either


class Params(NamedTuple):
    """The slope for negative values."""

    slope: float


def leaky(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """The value x where x > 0, slope · x elsewhere."""
    x = values[0]
    return either(x > 0, x, p.slope * x)


def leaky_grad(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """Gradient dy where x > 0, slope · dy elsewhere."""
    dy, x = values
    return either(x > 0, dy, p.slope * dy)


class LeakyRelu(Elementwise):
    """y = x for x > 0, else slope · x."""

    type: Literal["leaky_relu"]
    slope: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.01
    term: ClassVar[Any] = staticmethod(leaky)
    formula: ClassVar[str] = "{0} if {0} > 0 else slope·{0}"
    gradient_term: ClassVar[Any] = staticmethod(leaky_grad)
    gradient_formula: ClassVar[str] = "{0} if {1} > 0 else slope·{0}"

    def params(self) -> Params:
        """The slope."""
        return Params(self.slope)
