"""The JSON Schema of scenario files, put together from the model and the kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cnnsim.network.layer import kinds
from cnnsim.network.loss import losses
from cnnsim.network.optimizer import optimizers
from cnnsim.scenario.model import OutputGrad, ScenarioModel


def scenario_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that editors can use for completion and checks."""
    schema = ScenarioModel.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    schema["properties"] |= {
        "layers": {"type": "array", "minItems": 1, "items": _one_of("layer", kinds(), definitions)},
        "loss": _one_of("loss", losses(), definitions),
        "training": _one_of("training", optimizers(), definitions),
        "output_grad": _refer("output_grad", OutputGrad, definitions),
    }
    schema["required"] = [*schema["required"], "layers"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "cnnsim scenario",
    }


def _one_of(
    what: str, known: Mapping[str, type[BaseModel]], definitions: dict[str, Any]
) -> dict[str, Any]:
    """A table of one of the `known` kinds."""
    return {"oneOf": [_refer(f"{what}_{name}", kind, definitions) for name, kind in known.items()]}


def _refer(name: str, model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of `model`, which is put among the `definitions`."""
    table = model.model_json_schema(by_alias=True)
    definitions.update(table.pop("$defs", {}))
    definitions[name] = table
    return {"$ref": f"#/$defs/{name}"}
