"""How good masks of pictures that are no composites are: 60 whose outlines were drawn by hand.

    python -m maquette.bench.studies.hand_masks --data DIR --json FILE

The outlines are `benchmarks/data/hand_masks.json`. The pictures (cars; faces of people and cats; things before a
plain background) may not be passed on: DIR has them, in folders and archives, under the names that the outlines
give, and a picture that is not the one that was outlined is refused. Masks are found by the network alone, by
GrabCut alone, and as `reconstruct` finds them ("auto"): mean and median IoU, share of right masks (IoU of 0.8 and
more), milliseconds of a core, the median.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor

from ...io.json_file import read_json
from ...segment.found import Way
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json
from .hand_outlines import Outline, Outlines, outlined_pictures
from .masks import WRONG, doubts, judged

_OUTLINES = Path(__file__).parents[4] / "benchmarks" / "data" / "hand_masks.json"
_ALONE: tuple[Way, ...] = ("network", "grabcut")


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the measurement; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the pictures")
    parser.add_argument(
        "--outlines", type=Path, default=_OUTLINES, help="the file of outlines; ours if not given"
    )
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    outlines = read_json(options.outlines, Outlines).pictures
    rows = [_row(outline, image) for outline, image in outlined_pictures(options.data, outlines)]
    kinds = sorted({row["group"] for row in rows})
    groups = {"all": rows, **{kind: [row for row in rows if row["group"] == kind] for kind in kinds}}
    numbers = {
        "ways": {
            way: {name: _way(group, way) for name, group in groups.items()} for way in (*_ALONE, "auto")
        },
        "doubts of auto": doubts([row for row in rows if row["how"]]),
    }
    print(numbers)
    machine = describe_machine(torch.device("cpu"))
    write_json(options.json, {"machine": machine, "summary": numbers, "pictures": rows})
    return numbers


def _row(outline: Outline, image: Tensor) -> dict[str, Any]:
    true = outline.mask()
    found, auto = judged(image, true)
    ways: dict[str, Any] = {way: judged(image, true, way)[1] for way in _ALONE}
    ways["auto"] = auto
    row = {"id": outline.member or outline.file, "group": outline.group, "iou": auto["iou"]}
    return {**row, "how": found and found.how, "confidence": found and found.confidence, "ways": ways}


def _way(rows: Sequence[dict[str, Any]], way: str) -> dict[str, float]:
    ious = [row["ways"][way]["iou"] for row in rows]
    numbers = {
        "iou": fmean(ious),
        "median": median(ious),
        "right": fmean(iou >= WRONG for iou in ious),
        "ms": median(row["ways"][way]["ms"] for row in rows),
    }
    return {"pictures": len(rows), **{name: round(value, 4) for name, value in numbers.items()}}


if __name__ == "__main__":
    run_study(main)
