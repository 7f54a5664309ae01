"""The JSON Schema says what the reader takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cnnsim.network.layer import kinds
from cnnsim.network.loss import losses
from cnnsim.network.optimizer import optimizers
from cnnsim.scenario.complaints import keys_of
from cnnsim.scenario.data import Data
from cnnsim.scenario.model import Input, OutputGrad, ScenarioModel, Stop
from cnnsim.scenario.schema import scenario_schema

SCHEMA = scenario_schema()


def test_it_is_json_of_the_right_draft() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(SCHEMA["required"]) == {"title", "input", "layers"}


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [r for value in node.values() for r in references(value)]
        if isinstance(node, list):
            return [r for value in node for r in references(value)]
        return []

    found = references(SCHEMA)
    assert len(found) > len(kinds())
    for reference in found:
        name = reference.removeprefix("#/$defs/")
        assert name in SCHEMA["$defs"], reference


@pytest.mark.parametrize(
    ("table", "tag", "known"), [("loss", "type", losses()), ("training", "optimizer", optimizers())]
)
def test_losses_and_optimisers(table: str, tag: str, known: dict[str, Any]) -> None:
    references = SCHEMA["properties"][table]["oneOf"]
    assert references == [{"$ref": f"#/$defs/{table}_{name}"} for name in known]
    for name, kind in known.items():
        definition = SCHEMA["$defs"][f"{table}_{name}"]
        assert set(definition["properties"]) == set(keys_of(kind))
        assert definition["properties"][tag]["const"] == name


@pytest.mark.parametrize("name", kinds())
def test_every_kind_with_its_keys(name: str) -> None:
    layer = SCHEMA["$defs"][f"layer_{name}"]
    assert set(layer["properties"]) == set(keys_of(kinds()[name]))
    assert "from" in layer["properties"]
    assert layer["properties"]["type"]["const"] == name
    assert layer["additionalProperties"] is False
    assert {"type", "name"} <= set(layer["required"])
    assert {"$ref": f"#/$defs/layer_{name}"} in SCHEMA["properties"]["layers"]["items"]["oneOf"]


def test_every_other_table_with_its_keys() -> None:
    elsewhere = {"layers", "loss", "training", "output_grad"}
    assert set(SCHEMA["properties"]) == {*keys_of(ScenarioModel), *elsewhere}
    assert set(SCHEMA["$defs"]["output_grad"]["properties"]) == set(keys_of(OutputGrad))
    assert set(SCHEMA["$defs"]["Input"]["properties"]) == set(keys_of(Input))
    assert set(SCHEMA["$defs"]["Data"]["properties"]) == set(keys_of(Data))
    assert set(SCHEMA["$defs"]["Stop"]["properties"]) == set(keys_of(Stop))
    assert SCHEMA["additionalProperties"] is False


def test_against_a_validator() -> None:
    """Good and bad files by the schema's own rules, where a validator is installed."""
    jsonschema = pytest.importorskip("jsonschema")
    good = {
        "title": "t",
        "input": {"values": [[1, 2], [3, 4]]},
        "layers": [
            {"type": "conv2d", "name": "c", "kernel": [[1]], "padding": [0, 1]},
            {"type": "relu", "name": "r", "from": "c"},
        ],
    }
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    assert validator.is_valid(good)
    for path, value in (
        (("layers", 0, "type"), "conv3d"),
        (("layers", 0, "stride"), "x"),
        (("layers", 1, "extra"), 1),
        (("title",), 3),
    ):
        bad = json.loads(json.dumps(good))
        table: Any = bad
        for part in path[:-1]:
            table = table[part]
        table[path[-1]] = value
        assert not validator.is_valid(bad), path
