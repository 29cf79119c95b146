"""`maquette bench ops`: ten operators, each beside its twin in plain torch.

result = run(torch.device("cpu"), threads=2, repeats=15)
print(table(result))
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ..structures.device import make_device
from . import cases
from .machine import describe_machine
from .timing import measure


@dataclass(frozen=True)
class BenchRow:
    """One line of the table.

    Attributes:
        name: of the operator.
        build: makes the pair of calls from a device and sizes.
        sizes: what ours is measured at.
        case: the same in words.
        target: seconds to reach on two quiet CPU cores.
        reference: what others were measured to take on two CPU cores, in words.
        twin_sizes: smaller sizes for a twin that would take minutes; what it differs in, in words, is `twin_case`.
        passes: "forward" or "forward + backward".
    """

    name: str
    build: Callable[..., cases.Pair]
    sizes: dict[str, int]
    case: str
    target: float
    reference: str
    passes: str = "forward"
    twin_sizes: dict[str, int] = field(default_factory=dict)
    twin_case: str = ""


BOTH = "forward + backward"
ROWS = (
    BenchRow(
        "soft silhouettes",
        cases.soft_silhouettes,
        {"views": 20, "size": 128, "level": 4},
        "20 views, 128², 5,120 faces, sigma 1e-4",
        0.08,
        "PyTorch3D 86.6 s",
        BOTH,
        {"views": 1, "size": 64, "level": 2},
        "1 view, 64², 320 faces",
    ),
    BenchRow(
        "hard Phong",
        cases.hard_phong,
        {"views": 20, "size": 137, "sides": 29, "rings": 100},
        "20 views, 137², 5,800 faces",
        0.05,
        "PyTorch3D 5.7 s",
        twin_sizes={"views": 1, "size": 64, "sides": 29, "rings": 100},
        twin_case="1 view, 64²",
    ),
    BenchRow(
        "nearest neighbour",
        cases.nearest_neighbour,
        {"points": 10_000},
        "10,000 against 10,000",
        0.012,
        "PyTorch3D 0.23 s",
    ),
    BenchRow(
        "chamfer", cases.chamfer, {"points": 10_000}, "10,000 against 10,000", 0.025, "PyTorch3D 0.45 s", BOTH
    ),
    BenchRow(
        "sample points",
        cases.sample_points,
        {"meshes": 8, "points": 10_000, "level": 4},
        "10,000 from each of 8 meshes",
        0.006,
        "PyTorch3D 0.010 s",
    ),
    BenchRow(
        "cubify",
        cases.cubes,
        {"grids": 8, "size": 32},
        "8 grids of 32³, 20 % occupied",
        0.015,
        "PyTorch3D 0.098 s",
    ),
    BenchRow(
        "graph convolution",
        cases.graph_convolution,
        {"features": 128, "level": 4},
        "128 to 128, 2,562 vertices",
        0.003,
        "PyTorch3D 0.0034 s",
    ),
    BenchRow(
        "vert_align",
        cases.vertex_features,
        {"batch": 8, "channels": 256, "size": 35, "verts": 2562},
        "8 x 256 x 35², 2,562 vertices",
        0.015,
        "PyTorch3D 0.020 s",
    ),
    BenchRow("marching cubes", cases.level_set, {"size": 64}, "64³, random volume", 0.02, "PyTorch3D 0.40 s"),
    BenchRow(
        "solid voxels",
        cases.solid_voxels,
        {"resolution": 128, "sides": 80, "rings": 100},
        "128³, 16,000 faces",
        0.01,
        "Open3D 0.54 s",
        twin_sizes={"resolution": 32, "sides": 80, "rings": 100},
        twin_case="32³, without the surface test",
    ),
)


def run(device: torch.device | str = "auto", threads: int | None = None, repeats: int = 15) -> dict[str, Any]:
    """Measure every operator and its twin.

    Args:
        device: CPU or CUDA device.
        threads: torch's threads meanwhile; as they are by default.
        repeats: runs of each call; a call of seconds runs fewer times.

    Returns:
        What JSON can hold: facts about the machine, and in `rows` for each operator `ours` and `twin` with
        their spread in seconds, `ours_at_twin_case` where the twin ran at a smaller size, and `speedup`, ours
        against the twin at the same size.
    """
    device = make_device(device)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_before)
    try:
        return {
            "benchmark": "ops",
            **describe_machine(device),
            "rows": [_measure(row, device, repeats) for row in ROWS],
        }
    finally:
        torch.set_num_threads(threads_before)


def _measure(row: BenchRow, device: torch.device, repeats: int) -> dict[str, Any]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pair = row.build(device, **row.sizes)
        small = row.build(device, **row.twin_sizes) if row.twin_sizes else pair
        ours = measure(pair.ours, device, repeats)
        at_twin = measure(small.ours, device, repeats) if row.twin_sizes else ours
        twin = measure(small.twin, device, repeats, patience=4)
    return {
        "name": row.name,
        "case": row.case,
        "passes": row.passes,
        "target_seconds": row.target,
        "reference": row.reference,
        "ours": ours.as_dict(),
        "twin": twin.as_dict(),
        "twin_case": row.twin_case or row.case,
        "ours_at_twin_case": at_twin.as_dict(),
        "speedup": twin.median / at_twin.median,
    }


def table(result: dict[str, Any]) -> str:
    """The numbers of `run` as Markdown: median and quartiles in milliseconds, smaller is better."""
    lines = [
        "| operator | case | ours, ms | to reach, ms | PyTorch3D or other, 2 cores | torch twin, ms "
        "| twin's case | times faster than twin |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        twin_case = "same" if row["twin_case"] == row["case"] else row["twin_case"]
        cells = (
            row["name"],
            f"{row['case']}, {row['passes']}",
            _spread(row["ours"]),
            f"{1000 * row['target_seconds']:.3g}",
            row["reference"],
            _spread(row["twin"]),
            twin_case,
            f"{row['speedup']:.3g}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _spread(timing: dict[str, Any]) -> str:
    median, low, high = (f"{1000 * timing[name]:.3g}" for name in ("median", "low", "high"))
    return f"{median} ({low} to {high})"
