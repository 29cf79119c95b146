"""Runs of a study: trained where they are not there yet, and what their logs tell."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...report.runs import read_run
from ...training.run_folder import RunFolder


def train(system: str, folder: Path, words: Sequence[Any]) -> None:
    """Train a run by `maquette train`, unless that has been done; one that was stopped goes on.

    Args:
        system: its name.
        folder: of the run.
        words: more for the command; what is None is left out together with the flag before it.

    Raises:
        SystemExit: it fails.
    """
    if RunFolder(folder).weights.is_file():
        return
    kept = [word for i, word in enumerate(words) if word is not None and words[i + 1 : i + 2] != [None]]
    said = [str(word) for word in ("train", system, *kept, "-o", folder, "--resume", "--no-evaluation")]
    if code := subprocess.run([sys.executable, "-m", "maquette", *said], check=False).returncode:
        sys.exit(code)


def of_run(folder: Path) -> dict[str, Any]:
    """What a run's log tells: steps, seconds, and what its validations measured."""
    run = read_run(folder)
    curve = {name: run.log[f"val_{name}"] for name in run.validated}
    return {"steps": run.steps, "seconds": run.last("seconds"), "validation": curve}
