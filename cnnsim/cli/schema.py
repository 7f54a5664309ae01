"""``cnnsim schema``: the JSON Schema of scenario files."""

from __future__ import annotations

from cnnsim.cli.streams import output


def schema() -> int:
    """Print the JSON Schema of scenario files."""
    import json

    from cnnsim.scenario.schema import scenario_schema

    print(json.dumps(scenario_schema(), indent=2, allow_nan=False), file=output())
    return 0
