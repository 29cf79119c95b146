"""Evaluations as files: `<name>.json` and `<name>.html` beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any

from ..evaluate import Evaluation
from ..io.atomic import write_together
from ..io.errors import ParseError, as_bad_input
from ..io.json_file import read_json
from ..io.json_text import json_text
from ..io.typed import typed
from ..metrics.measure import Measure
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
    return write_texts({Path(f"{stem}{suffix}"): text for suffix, text in texts.items()})


def write_texts(texts: Mapping[Path, str]) -> list[Path]:
    """Write files of text, the first of which the others belong to: all of them, or none; returns their paths.

    Raises:
        BadInput: one cannot be written.
    """
    paths = list(texts)
    with as_bad_input(paths[0], OSError, say="cannot be written"):
        write_together(texts)
    return paths


def read_evaluation(path: str | PathLike[str]) -> dict[str, Any]:
    """The numbers in a file that `write_evaluation` wrote, in version 0.1 too, which knew voxels alone.

    Raises:
        BadInput: missing, not JSON, or not an evaluation.
    """
    numbers = read_json(path, dict, nan=True)
    with as_bad_input(path, ParseError, ValueError):
        if numbers.get("maquette_evaluation") != FORMAT:
            raise ParseError("is not an evaluation written by this version of maquette")
        missing = [field.name for field in fields(_Evaluation) if field.name not in numbers]
        if missing:
            raise ParseError(f"lacks {', '.join(missing)}")
        _need(_Evaluation, numbers, "")
        if ALL not in numbers["groups"]:
            raise ParseError(f"lacks the group {ALL}")
        if "measures" not in numbers:
            _add_measures(numbers)
        _check(numbers)
    return numbers


@dataclass(frozen=True)
class _Evaluation:
    """Parts that reports read."""

    about: Mapping[str, Any]
    protocol: Mapping[str, Any]
    groups: Mapping[str, Any]
    classes: Mapping[str, Any]
    samples: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class _Protocol:
    """What they read of a protocol."""

    name: str
    split: str
    headline: str
    fixed: Mapping[str, Any]
    views: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.views:
            raise ValueError("protocol.views must not be empty")


@dataclass(frozen=True)
class _Fixed:
    """What they read of a protocol of version 0.1."""

    threshold: float


@dataclass(frozen=True)
class _Group:
    """What they read of a group or class."""

    count: int
    views: Mapping[str, Any]


@dataclass(frozen=True)
class _Sample:
    """What they read of a sample."""

    id: str


def _need(kind: type[Any], values: Any, place: str) -> None:
    """Refuse values that lack a field of a dataclass or have another type there; what else they have is free."""
    typed(kind, values, place, more=True)


def _add_measures(numbers: dict[str, Any]) -> None:
    """What version 0.1, which knew voxels alone, left unsaid."""
    protocol = numbers["protocol"]
    if "threshold" not in protocol:
        raise ParseError("lacks measures")
    _need(_Fixed, protocol, "protocol")
    numbers["measures"] = [measure.as_json() for measure in VoxelProtocol.measures]
    protocol["headline"] = VoxelProtocol.headline.name
    protocol["fixed"] = {"threshold": f">= {protocol['threshold']:g}, fixed"}


def _check(numbers: Mapping[str, Any]) -> None:
    """Refuse what reports would stumble over."""
    if not isinstance(numbers["measures"], list):
        raise ParseError(f"measures must be a list, got {numbers['measures']!r}")
    _need(_Protocol, numbers["protocol"], "protocol")
    for part, kind in (("measures", Measure), ("samples", _Sample)):
        for i, one in enumerate(numbers[part]):
            _need(kind, one, f"{part}[{i}]")
    for part, depth in (("groups", 3), ("classes", 2)):  # number of views, measure, kind of mean
        for name, group in numbers[part].items():
            _need(_Group, group, f"{part}.{name}")
            _need_numbers(group["views"], f"{part}.{name}.views", depth)


def _need_numbers(values: Any, place: str, depth: int = 0) -> None:
    """Refuse anything but numbers, or null for those that JSON does not know, below so many names."""
    if depth:
        if not isinstance(values, Mapping):
            raise ParseError(f"{place} must be an object, got {values!r}")
        for name, value in values.items():
            _need_numbers(value, f"{place}.{name}", depth - 1)
    elif isinstance(values, bool) or not isinstance(values, int | float | None):
        raise ParseError(f"{place} must be a number, got {values!r}")
