"""An evaluation as plain numbers: what `eval/<protocol>.json` holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import __version__
from ..data.batch import Entry
from ..evaluate import Evaluation

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
        `protocol`, `measures`, `about`, `groups` and `classes` with means by number of views, what the protocol has
        beyond that, `samples` with the scores of each, `skipped` and `seconds`.
    """
    protocol = evaluation.protocol
    classes = sorted({entry.category for entry in evaluation.entries}) if protocol.apart else []
    return {
        "maquette_evaluation": FORMAT,
        "version": __version__,
        "about": dict(about),
        "protocol": {
            "name": protocol.name,
            "source": protocol.source,
            "split": evaluation.split,
            **protocol.settings(),
            "fixed": dict(protocol.fixed()),
            "views": list(evaluation.views),
            "own_views": list(protocol.views),
            "averaging": protocol.averaging,
            "headline": protocol.headline.name,
            "note": protocol.note,
        },
        "measures": [measure.as_json() for measure in protocol.measures],
        "groups": {name: _group(evaluation, rows) for name, rows in _groups(evaluation).items()},
        "classes": {
            name: _class(evaluation, [i for i, e in enumerate(evaluation.entries) if e.category == name])
            for name in classes
        },
        **evaluation.beyond,
        "samples": [_sample(evaluation, i) for i in range(len(evaluation.entries))],
        "skipped": [{"path": problem.path, "reason": problem.reason} for problem in evaluation.problems],
        "seconds": {"all": evaluation.seconds, "network": evaluation.system_seconds},
    }


def averaging(numbers: Mapping[str, Any]) -> str:
    """Which means an evaluation's numbers are, in words for a page."""
    summary = next(iter(numbers["groups"][ALL]["views"].values()))
    published: str = numbers["protocol"]["averaging"]
    return (
        f"both; published: {published}"
        if any("class_mean" in kinds for kinds in summary.values())
        else published
    )


def origin(source: str) -> str:
    """Group of a source: made by a program, which is named, or by hand."""
    return source if source in GENERATED else HAND_MADE


def _groups(evaluation: Evaluation) -> dict[str, list[int]]:
    """Rows of the samples of every group; those by origin only where sources are known and origins differ."""
    entries: Sequence[Entry] = evaluation.entries
    groups: dict[str, list[int]] = {}
    for i, entry in enumerate(entries):
        groups.setdefault(origin(entry.source), []).append(i)
    apart = dict(sorted(groups.items())) if len(groups) > 1 and evaluation.protocol.apart else {}
    return {ALL: list(range(len(entries))), **apart}


def _summaries(evaluation: Evaluation, places: list[int]) -> dict[str, Mapping[str, Mapping[str, float]]]:
    """The protocol's summary of some samples, by number of views."""
    return {
        str(count): evaluation.protocol.summarise([rows[i] for i in places])
        for count, rows in evaluation.rows.items()
    }


def _group(evaluation: Evaluation, places: list[int]) -> dict[str, Any]:
    classes = {evaluation.entries[i].category for i in places}
    return {"count": len(places), "classes": len(classes), "views": _summaries(evaluation, places)}


def _class(evaluation: Evaluation, places: list[int]) -> dict[str, Any]:
    """Of one class all kinds of means are one."""
    views = {
        count: {name: next(iter(kinds.values())) for name, kinds in summary.items()}
        for count, summary in _summaries(evaluation, places).items()
    }
    return {"count": len(places), "views": views}


def _sample(evaluation: Evaluation, place: int) -> dict[str, Any]:
    entry = evaluation.entries[place]
    views = {
        str(count): {name: round(value, 6) for name, value in rows[place].values.items()}
        for count, rows in evaluation.rows.items()
    }
    return {"id": entry.id, "category": entry.category, "source": entry.source, "views": views}
