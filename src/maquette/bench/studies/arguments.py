"""What the command lines of the studies share."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...io.atomic import replacing
from ...io.errors import BadInput
from ...io.json_text import json_text


def study_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser that explains a study by the docstring of its module, and takes `--json`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here")
    return parser


def run_study(main: Callable[[], Any]) -> None:
    """Run a study as a command: a file that cannot be used is told in one line, as `maquette` does."""
    try:
        main()
    except BadInput as problem:
        print(problem, file=sys.stderr)
        sys.exit(3)


def write_json(path: Path | None, numbers: Any) -> None:
    """Write the numbers, whole or not at all, where `--json` said, if it did; a folder that is missing is made."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, "w") as file:
            file.write(json_text(numbers))
