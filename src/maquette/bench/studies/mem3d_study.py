"""What Mem3D's memory is worth, after equal minutes of training on the same shapes, with more and more hidden.

    python -m maquette.bench.studies.mem3d_study OUT --shapes PACK --train --minutes 20 --threads 1 --json FILE

With --train every run that is not there yet is trained into OUT/VARIANT-SEED by `maquette train mem3d`; one that was
stopped goes on. What is not known here goes to `maquette train` (`-- --training.precision bf16`). Runs that are there
are scored on the test shapes: IoU at the system's threshold with 0, 20, 40 and 60 % of the object hidden. Runs with a
memory are scored again with what they retrieve exchanged: `emptied`: nothing; `shuffled`: shapes of other slots;
`true`: the truth itself, found by the picture's own key, which says what a perfect memory would be worth; `added`:
every second test shape is put into the memory before, as `maquette memory add` does. `nearest` is the IoU of the most
similar remembered shape alone. Systems that tell voxels may stand beside: `--beside r2n2=RUN`. --curves FILE.svg
draws what the memory of the first run did while it was trained.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...data.drawn_views import DrawnViews
from ...data.hidden_views import HiddenViews
from ...data.pack_data import ShapePack
from ...io.errors import BadInput
from ...metrics.protocols.occlusion import SHARES
from ...metrics.voxel_iou import voxel_iou
from ...nn.memory import EMPTY, ShapeMemory
from ...reconstruct import load_system
from ...report.page import save_data_uri
from ...report.plots import curves
from ...report.runs import read_run
from .arguments import run_study, write_json
from .trained import parsed, runs_there, variants_parser

VARIANTS = ("best", "none", "seed003")
_WAYS = ("as it is", "emptied", "shuffled", "true", "added", "nearest")
_DRAWN = ("filled", "matched", "replaced", "hits", "recalled")
_AT_ONCE = 8


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Train where asked for, and score what is there; returns the numbers."""
    parser = variants_parser(__doc__, VARIANTS, "best")
    parser.add_argument("--kind", choices=("pieces", "erased"), default="pieces", help="what hides")
    parser.add_argument("--curves", type=Path, help="an SVG file of the first run's memory")
    options, more, shapes = parsed(parser, words)
    rows = []
    runs = runs_there("mem3d", options, more)
    if options.curves:
        save_data_uri(memory_curves([folder for _, folder in runs]), options.curves)
    for about, folder in runs:
        rows += [{**about, **row} for row in score("mem3d", folder, shapes, options.kind)]
    for words_of_one in options.beside:
        system, _, run = words_of_one.partition("=")
        rows += [{"system": system, **row} for row in score(system, run or None, shapes, options.kind)]
    numbers = {"shapes": options.shapes.name, "samples": len(shapes), "hidden_by": options.kind, "rows": rows}
    write_json(options.json, numbers)
    print(table(rows))
    return numbers


@torch.inference_mode()
def score(name: str, weights: str | Path | None, shapes: ShapePack, kind: Any) -> list[dict[str, Any]]:
    """IoU by group and hidden share of a system as it is, and of one with a memory also with that exchanged."""
    system: Any = load_system(name, weights)
    memory: ShapeMemory | None = getattr(system.network, "memory", None)
    ways = _WAYS[:1] if memory is None else _WAYS
    with_more = None if memory is None else _with_more(system, memory, shapes)
    source = DrawnViews(shapes, system.views_config, truth=frozenset({"voxels", "occlusion"}))
    hidden = HiddenViews(source, SHARES, kind)
    found: dict[str, list[Tensor]] = {way: [] for way in ways}
    for start in range(0, len(shapes), _AT_ONCE):
        batch = hidden.held_batch(range(start, min(start + _AT_ONCE, len(shapes))), 1)
        for way in ways:
            by_share = [
                _iou(system, images[:, None], batch.voxels, way, with_more)
                for images in batch.images.unbind(1)
            ]
            found[way].append(torch.stack(by_share, dim=1))
    groups = [
        ("all", "hand-made" if entry.source != "shapeassembly" else entry.source, ("added", "others")[i % 2])
        for i, entry in enumerate(shapes.entries)
    ]
    names = ["all", "hand-made", "shapeassembly", *(("added", "others") if memory is not None else ())]
    rows = []
    for way in ways:
        ious = torch.cat(found[way])
        for group in names:
            inside = torch.tensor([group in own for own in groups])
            if not inside.any():
                continue
            mean = ious[inside].mean(0).tolist()
            by = {f"{100 * share:.0f}": value for share, value in zip(SHARES, mean, strict=True)}
            rows.append({"memory": way, "group": group, "samples": int(inside.sum()), "iou": by})
    return rows


def _with_more(system: Any, memory: ShapeMemory, shapes: ShapePack) -> dict[str, Tensor]:
    """What the memory holds with every second shape put into it; it is left as it was."""
    before, ids = _state(memory), memory.ids
    system.remember(shapes.take(range(0, len(shapes), 2)))
    after = _state(memory)
    memory.load_state_dict(before)
    memory.ids = ids
    return after


def _state(memory: ShapeMemory) -> dict[str, Tensor]:
    return {name: buffer.clone() for name, buffer in memory.named_buffers()}


def _iou(
    system: Any, images: Tensor, voxels: Tensor, way: str, with_more: Mapping[str, Tensor] | None = None
) -> Tensor:
    """IoU of each object, with what is retrieved as it is or exchanged, or more remembered."""
    memory: ShapeMemory | None = getattr(system.network, "memory", None)
    if memory is None or way == "as it is":
        return voxel_iou(system.occupancy(images), voxels, system.threshold)
    network = system.network
    if way == "nearest":
        recalled = network.decode(network.encode(images).mean(1)).recalled
        return voxel_iou(recalled.grids[:, 0], voxels, 0.5)
    before = _state(memory)
    try:
        if way == "added":
            memory.load_state_dict(with_more or {})
        else:
            _exchange(network, images, voxels, way)
        return voxel_iou(system.occupancy(images), voxels, system.threshold)
    finally:
        memory.load_state_dict(before)


def _exchange(network: Any, images: Tensor, voxels: Tensor, way: str) -> None:
    memory: ShapeMemory = network.memory
    if way == "shuffled":
        held = (memory.ages >= 0).nonzero()[:, 0]
        order = torch.randperm(len(held), generator=torch.Generator().manual_seed(0))
        memory.values[held] = memory.values[held[order]]
        return
    memory.ages.fill_(EMPTY)
    if way == "true":
        memory.write(network.key(network.encode(images).mean(1)), voxels)


def memory_curves(folders: Sequence[Path]) -> str:
    """An SVG file, as a data URI, of what the log of the first run with a memory tells of it, over its steps."""
    log = next((log for log in (read_run(one).log for one in folders) if "filled" in log), None)
    if log is None:
        raise BadInput("--curves", "no run has a memory")
    lines = {name: list(zip(*log[name], strict=True)) for name in _DRAWN}
    return curves({name: (x, y) for name, (x, y) in lines.items()}, "step", "share, or IoU", marks=False)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """All rows as Markdown."""
    head = ["network", "memory", "shapes", "samples", *(f"{100 * share:.0f} % hidden" for share in SHARES)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        name = f"{row['variant']}, seed {row['seed']}" if "variant" in row else row["system"]
        cells = [name, row["memory"], row["group"], str(row["samples"])]
        lines.append("| " + " | ".join([*cells, *(f"{iou:.3f}" for iou in row["iou"].values())]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    run_study(main)
