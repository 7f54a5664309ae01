"""The JSON Schema of scenario files, put together from the model and the kinds of layers."""

from __future__ import annotations

from typing import Any

from cnnsim.network.layer import kinds
from cnnsim.scenario.model import ScenarioModel


def scenario_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that editors can use for completion and checks."""
    schema = ScenarioModel.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    references = []
    for name, kind in kinds().items():
        layer = kind.model_json_schema(by_alias=True)
        definitions.update(layer.pop("$defs", {}))
        definitions[f"layer_{name}"] = layer
        references.append({"$ref": f"#/$defs/layer_{name}"})
    schema["properties"]["layers"] = {
        "type": "array",
        "minItems": 1,
        "items": {"oneOf": references},
    }
    schema["required"] = [*schema["required"], "layers"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "cnnsim scenario",
    }
