"""`maquette bench r2n2`: seconds a training sample and a reconstruction, beside the network as published.

result = run(torch.device("cpu"), threads=2, repeats=5)
print(table(result))
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..nn.macs import measure_cost
from ..structures.device import make_device
from ..systems.r2n2.config import NetworkConfig
from ..systems.r2n2.network import R2N2Network
from .machine import describe_machine
from .r2n2_twin import plain_logits
from .timing import Timing, measure_in_turns

VARIANTS = ("simple-gru-3", "residual-gru-3")
VIEWS = (1, 2, 4, 8)
REFERENCE = {"simple-gru-3": 0.31, "residual-gru-3": 0.50}
"""Seconds a training sample that a public reimplementation of the network takes on two CPU cores."""
_PATIENCE = 60.0


def run(
    device: torch.device | str = "auto",
    threads: int | None = None,
    repeats: int = 15,
    variants: Sequence[str] = VARIANTS,
    width: float = 1.0,
    size: int = 127,
    batch: int = 4,
    views: Sequence[int] = VIEWS,
) -> dict[str, Any]:
    """Measure training and reconstruction of some variants, ours and the plain twin in turns.

    A training step is forward pass, cross-entropy, backward pass and Adam on a batch with one view. Ours uses
    PyTorch's fused Adam, the twin its default. A reconstruction is one forward pass for one object.

    Args:
        device: CPU or CUDA device.
        threads: torch's threads meanwhile; as they are by default.
        repeats: rounds; when they take long, fewer.
        variants: of the network.
        width: of the network.
        size: pixels a side of the pictures.
        batch: samples of a training step.
        views: numbers of pictures of a reconstruction.

    Returns:
        what JSON can hold: facts about the machine, and for each variant seconds a sample and a reconstruction
        with their spread, and multiply-accumulates of a forward pass.
    """
    device = make_device(device)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_before)
    try:
        rows = []
        for variant in variants:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                config = NetworkConfig(variant=variant, width=width, size=size)
                rows.append(_measure(config, device, repeats, batch, views))
        return {"benchmark": "r2n2", **describe_machine(device), "batch": batch, "rows": rows}
    finally:
        torch.set_num_threads(threads_before)


def _measure(
    config: NetworkConfig, device: torch.device, repeats: int, batch: int, views: Sequence[int]
) -> dict[str, Any]:
    network = R2N2Network(config)
    macs = {str(count): _macs(network, count) for count in views}
    network, twin = network.to(device), copy.deepcopy(network).to(device)
    pictures = torch.rand(batch, max(views), 3, config.size, config.size, device=device)
    one = pictures[:1, :1]
    with torch.no_grad():
        ours, plain = network(one), plain_logits(twin, one)
    recall = {f"{name} {n}": _recall(f, pictures[:1, :n]) for n in views for name, f in _both(network, twin)}
    recalled = measure_in_turns(recall, device, repeats, _PATIENCE)
    steps = {
        "ours": _step(network, network, pictures[:, :1], fused=True),
        "twin": _step(twin, lambda x: plain_logits(twin, x), pictures[:, :1], fused=False),
    }
    trained = measure_in_turns(steps, device, repeats, _PATIENCE)
    return {
        "variant": config.variant,
        "width": config.width,
        "size": config.size,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "difference": float((ours - plain).abs().max() / plain.abs().max()),
        "training": _compared(trained["ours"], trained["twin"], batch),
        "reference_seconds": REFERENCE.get(config.variant)
        if (config.width, config.size) == (1, 127)
        else None,
        "reconstruction": {
            str(n): {"macs": macs[str(n)], **_compared(recalled[f"ours {n}"], recalled[f"twin {n}"], 1)}
            for n in views
        },
    }


def _both(network: R2N2Network, twin: R2N2Network) -> tuple[tuple[str, Callable[[Tensor], Tensor]], ...]:
    return ("ours", network), ("twin", lambda x: plain_logits(twin, x))


def _recall(logits: Callable[[Tensor], Tensor], pictures: Tensor) -> Callable[[], Tensor]:
    @torch.no_grad()
    def call() -> Tensor:
        return logits(pictures)

    return call


def _step(
    network: R2N2Network, logits: Callable[[Tensor], Tensor], pictures: Tensor, fused: bool
) -> Callable[[], None]:
    """One training step on `pictures` with random voxels, of which one in ten is solid."""
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-5, weight_decay=5e-5, fused=fused or None)
    solid = (torch.rand(len(pictures), 32, 32, 32, device=pictures.device) < 0.1).long()

    def step() -> None:
        optimiser.zero_grad()
        F.cross_entropy(logits(pictures), solid).backward()
        optimiser.step()

    return step


def _macs(network: R2N2Network, views: int) -> int:
    size = network.config.size
    return measure_cost(network, torch.zeros(1, views, 3, size, size)).total


def _compared(ours: Timing, twin: Timing, samples: int) -> dict[str, Any]:
    """Seconds a sample, and the share of the twin's time that ours takes."""
    ratio = ours.median / twin.median
    best = ours.best / twin.best
    return {
        "ours": _each(ours, samples).as_dict(),
        "twin": _each(twin, samples).as_dict(),
        "ratio": ratio,
        "ratio_of_best": best,
    }


def _each(timing: Timing, samples: int) -> Timing:
    times = {name: getattr(timing, name) / samples for name in ("median", "low", "high", "best")}
    return replace(timing, **times)


def table(result: dict[str, Any]) -> str:
    """The numbers of `run` as Markdown: median and quartiles in seconds, smaller is better."""
    lines = [
        f"| network | what (training: batch {result['batch']}) | GMAC | ours, s | plain twin, s | ours / twin |",
        "|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        parts = [("training, a sample of 1 view", "", row["training"])]
        for views, found in row["reconstruction"].items():
            parts.append((f"reconstruction, {_views(int(views))}", f"{found['macs'] / 1e9:.2f}", found))
        for what, macs, found in parts:
            cells = (row["variant"], what, macs, _spread(found["ours"]), _spread(found["twin"]))
            lines.append("| " + " | ".join(cells) + f" | {found['ratio']:.2f} |")
    return "\n".join(lines)


def _views(count: int) -> str:
    return "1 view" if count == 1 else f"{count} views"


def _spread(timing: dict[str, Any]) -> str:
    median, low, high = (f"{timing[name]:.3g}" for name in ("median", "low", "high"))
    return f"{median} ({low} to {high})"
