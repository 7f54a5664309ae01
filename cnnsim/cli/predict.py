"""``cnnsim predict``: what a trained run says of pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cnnsim.cli.evaluate import Best
from cnnsim.cli.main import complain
from cnnsim.cli.options import Device, Json
from cnnsim.cli.output import Column, emit, print_table
from cnnsim.cli.progress import Narrator
from cnnsim.errors import CnnsimError, UsageError, printable

#: How many classes a line for people names.
_NAMED = 3


def predict(
    run: Annotated[str, Parameter(help="A run folder.")],
    /,
    *images: Annotated[str, Parameter(name="IMAGE", help="PNG or JPEG files.")],
    best: Best = False,
    invert: Annotated[
        bool, Parameter(help="Dark on light becomes light on dark, as the digits are.")
    ] = False,
    device: Device = "cpu",
    json: Json = False,
) -> int:
    """Say which class a trained run takes pictures for, made like those that it learned from.

    For a run on MNIST they are centred as its pictures are, for one on digits what is drawn fills
    the height as UCI's digits do; else they are resized.
    """
    if not images:
        raise UsageError(
            "which pictures?", "for example cnnsim predict runs/digits_cnn-0 seven.png"
        )
    import numpy as np

    from cnnsim.kernels.choose import choose_device
    from cnnsim.kernels.processors import processors
    from cnnsim.training.evaluate import shares
    from cnnsim.training.preprocess import is_dark_on_light, read_seen
    from cnnsim.training.trained import open_trained

    chosen = choose_device(device)
    found = open_trained(Path(run), best)
    scenario = found.run.scenario
    shape = scenario.network.input_shape
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise UsageError(f"{scenario.name} does not read pictures of one or three channels")
    code = 0
    pictures, names = [], []
    for image in images:
        try:
            pixels = read_seen(Path(image), shape, found.way, invert)
        except CnnsimError as error:
            # The others are still looked at.
            code = max(code, complain(error))
            continue
        if not invert and is_dark_on_light(Path(image)):
            paper = "has light edges: if it is ink on paper, --invert"
            print(f"{printable(image)} {paper}", file=sys.stderr)
        pictures.append(pixels.astype(np.float32))
        names.append(image)
    if not pictures:
        return code
    classes = found.names
    with Narrator("looking"):
        outputs = found.outputs(np.stack(pictures), processors(), chosen)
    rows = []
    for image, row in zip(names, shares(scenario, outputs), strict=True):
        order = np.argsort(-row, kind="stable").tolist()
        if json:
            emit(
                {
                    "kind": "prediction",
                    "image": image,
                    "class": classes[order[0]],
                    "share": float(row[order[0]]),
                    "shares": {classes[number]: float(row[number]) for number in order},
                }
            )
        said = [(printable(classes[number]), f"{row[number]:.1%}") for number in order[:_NAMED]]
        others = ", ".join(map(" ".join, said[1:]))
        rows.append([printable(image), *said[0], others])
    if not json:
        columns = [Column("picture"), Column("class"), Column("share", right=True), Column("then")]
        print_table(columns, rows)
    return code
