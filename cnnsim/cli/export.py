"""``cnnsim export``: the weights of a trained run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cnnsim.cli.evaluate import Best
from cnnsim.cli.outfile import write_out


def export(
    run: Annotated[str, Parameter(help="A run folder.")],
    /,
    *,
    out: Annotated[
        str | None,
        Parameter(metavar="FILE", help="Default: weights.safetensors or model.onnx in the folder."),
    ] = None,
    onnx: Annotated[
        bool, Parameter(help="The whole network for ONNX; needs cnnsim[onnx].")
    ] = False,
    best: Best = False,
) -> int:
    """Write a trained run's weights under PyTorch's names as safetensors, or all of it as ONNX."""
    from cnnsim.training.runfolder import FILES
    from cnnsim.training.trained import open_trained

    found = open_trained(Path(run), best)
    if onnx:
        from cnnsim.training.onnx import to_onnx as pack

        name = "model.onnx"
    else:
        from cnnsim.training.export import to_safetensors as pack

        name = "weights.safetensors"
    target = out if out is not None else str(Path(run) / name)
    data = pack(found.run.scenario.network, found.tensors)
    write_out(
        target,
        lambda stream: stream.write(data),
        "--out",
        [Path(run) / each for each in FILES],
    )
    return 0
