"""IoU on validation shapes over the seconds of training, of several runs, as one picture.

python -m maquette.bench.studies.curves NAME=RUN ... --out docs/images/r2n2_curves.svg --json FILE
"""

import base64
from collections.abc import Sequence
from pathlib import Path

from ...io.errors import BadInput
from ...report.plots import curves
from ...report.runs import read_run
from .arguments import run_study, study_parser, write_json


def main(words: Sequence[str] | None = None) -> None:
    """Draw the picture, and write its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(words)
    named = {name: run for name, _, run in (words.partition("=") for words in options.runs)}
    if not all(named.values()):
        parser.error("each run is given as NAME=RUN")
    lines = {name: validations(Path(run)) for name, run in named.items()}
    uri = curves(
        {
            name: ([row["seconds"] / 60 for row in rows], [row["iou"] for row in rows])
            for name, rows in lines.items()
        },
        "minutes of training",
        "IoU of validation shapes",
        marks=False,
    )
    options.out.write_bytes(base64.b64decode(uri.partition(",")[2]))
    write_json(options.json, lines)


def validations(run: Path) -> list[dict[str, float]]:
    """Step, seconds and IoU of every validation of a run; `BadInput` where its log has none."""
    log = read_run(run).log
    seconds, ious = dict(log.get("seconds", ())), log.get("val_iou", ())
    if not ious or not seconds.keys() >= dict(ious).keys():
        raise BadInput(run / "metrics.csv", "has no val_iou with seconds")
    return [{"step": step, "seconds": seconds[step], "iou": round(iou, 4)} for step, iou in ious]


if __name__ == "__main__":
    run_study(main)
