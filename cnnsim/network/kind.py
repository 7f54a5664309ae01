"""What layers, losses and optimisers share: kinds that make themselves known by their tag."""

from __future__ import annotations

from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict


class Kind(BaseModel):
    """A table of a scenario file whose `tag` says which kind it is.

    A direct subclass opens a family and names its tag; in it every class whose tag is one literal,
    such as ``type: Literal["relu"]``, is known everywhere at once.
    """

    # Deferred: a file names few of the kinds that there are.
    model_config = ConfigDict(
        defer_build=True, extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )

    #: The key that says which kind a table is.
    tag: ClassVar[str] = "type"
    #: The kinds of this family that have made themselves known so far.
    family: ClassVar[dict[str, type[Any]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Open a family, or make the kind known under the literal of its tag."""
        if Kind in cls.__bases__:
            cls.family = {}
        elif literals := get_args(cls.model_fields[cls.tag].annotation):
            cls.family[literals[0]] = cls

    @classmethod
    def known(cls) -> dict[str, type[Self]]:
        """Every kind of this family by its tag."""
        import cnnsim.network.kinds  # noqa: F401  (its modules make themselves known)

        return dict(cls.family)
