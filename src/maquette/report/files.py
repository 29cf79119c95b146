"""Evaluations as files: `<name>.json` and `<name>.html` beside each other."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from ..evaluate import Evaluation
from ..io.atomic import replacing
from ..io.errors import ParseError, as_bad_input
from ..io.files import read_file
from ..io.json_text import json_text
from ..metrics.protocols.voxel import VoxelProtocol
from .evaluation_page import evaluation_page
from .numbers import ALL, FORMAT, numbers_of

EVALUATIONS = "eval"


def evaluation_name(protocol: str, split: str) -> str:
    """Stem of an evaluation's files: the protocol's name, and the split's where it is not the test split."""
    return protocol if split == "test" else f"{protocol}-{split}"


def write_evaluation(
    evaluation: Evaluation, about: Mapping[str, Any], folder: str | PathLike[str]
) -> list[Path]:
    """Write the numbers and the page of an evaluation.

    Args:
        evaluation: what `evaluate` gave.
        about: what was evaluated and on what (`numbers_of`).
        folder: made when it is missing.

    Returns:
        the JSON file and the HTML file.

    Raises:
        BadInput: a file cannot be written.
    """
    stem = Path(folder) / evaluation_name(evaluation.protocol.name, evaluation.split)
    numbers = numbers_of(evaluation, about)
    texts = {".json": json_text(numbers), ".html": evaluation_page(evaluation, numbers)}
    return [write_text(f"{stem}{suffix}", text) for suffix, text in texts.items()]


def write_text(path: str | PathLike[str], text: str) -> Path:
    """Write a file of text, whole or not at all, and the folder around it where it is missing."""
    path = Path(path)
    with as_bad_input(path, OSError, say="cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, "w") as file:
            file.write(text)
    return path


def read_evaluation(path: str | PathLike[str]) -> dict[str, Any]:
    """The numbers in a file that `write_evaluation` wrote, in version 0.1 too, which knew voxels alone.

    Raises:
        BadInput: missing, not JSON, or not an evaluation.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError, ValueError, RecursionError):
        numbers = json.loads(data)
        if not isinstance(numbers, dict) or numbers.get("maquette_evaluation") != FORMAT:
            raise ParseError("is not an evaluation written by this version of maquette")
        missing = [key for key in ("about", "protocol", "groups", "classes", "samples") if key not in numbers]
        if missing or ALL not in numbers["groups"]:
            raise ParseError(f"lacks {', '.join(missing) or 'the group ' + ALL}")
        if "measures" not in numbers and "threshold" not in numbers["protocol"]:
            raise ParseError("lacks measures")
    if "measures" not in numbers:
        numbers["measures"] = [measure.as_json() for measure in VoxelProtocol.measures]
        numbers["protocol"]["headline"] = VoxelProtocol.headline.name
        numbers["protocol"]["fixed"] = {"threshold": f">= {numbers['protocol']['threshold']:g}, fixed"}
    return numbers
