"""`maquette bench dynamic`: dynamic blocks that skip, beside the same blocks at every position.

result = run(torch.device("cpu"), threads=1, repeats=15)
print(table(result))
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..nn.dynamic import DynamicBasicBlock, DynamicBlock, DynamicBottleneck, Gate
from ..nn.dynamic.blocks import Execution, executing
from ..nn.dynamic.mask_unit import force_share
from ..structures.device import make_device
from .machine import describe_machine
from .timing import measure_in_turns

BLOCKS: dict[str, Callable[[int], DynamicBlock]] = {
    "bottleneck": DynamicBottleneck,
    "basic": DynamicBasicBlock,
}
CHANNELS = (64, 256)
SIZES = (14, 35, 56, 112)
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
_BLOBS = 5  # waves a side of the field that the masks follow
_PATIENCE = 6.0


def run(
    device: torch.device | str = "auto",
    threads: int | None = None,
    repeats: int = 15,
    blocks: Sequence[str] = tuple(BLOCKS),
    channels: Sequence[int] = CHANNELS,
    sizes: Sequence[int] = SIZES,
    shares: Sequence[float] = SHARES,
) -> dict[str, Any]:
    """Time blocks in evaluation on one map, its mask unit included: "sparse", "dense" and "auto" in turns.

    Masks are blobs, as learned ones are: scattered positions would dilate to most of the map. On a GPU float32 and
    bfloat16 are measured, in which "dense" is cuDNN's convolutions. On a CPU and one thread that thread's own time is
    taken, which other work on the machine changes less than the time that passes.

    Args:
        device: CPU or CUDA device.
        threads: torch's threads meanwhile; as they are by default.
        repeats: rounds; when they take long, fewer.
        blocks: names in `BLOCKS`.
        channels: coming in and going out; a bottleneck has a quarter between.
        sizes: height and width of the map.
        shares: of the positions that are active.

    Returns:
        what JSON can hold: facts about the machine, and for every block, map and share the seconds with their
        spread, MACs of the branch in total and as executed, and the share of the time that sparse execution takes.
    """
    device = make_device(device)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_before)
    kinds = [torch.float32, torch.bfloat16] if device.type == "cuda" else [torch.float32]
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            rows = [
                row
                for kind in kinds
                for name in blocks
                for width in channels
                for size in sizes
                for row in _measure(name, width, size, shares, device, kind, repeats)
            ]
        return {"benchmark": "dynamic", **describe_machine(device), "rows": rows}
    finally:
        torch.set_num_threads(threads_before)


def _measure(
    name: str,
    channels: int,
    size: int,
    shares: Sequence[float],
    device: torch.device,
    kind: torch.dtype,
    repeats: int,
) -> list[dict[str, Any]]:
    block = BLOCKS[name](channels).eval().to(device, kind)
    x = blobs(channels, size).to(device, kind)
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    rows = []
    for share in shares:
        force_share(block.masker, x, share)
        calls = {how: _call(block, x, how) for how in ("sparse", "dense", "auto")}
        gates = {how: call() for how, call in calls.items()}
        timings = measure_in_turns(calls, device, repeats, _PATIENCE, clock)
        gate, chosen = gates["sparse"], gates["auto"].executed < gates["dense"].executed
        rows.append({
            "block": name, "channels": channels, "size": size, "dtype": str(kind).removeprefix("torch."),
            "share": float(gate.share), "share_dilated": float(gate.dilated.float().mean()),
            "macs": gates["dense"].executed, "macs_executed": gate.executed,
            "seconds": {how: timing.as_dict() for how, timing in timings.items()},
            "ratio": timings["sparse"].median / timings["dense"].median,
            "ratio_of_best": timings["sparse"].best / timings["dense"].best,
            "auto": "sparse" if chosen else "dense",
        })  # fmt: skip
    return rows


def blobs(channels: int, size: int) -> Tensor:
    """Features (1, channels, size, size), channels-last: smooth, with some noise, not negative."""
    coarse = F.interpolate(torch.randn(1, 1, _BLOBS, _BLOBS), (size, size), mode="bicubic")
    x = coarse * torch.randn(1, channels, 1, 1) + 0.2 * torch.randn(1, channels, size, size)
    return x.relu().contiguous(memory_format=torch.channels_last)


def _call(block: DynamicBlock, x: Tensor, execution: Execution) -> Callable[[], Gate]:
    def call() -> Gate:
        gates: list[Gate] = []
        with torch.no_grad(), executing(block, execution):
            block(x, gates)
        return gates[0]

    return call


def table(result: dict[str, Any]) -> str:
    """The numbers of `run` as Markdown: a line for each block and map, a column for each share."""
    lines: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in result["rows"]:
        lines.setdefault((row["block"], row["channels"], row["size"], row["dtype"]), []).append(row)
    shares = sorted({round(row["share"], 1) for row in result["rows"]})
    text = [
        "sparse / dense time, in brackets the share of the MACs; * where auto is dense",
        "",
        "| block | channels | map | type | dense, ms | "
        + " | ".join(f"{share:.0%}" for share in shares)
        + " |",
        "|" + "---|" * (5 + len(shares)),
    ]
    for (block, channels, size, kind), rows in lines.items():
        dense = min(row["seconds"]["dense"]["median"] for row in rows)
        cells = " | ".join(
            f"{row['ratio']:.2f} ({row['macs_executed'] / row['macs']:.2f}){'' if row['auto'] == 'sparse' else ' *'}"
            for row in rows
        )
        text.append(f"| {block} | {channels} | {size}² | {kind} | {dense * 1000:.3g} | {cells} |")
    return "\n".join(text)
