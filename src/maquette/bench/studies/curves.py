"""IoU on validation shapes over the minutes of training, or another number over its steps, of several runs, drawn.

python -m maquette.bench.studies.curves NAME=RUN ... --out docs/images/r2n2_curves.svg --json FILE
python -m maquette.bench.studies.curves NAME=RUN ... --number val_f1 "F1" --steps --out FILE.svg
"""

from collections.abc import Sequence
from pathlib import Path

from ...io.errors import BadInput
from ...report.page import save_data_uri
from ...report.plots import curves
from ...report.runs import read_run
from .arguments import run_study, study_parser, write_json


def main(words: Sequence[str] | None = None) -> None:
    """Draw the picture, and write its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--number",
        nargs=2,
        default=("val_iou", "IoU of validation shapes"),
        metavar=("COLUMN", "LABEL"),
        help="of the log of a run",
    )
    parser.add_argument("--steps", action="store_true", help="over steps, not over minutes")
    options = parser.parse_args(words)
    named = {name: run for name, _, run in (words.partition("=") for words in options.runs)}
    if not all(named.values()):
        parser.error("each run is given as NAME=RUN")
    column, label = options.number
    lines = {name: validations(Path(run), column) for name, run in named.items()}
    uri = curves(
        {
            name: (
                [row["step"] if options.steps else row["seconds"] / 60 for row in rows],
                [row[name_of(column)] for row in rows],
            )
            for name, rows in lines.items()
        },
        "steps" if options.steps else "minutes of training",
        label,
        marks=False,
    )
    save_data_uri(uri, options.out)
    write_json(options.json, lines)


def validations(run: Path, column: str = "val_iou") -> list[dict[str, float]]:
    """Step, seconds and a number of every line of a run's log that has it; `BadInput` where none has."""
    log = read_run(run).log
    seconds, values = dict(log.get("seconds", ())), log.get(column, ())
    if not values or not seconds.keys() >= dict(values).keys():
        raise BadInput(run / "metrics.csv", f"has no {column} with seconds")
    return [
        {"step": step, "seconds": seconds[step], name_of(column): round(value, 4)} for step, value in values
    ]


def name_of(column: str) -> str:
    """What a number of the log is called in the file."""
    return column.removeprefix("val_")


if __name__ == "__main__":
    run_study(main)
