"""The scenario in a run's folder: what it was made from, with everything that was asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cnnsim.errors import CnnsimError, UsageError, printable, unprintable
from cnnsim.scenario.data import NAMED
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.reader import parse_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.text import read_text
from cnnsim.training.load import data_of
from cnnsim.training.runfolder import FIRST

#: The name of a picture or of weights that the scenario began with; their endings differ.
GIVEN = "given"
#: Characters of a name at most, which is a file's.
_LONGEST = 255
#: How the text begins: the name and the seed. What is below is the same in all runs of a scenario.
_HEAD = re.compile(re.escape(FIRST) + r"([^\x00-\x1f\x7f]*)\nseed = (0|[1-9][0-9]{0,17})\n")


def frozen(scenario: Scenario, settings: Sequence[str]) -> str:
    """The text of a run of `scenario` with `settings`.

    Raises UsageError for a path that no text can hold.
    """
    keys = [word.partition("=")[0].strip() for word in settings]
    seeds = [word for word, key in zip(settings, keys, strict=True) if key == "seed"]
    # A tour is left out anyway: to set one would leave an empty line.
    others = tuple(
        word for word, key in zip(settings, keys, strict=True) if key not in ("seed", "tour")
    )
    here = Path() if data_of(scenario).source in NAMED else Path.cwd()
    seed, text = _settled(scenario.text, scenario.path, others, here)
    document = {"seed": seed}
    apply_overrides(document, seeds)
    return f"{FIRST}{printable(scenario.name, _LONGEST)}\nseed = {document['seed']}\n{text}"


@lru_cache(maxsize=1)
def _settled(
    text: str, path: Path | None, settings: tuple[str, ...], here: Path
) -> tuple[int, str]:
    """The scenario's own seed, and the text below the head of a run that is asked for from `here`.

    Parsing takes long, and many runs share all but their seed. Raises UsageError for a path that no
    text can hold.
    """
    import tomlkit

    document: Any = tomlkit.parse(text)
    apply_overrides(document, settings)
    # What a tour expects is true of the weights that the scenario began with.
    document.pop("tour", None)
    for holder, key in ((document["input"], "image"), (document, "weights")):
        if key in holder:
            holder[key] = given(key, str(holder[key]))
    data = document["data"]
    if str(data["source"]) not in NAMED:
        source = str(here / beside(path, str(data["source"])))
        if bad := unprintable(source, allowed=""):
            raise UsageError(
                f"{printable(source)} holds {bad}, which a scenario cannot", "rename that folder"
            )
        data["source"] = source
    seed = document.pop("seed", 0)
    return seed, tomlkit.dumps(document)


def given(key: str, source: str) -> str:
    """The name in a run's folder of what its scenario begins with, under that key."""
    return GIVEN + (".safetensors" if key == "weights" else Path(source).suffix)


def read_frozen(file: Path) -> Scenario:
    """The scenario of a run, under the name of the one it was made from.

    Raises FileError or UsageError.
    """
    stem, text, path = read_text(str(file))
    head = _HEAD.match(text)
    alike = _alike(text[head.end() :]) if head else None
    if head is None or alike is None:
        first = text.partition("\n")[0]
        name = first.removeprefix(FIRST).strip() if first.startswith(FIRST) else stem
        return replace(parse_scenario(stem, text, path), name=name)
    seed = int(head[2])
    network = replace(alike.network, seed=seed)
    return replace(
        alike,
        name=head[1].strip(),
        path=path,
        text=text,
        model=alike.model.model_copy(update={"seed": seed}),
        iteration=replace(alike.iteration, network=network),
    )


@lru_cache(maxsize=1)
def _alike(text: str) -> Scenario | None:
    """What runs have alike whose text is this below their heads: all but name, path and seed.

    To check it takes long. None where it is wrong, or says other things in other places.
    """
    try:
        found = parse_scenario("", text)
    except CnnsimError:
        return None
    if found.model.input.image is not None or "seed" in found.model.model_fields_set:
        return None
    return found
