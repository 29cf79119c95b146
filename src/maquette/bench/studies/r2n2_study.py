"""Cross-entropy and IoU of trained runs on shapes they were trained on and on shapes they were not, by origin.

    python -m maquette.bench.studies.r2n2_study RUN ... --shapes FILE --every 5 --json FILE

Pictures without augmentation, 3D-R2N2's cameras; of the training shapes one in `--every` is scored, of the test
shapes all. Cross-entropy is the mean over all cells in nats, IoU is at the threshold of the weights.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ...data.drawn_views import DrawnViews
from ...data.pack import read_pack
from ...data.pack_data import ShapePack
from ...io.errors import BadInput
from ...metrics.log_loss import log_loss
from ...metrics.voxel_iou import voxel_iou
from ...reconstruct import load_system
from ...report.numbers import origin
from ...report.runs import read_run
from .arguments import run_study, study_parser, write_json

SPLITS = ("train", "test")
_AT_ONCE = 64


def main(words: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Score every run; returns the rows."""
    parser = study_parser(__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--shapes", type=Path, required=True, help="a pack")
    parser.add_argument("--views", type=int, default=1)
    parser.add_argument("--every", type=int, default=5, help="score one of so many training shapes")
    options = parser.parse_args(words)
    pack = read_pack(options.shapes)
    for split in SPLITS:
        if all(entry.split != split for entry in pack.entries):
            raise BadInput(options.shapes, f"has nothing in its {split} split")
    rows = [score_run(run, pack, options.views, options.every) for run in options.runs]
    write_json(options.json, rows)
    return rows


def score_run(run: Path, pack: ShapePack, views: int, every: int) -> dict[str, Any]:
    """The scores of one run."""
    system = load_system("r2n2", run)
    source = DrawnViews(pack, system.views_config)
    row: dict[str, Any] = {"run": run.name, "variant": system.network_config.variant, "views": views}
    row["steps"], row["seconds"] = system.training.get("steps_done"), read_run(run).last("seconds")
    for split, step in zip(SPLITS, (every, 1), strict=True):
        chosen = [i for i, entry in enumerate(pack.entries) if entry.split == split][::step]
        row[split] = _scores(system, source, chosen, views)
    print(json.dumps(row), flush=True)
    return row


def _scores(system: Any, source: DrawnViews, chosen: list[int], views: int) -> dict[str, Any]:
    losses, ious = [], []
    for start in range(0, len(chosen), _AT_ONCE):
        batch = source.held_batch(chosen[start : start + _AT_ONCE], views)
        probability = system.occupancy(batch.images)
        losses.append(log_loss(probability, batch.voxels))
        ious.append(voxel_iou(probability, batch.voxels, system.threshold))
    loss, iou = torch.cat(losses), torch.cat(ious)
    origins = [origin(source.entries[i].source) for i in chosen]
    groups = {"all": torch.ones(len(chosen), dtype=torch.bool)}
    groups |= {name: torch.tensor([o == name for o in origins]) for name in sorted(set(origins))}
    return {
        name: {
            "samples": int(rows.sum()),
            "loss": round(float(loss[rows].mean()), 4),
            "iou": round(float(iou[rows].mean()), 4),
        }
        for name, rows in groups.items()
    }


if __name__ == "__main__":
    run_study(main)
