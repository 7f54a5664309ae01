"""PyTorch's steps on the GPU: eager, compiled, and recorded as a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from tests.benchmarks.lanes import Net, model_of

WAYS = ("graph", "eager", "compile")
LAYOUTS = ("NCHW", "channels_last")
#: What PyTorch calls the card.
_DEVICE = "cuda"


@contextmanager
def tf32(allowed: bool) -> Any:
    """Let convolutions and matrix products round to TF32, or not."""
    import torch

    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def why_not() -> str:
    """Why PyTorch cannot be measured here; empty where it can."""
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed"
    return "" if torch.cuda.is_available() else "this PyTorch has no CUDA"


def step_of(net: Net, batch: int, way: str, layout: str, x: Any, y: Any) -> Callable[[], None]:
    """What takes one step with Adam; pictures and classes lie on the GPU."""
    import torch

    # It tries which of its convolutions is the fastest one for each shape.
    torch.backends.cudnn.benchmark = True
    order_of = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}[layout]
    model = model_of(net).to(_DEVICE, memory_format=order_of)
    inputs = torch.tensor(x).to(_DEVICE).contiguous(memory_format=order_of)
    classes = torch.tensor(y).to(_DEVICE)
    optimizer = torch.optim.Adam(model.parameters(), fused=True, capturable=way == "graph")
    loss = torch.nn.CrossEntropyLoss()
    network: Any = torch.compile(model) if way == "compile" else model
    order = torch.zeros(batch, dtype=torch.int64, device=_DEVICE)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(network(inputs[order]), classes[order]).backward()
        optimizer.step()

    def shuffled() -> None:
        order.random_(0, len(x))

    if way != "graph":

        def plain() -> None:
            shuffled()
            step()

        return plain
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def replay() -> None:
        shuffled()
        graph.replay()

    return replay


def best_of(net: Net, batch: int, way: str, x: Any, y: Any) -> tuple[float, str]:
    """Seconds of a step in the better layout of memory, and which that is."""
    return min((seconds_of(step_of(net, batch, way, each, x, y)), each) for each in LAYOUTS)


def seconds_of(step: Callable[[], None], least: float = 0.2) -> float:
    """Seconds of a step, the median of some runs of many."""
    import torch

    for _ in range(5):
        step()
    torch.cuda.synchronize()
    found: list[float] = []
    ends = perf_counter() + least
    while len(found) < 3 or perf_counter() < ends:
        began = perf_counter()
        for _ in range(20):
            step()
        torch.cuda.synchronize()
        found.append((perf_counter() - began) / 20)
    return sorted(found)[len(found) // 2]
