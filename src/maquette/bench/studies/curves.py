"""IoU on validation shapes over the seconds of training, of several runs, as one picture.

python -m maquette.bench.studies.curves NAME=RUN ... --out docs/images/r2n2_curves.svg --json FILE
"""

import argparse
import base64
import csv
import json
from collections.abc import Sequence
from pathlib import Path

from ...report.plots import curves


def main(words: Sequence[str] | None = None) -> None:
    """Draw the picture, and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(words)
    named = dict(run.split("=", 1) for run in options.runs)
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
    if options.json is not None:
        options.json.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")


def validations(run: Path) -> list[dict[str, float]]:
    """Step, seconds and IoU of every validation of a run."""
    with open(run / "metrics.csv", encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["val_iou"]]
    return [
        {"step": int(row["step"]), "seconds": float(row["seconds"]), "iou": round(float(row["val_iou"]), 4)}
        for row in rows
    ]


if __name__ == "__main__":
    main()
