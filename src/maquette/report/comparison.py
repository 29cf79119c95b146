"""Runs side by side, as numbers: what may be compared, and what may not."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .. import __version__
from ..evaluate import MEASURES
from .numbers import ALL
from .runs import Run

_MUST_AGREE = ("protocol", "split", "threshold", "data")


def comparison_of(runs: Sequence[Run]) -> dict[str, Any]:
    """Rows of runs, and in `differences` what keeps their numbers from being compared.

    Args:
        runs: in the order in which they are shown.
    """
    runs = _named_apart(runs)
    views = _least_common_views(runs)
    rows = [_row(run, views) for run in runs]
    return {
        "maquette_comparison": 1,
        "version": __version__,
        "differences": differences(runs),
        "runs": rows,
        "curves": {row["name"]: {key: run.log.get(key, []) for key in ("loss", "iou", "val_loss", "val_iou")}
                   for row, run in zip(rows, runs, strict=True)},
    }  # fmt: skip


def _named_apart(runs: Sequence[Run]) -> list[Run]:
    """The same runs; those of one name get a number."""
    names = [run.name for run in runs]
    return [
        replace(run, name=f"{run.name} ({names[: i + 1].count(run.name)})")
        if names.count(run.name) > 1
        else run
        for i, run in enumerate(runs)
    ]


def differences(runs: Sequence[Run]) -> list[str]:
    """Sentences about what differs between the runs' evaluations; empty where numbers may be compared."""
    evaluated = [(run.name, run.evaluation) for run in runs if run.evaluation is not None]
    found = [f"{run.name} has not been evaluated so" for run in runs if run.evaluation is None]
    for key in _MUST_AGREE:
        values: dict[str, list[str]] = {}
        for name, numbers in evaluated:
            values.setdefault(_identity(numbers, key), []).append(name)
        if len(values) > 1:
            parts = "; ".join(f"{value}: {', '.join(names)}" for value, names in values.items())
            found.append(f"{key} differs ({parts})")
    return found


def _identity(numbers: Mapping[str, Any], key: str) -> str:
    """What has to be the same: for data, the very samples."""
    if key == "data":
        samples = numbers["samples"]
        kind = numbers["about"].get("pictures") or "pictures"
        return f"{len(samples)} samples, {kind}, {_mark(sample['id'] for sample in samples)}"
    return str(numbers["protocol"]["name" if key == "protocol" else key])


def _mark(ids: Any) -> str:
    """Six hexadecimal digits that tell sets of samples apart."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:6]


def _least_common_views(runs: Sequence[Run]) -> str | None:
    sets = [set(run.evaluation["protocol"]["views"]) for run in runs if run.evaluation is not None]
    return str(min(set.intersection(*sets), default="")) or None if sets else None


def _row(run: Run, views: str | None) -> dict[str, Any]:
    """Everything shown of one run."""
    numbers, steps = run.evaluation, run.steps
    batch = run.setting("batch")
    return {
        "name": run.name,
        "system": run.about("system"),
        "variant": run.about("variant"),
        "recipe": run.about("recipe"),
        "parameters": run.about("parameters"),
        "steps": steps,
        "samples": steps * batch if steps and isinstance(batch, int) else None,
        "seconds": run.last("seconds"),
        "train": _trained(run, views),
        "val": {"loss": run.last("val_loss"), "iou": run.last("val_iou"), "from": "log"},
        "protocol": numbers and numbers["protocol"],
        "data": numbers and {"name": numbers["about"].get("data"), "identity": _identity(numbers, "data")},
        "groups": numbers["groups"] if numbers else {},
        "classes": numbers["classes"] if numbers else {},
        "controls": numbers and numbers.get("controls"),
    }


def _trained(run: Run, views: str | None) -> dict[str, Any]:
    """Loss and IoU on the training split: as evaluated there with `views`, else as logged on augmented pictures.

    Where no number of views is common, that of the training split's own evaluation is taken.
    """
    there = run.training["groups"][ALL]["views"] if run.training is not None else {}
    if run.training is not None and views is None:
        views = str(run.training["protocol"]["views"][0])
    if views not in there:
        return {"loss": run.last("loss"), "iou": run.last("iou"), "from": "log"}
    means = there[views]
    return {
        "loss": means["log_loss"]["sample_mean"],
        "iou": means["iou"]["sample_mean"],
        "from": "evaluation",
    }


def common_views(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Numbers of views that every evaluated run has, rising."""
    sets = [set(map(str, row["protocol"]["views"])) for row in rows if row["protocol"]]
    return sorted(set.intersection(*sets), key=int) if sets else []


def mean_of(
    row: Mapping[str, Any], views: str, measure: str, kind: str = "sample_mean", group: str = ALL
) -> Any:
    """One mean of a run; None where it has none."""
    assert measure in MEASURES
    means = row["groups"].get(group, {}).get("views", {}).get(views)
    return means and means[measure][kind]
