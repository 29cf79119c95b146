"""What is known of a run: its settings, its log, and its evaluations."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ..io.errors import BadInput, as_bad_input
from ..io.files import need_file
from ..io.json_file import read_json
from ..metrics.protocols import PROTOCOLS
from .files import EVALUATIONS, evaluation_name, read_evaluation

_CLOCK = ("step", "seconds", "samples_per_second", "lr")
VALIDATION = "val_"  # before the names of numbers of validations


@dataclass(frozen=True)
class Run:
    """One row of a comparison; None stands for what is not known.

    Attributes:
        name: the folder's, or the file's.
        settings: what `config.json` says; empty without it.
        log: columns of `metrics.csv` as (step, value) pairs.
        evaluation: numbers of the split that is compared.
        training: numbers of the training split under the same protocol.
    """

    name: str
    settings: Mapping[str, Any]
    log: Mapping[str, list[tuple[int, float]]]
    evaluation: Mapping[str, Any] | None
    training: Mapping[str, Any] | None

    def last(self, column: str) -> float | None:
        """The last value of a column of the log."""
        pairs = self.log.get(column)
        return pairs[-1][1] if pairs else None

    @property
    def logged(self) -> list[str]:
        """Names of the numbers that steps of training give."""
        return [name for name in self.log if name not in _CLOCK and not name.startswith(VALIDATION)]

    @property
    def validated(self) -> list[str]:
        """Names of the numbers that validations give."""
        return [name.removeprefix(VALIDATION) for name in self.log if name.startswith(VALIDATION)]

    @property
    def steps(self) -> int | None:
        """Steps that were done, as far as the log knows."""
        return max((pairs[-1][0] for pairs in self.log.values() if pairs), default=None)

    def setting(self, *names: str) -> Any:
        """The first of these names that is found in the settings, at whatever depth."""
        return next((value for name in names if (value := _search(self.settings, name)) is not None), None)

    def about(self, name: str) -> Any:
        """What the evaluation says of itself, else the settings."""
        said = (self.evaluation or {}).get("about", {}).get(name)
        return self.setting(name) if said is None else said


def read_run(path: str | PathLike[str], protocol: str | None = None, split: str = "test") -> Run:
    """Read the folder of a run, or the file of one evaluation.

    Args:
        path: folder with `eval/<protocol>.json`, or such a file.
        protocol: which evaluation; the first in the order of `PROTOCOLS` that is there when not given.
        split: which split.

    Raises:
        BadInput: nothing there, or a file in it is not what its name says.
    """
    path = Path(path)
    if path.is_file():
        return Run(path.stem, {}, {}, read_evaluation(path), None)
    if not path.is_dir():
        raise BadInput(path, "there is no such folder or file")
    name = protocol or next((p for p in PROTOCOLS if _evaluation_file(path, p, split).is_file()), None)
    return Run(
        name=path.resolve().name,
        settings=_read_settings(path / "config.json"),
        log=_read_log(path / "metrics.csv"),
        evaluation=_evaluation(path, name, split),
        training=_evaluation(path, name, "train"),
    )


def protocols_of(path: str | PathLike[str], split: str = "test") -> set[str]:
    """Protocols that a run has been evaluated under."""
    path = Path(path)
    if path.is_file():
        return {read_evaluation(path)["protocol"]["name"]}
    return {name for name in PROTOCOLS if _evaluation_file(path, name, split).is_file()}


def _evaluation_file(run: Path, protocol: str, split: str) -> Path:
    return run / EVALUATIONS / f"{evaluation_name(protocol, split)}.json"


def _evaluation(run: Path, protocol: str | None, split: str) -> dict[str, Any] | None:
    file = _evaluation_file(run, protocol or "", split)
    return read_evaluation(file) if protocol and file.is_file() else None


def _read_settings(file: Path) -> dict[str, Any]:
    return read_json(file, dict, nan=True) if file.exists() else {}


def _read_log(file: Path) -> dict[str, list[tuple[int, float]]]:
    if not file.exists():
        return {}
    need_file(file)
    log: dict[str, list[tuple[int, float]]] = {}
    with (
        as_bad_input(file, OSError, ValueError, csv.Error),
        open(file, encoding="utf-8", newline="") as lines,
    ):
        for row in csv.DictReader(lines, restkey="", restval=""):
            for name, value in row.items():
                if name and name != "step":
                    pairs = log.setdefault(name, [])
                    if row.get("step") and value:
                        pairs.append((int(row["step"]), float(value)))
    return log


def _search(settings: Any, name: str) -> Any:
    if not isinstance(settings, Mapping):
        return None
    if settings.get(name) is not None:
        return settings[name]
    return next((value for inner in settings.values() if (value := _search(inner, name)) is not None), None)
