"""What the command lines of the studies share."""

import argparse
from pathlib import Path
from typing import Any

from ...io.json_text import json_text


def study_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser that explains a study by the docstring of its module, and takes `--json`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here")
    return parser


def write_json(path: Path | None, numbers: Any) -> None:
    """Write the numbers where `--json` said, if it did; a folder that is missing is made."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json_text(numbers), encoding="utf-8")
