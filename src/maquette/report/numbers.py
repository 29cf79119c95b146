"""An evaluation as plain numbers: what `eval/<protocol>.json` holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .. import __version__
from ..data.batch import Entry
from ..evaluate import MEASURES, Evaluation
from ..metrics.averages import averages

FORMAT = 1
GENERATED = ("shapeassembly", "families")
HAND_MADE = "hand-made"
ALL = "all"


def numbers_of(evaluation: Evaluation, about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything measured, ready for JSON.

    Args:
        evaluation: what `evaluate` gave.
        about: what was evaluated and on what: system, variant, weights, parameters, data.

    Returns:
        `protocol`, `about`, `groups` and `classes` with means by number of views, `sweep`, `controls`, `samples`
        with the scores of each, `skipped` and `seconds`.
    """
    protocol, first = evaluation.protocol, evaluation.views[0]
    samples = [_sample(evaluation, i) for i in range(len(evaluation.entries))]
    classes = sorted({entry.category for entry in evaluation.entries})
    return {
        "maquette_evaluation": FORMAT,
        "version": __version__,
        "about": dict(about),
        "protocol": {
            "name": protocol.name,
            "source": protocol.source,
            "split": evaluation.split,
            "threshold": protocol.threshold,
            "views": list(evaluation.views),
            "own_views": list(protocol.views),
            "averaging": protocol.averaging,
            "note": protocol.note,
        },
        "groups": {name: _means(evaluation, rows) for name, rows in _groups(evaluation.entries).items()},
        "classes": {
            name: _class(evaluation, [i for i, e in enumerate(evaluation.entries) if e.category == name])
            for name in classes
        },
        "sweep": _sweep(evaluation, first),
        "controls": {
            "views": first,
            "other_target": asdict(evaluation.other),
            "mean_grid": evaluation.mean
            and {**asdict(evaluation.mean), "ahead": evaluation.mean.ahead, "threshold": protocol.threshold},
        },
        "samples": samples,
        "skipped": [{"path": problem.path, "reason": problem.reason} for problem in evaluation.problems],
        "seconds": {"all": evaluation.seconds, "network": evaluation.network_seconds},
    }


def origin(source: str) -> str:
    """Group of a source: made by a program, which is named, or by hand."""
    return source if source in GENERATED else HAND_MADE


def _groups(entries: Sequence[Entry]) -> dict[str, list[int]]:
    """Rows of the samples of every group; those by origin only where sources are known and origins differ."""
    groups: dict[str, list[int]] = {}
    for i, entry in enumerate(entries):
        groups.setdefault(origin(entry.source), []).append(i)
    apart = dict(sorted(groups.items())) if len(groups) > 1 else {}
    return {ALL: list(range(len(entries))), **apart}


def _means(evaluation: Evaluation, rows: list[int]) -> dict[str, Any]:
    categories = [evaluation.entries[i].category for i in rows]
    views = {}
    for count in evaluation.views:
        found = {name: averages(_column(evaluation, count, name, rows), categories) for name in MEASURES}
        views[str(count)] = {
            name: {"sample_mean": mean.sample_mean, "class_mean": mean.class_mean}
            for name, mean in found.items()
        }
    return {"count": len(rows), "classes": len(set(categories)), "views": views}


def _class(evaluation: Evaluation, rows: list[int]) -> dict[str, Any]:
    views = {
        str(count): {
            name: sum(_column(evaluation, count, name, rows)) / len(rows) for name in MEASURES
        }
        for count in evaluation.views
    }  # fmt: skip
    return {"count": len(rows), "views": views}


def _column(evaluation: Evaluation, count: int, measure: str, rows: list[int]) -> list[float]:
    return getattr(evaluation.scores[count], measure)[rows].tolist()


def _sample(evaluation: Evaluation, row: int) -> dict[str, Any]:
    entry = evaluation.entries[row]
    views = {
        str(count): {name: round(float(getattr(scores, name)[row]), 6) for name in MEASURES}
        for count, scores in evaluation.scores.items()
    }
    return {"id": entry.id, "category": entry.category, "source": entry.source, "views": views}


def _sweep(evaluation: Evaluation, views: int) -> dict[str, Any] | None:
    """Means at the thresholds of the protocol's sweep; never part of its headline."""
    thresholds = evaluation.protocol.sweep
    if not thresholds:
        return None
    categories = [entry.category for entry in evaluation.entries]
    rows = []
    for k, threshold in enumerate(thresholds):
        mean = averages(evaluation.scores[views].sweep[:, k].tolist(), categories)
        rows.append({"threshold": threshold, "sample_mean": mean.sample_mean, "class_mean": mean.class_mean})
    return {"views": views, "iou": rows}
