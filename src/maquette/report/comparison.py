"""Runs side by side, as numbers: what may be compared, and what may not."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .. import __version__
from ..metrics.protocols import PROTOCOLS
from ..systems import NAMES, about_system
from .numbers import ALL
from .runs import VALIDATION, Run


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
        "curves": {row["name"]: {key: run.log[key] for key in
                                 (*run.logged, *(VALIDATION + name for name in run.validated))}
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
    for key in must_agree([numbers["protocol"] for _, numbers in evaluated]):
        values: dict[str, list[str]] = {}
        for name, numbers in evaluated:
            values.setdefault(_identity(numbers, key), []).append(name)
        if len(values) > 1:
            parts = "; ".join(f"{value}: {', '.join(names)}" for value, names in values.items())
            found.append(f"{key} differs ({parts})")
    return found


def must_agree(protocols: Sequence[Mapping[str, Any] | None]) -> list[str]:
    """What evaluations must share before their numbers are compared: whatever any of the protocols fixes, too."""
    fixed = dict.fromkeys(name for protocol in protocols if protocol for name in protocol["fixed"])
    return ["protocol", "split", *fixed, "data"]


def _identity(numbers: Mapping[str, Any], key: str) -> str:
    """What has to be the same: for data, the very samples."""
    if key == "data":
        samples = numbers["samples"]
        kind = numbers["about"].get("pictures") or "pictures"
        return f"{len(samples)} samples, {kind}, {_mark(sample['id'] for sample in samples)}"
    return told(numbers["protocol"], key)


def told(protocol: Mapping[str, Any], key: str) -> str:
    """What a protocol says of one of the things that must agree."""
    return str(
        {"protocol": protocol["name"], "split": protocol["split"], **protocol["fixed"]}.get(key, "none")
    )


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
        "loss": [run.about("system"), run.setting("loss")],
        "train": _trained(run, views),
        "val": {name: run.last(VALIDATION + name) for name in run.validated},
        "protocol": numbers and numbers["protocol"],
        "measures": numbers["measures"] if numbers else _usual_measures(run),
        "data": numbers and {"name": numbers["about"].get("data"), "identity": _identity(numbers, "data")},
        "groups": numbers["groups"] if numbers else {},
        "classes": numbers["classes"] if numbers else {},
        "controls": numbers and numbers.get("controls"),
    }


def _usual_measures(run: Run) -> list[Mapping[str, Any]]:
    """What the system of a run that was not evaluated would be evaluated by; empty for a system that is not known."""
    system = str(run.about("system")).replace("-", "_")
    protocols = about_system(system).protocols if system in NAMES else ()
    return [measure.as_json() for measure in PROTOCOLS[protocols[0]].measures] if protocols else []


def _trained(run: Run, views: str | None) -> dict[str, Any]:
    """Numbers on the training split, and in `logged` the names of those that are the log's last.

    The others are as evaluated there with `views`; where no number of views is common, with those of the training
    split's own evaluation. The log's are of augmented pictures, and its loss is the one that was trained with.
    """
    there = run.training["groups"][ALL]["views"] if run.training is not None else {}
    if run.training is not None and views is None:
        views = str(run.training["protocol"]["views"][0])
    means = there.get(views, {})
    evaluated = {name: next(iter(means[name].values())) for name in run.logged if name in means}
    logged = [name for name in run.logged if name not in evaluated]
    return {**{name: run.last(name) for name in logged}, **evaluated, "logged": logged}


def common_views(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Numbers of views that every evaluated run has, rising."""
    sets = [set(map(str, row["protocol"]["views"])) for row in rows if row["protocol"]]
    return sorted(set.intersection(*sets), key=int) if sets else []


def mean_of(
    row: Mapping[str, Any], views: str, measure: str, kind: str | None = None, group: str = ALL
) -> Any:
    """One mean of a run, the first kind where none is named; None where it has none."""
    kinds = row["groups"].get(group, {}).get("views", {}).get(views, {}).get(measure, {})
    return next(iter(kinds.values()), None) if kind is None else kinds.get(kind)


def measures_of(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What the runs were evaluated by, each measure once, the headline of the first run first."""
    found = {m["name"]: m for row in rows for m in row["measures"]}
    headline = headline_of(rows)
    return sorted(found.values(), key=lambda m: m["name"] != headline)


def headline_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Name of the measure that the first evaluated run is about; empty where none is."""
    return next((row["protocol"]["headline"] for row in rows if row["protocol"]), "")


def label_of(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """What people call a number of the log or of an evaluation."""
    known: dict[str, str] = {m["name"]: m["label"] for m in measures_of(rows)}
    return known.get(name, name.replace("_", " "))
