"""Runs side by side, as a page and as text."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from . import plots
from .comparison import common_views, headline_of, label_of, mean_of, measures_of, must_agree, told
from .numbers import ALL, averaging
from .page import facts, figures, page, table, text
from .runs import VALIDATION

Cell = Callable[[Mapping[str, Any]], str]
_NONE = "-"
_LOSS = "loss"


def comparison_page(comparison: Mapping[str, Any]) -> str:
    """HTML with tables and plots.

    Args:
        comparison: what `comparison_of` gave.
    """
    rows = comparison["runs"]
    views = common_views(rows)
    body = [f"<h1>{len(rows)} runs side by side</h1>", *_head(rows, views), *_warnings(comparison)]
    body += ["<h2>Scores</h2>", table(*score_table(comparison))]
    body += [f'<p class="soft">{text(footnote(rows))}</p>', "<h2>Runs</h2>", table(*run_table(comparison))]
    body += [*_curves(comparison), *_views(rows), *_groups(rows, views), *_classes(rows, views)]
    return page("Runs side by side", body, f"maquette {comparison['version']}")


def run_table(comparison: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of what the runs are, as text."""
    head = ["run", "recipe", "variant", "parameters", "steps", "samples", "time"]
    return head, [_about(row) for row in comparison["runs"]]


def score_table(comparison: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of losses and scores, as text; what keeps them from being compared is a column of its own."""
    rows = comparison["runs"]
    views = common_views(rows)
    fixed = must_agree([row["protocol"] for row in rows])
    differ = [key for key in fixed if _differs(comparison, key)]
    columns = _score_columns(rows, views[0] if views else "")
    lines = [
        [row["name"], *(cell(row) for _, cell in columns), *(_told(row, key) for key in differ)]
        for row in rows
    ]
    return ["run", *(head for head, _ in columns), *differ], lines


def _score_columns(rows: Sequence[Mapping[str, Any]], views: str) -> list[tuple[str, Cell]]:
    """Heads, and what stands below them: numbers of training, of the last validation, then of the evaluation."""
    trained = dict.fromkeys(name for row in rows for name in row["train"] if name != "logged")
    validated = dict.fromkeys(name for row in rows for name in row["val"])
    split = next((row["protocol"]["split"] for row in rows if row["protocol"]), "test")
    columns: list[tuple[str, Cell]] = []
    for part, names, cell in (("train", trained, _train_cell), ("val", validated, _val_cell)):
        for name in names:
            column = f"{part} {label_of(rows, name)}", partial(cell, name=name)
            columns += _apart(rows, *column) if name == _LOSS else [column]
    for measure in measures_of(rows):
        name = measure["name"]
        columns.append((f"{split} {measure['label']}", partial(_mean_cell, views=views, name=name)))
        if name == headline_of(rows) and any(mean_of(row, views, name, "class_mean") for row in rows):
            columns.append(("class mean", partial(_mean_cell, views=views, name=name, kind="class_mean")))
    return columns


def _apart(rows: Sequence[Mapping[str, Any]], head: str, cell: Cell) -> list[tuple[str, Cell]]:
    """A column for the runs of each loss, named after them where there are several: they have no common unit."""
    return [
        (head + whose, partial(_cell_of, names=names, cell=cell))
        for whose, names in _by_loss([row for row in rows if cell(row) != _NONE]).items()
    ] or [(head, cell)]


def _by_loss(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Names of the runs of each loss, by what tells them apart in a heading: nothing where there is one."""
    kinds: dict[str, list[str]] = {}
    for row in rows:
        kinds.setdefault(json.dumps(row["loss"], sort_keys=True), []).append(row["name"])
    return {f" of {', '.join(names)}" if len(kinds) > 1 else "": names for names in kinds.values()}


def _cell_of(row: Mapping[str, Any], names: Sequence[str], cell: Cell) -> str:
    return cell(row) if row["name"] in names else _NONE


def _train_cell(row: Mapping[str, Any], name: str) -> str:
    return _number(row["train"].get(name), "~" if name in row["train"]["logged"] else "")


def _val_cell(row: Mapping[str, Any], name: str) -> str:
    return _number(row["val"].get(name))


def _mean_cell(row: Mapping[str, Any], views: str, name: str, kind: str | None = None) -> str:
    return _number(mean_of(row, views, name, kind))


def footnote(rows: Sequence[Mapping[str, Any]]) -> str:
    """Where the columns of the main table come from."""
    views = common_views(rows)
    shown = f"All scores are of {views[0]} view{'s' * (views[0] != '1')}. " if views else ""
    return (
        f"{shown}val is the log's last. train was evaluated on the training split where that was done; with ~ it "
        "is the log's last row, on augmented pictures, and its loss is what was trained with."
    )


def _about(row: Mapping[str, Any]) -> list[str]:
    return [
        row["name"],
        _word(row["recipe"]),
        _word(row["variant"]),
        _count(row["parameters"]),
        _count(row["steps"]),
        _count(row["samples"]),
        _duration(row["seconds"]),
    ]


def _differs(comparison: Mapping[str, Any], key: str) -> bool:
    return any(words.startswith(f"{key} differs") for words in comparison["differences"])


def _told(row: Mapping[str, Any], key: str) -> str:
    if row["protocol"] is None:
        return _NONE
    identity: str = row["data"]["identity"] if key == "data" else told(row["protocol"], key)
    return identity


def _head(rows: Sequence[Mapping[str, Any]], views: list[str]) -> list[str]:
    first = next((row for row in rows if row["protocol"]), None)
    if first is None:
        return []
    protocol = first["protocol"]
    return [
        facts(
            [
                ("protocol", protocol["name"]),
                ("split", protocol["split"]),
                *protocol["fixed"].items(),
                ("views in common", ", ".join(views) or "none"),
                ("averaging", averaging(first)),
                ("data", first["data"]["name"]),
                ("samples", first["groups"][ALL]["count"]),
            ]
        )
    ]


def _warnings(comparison: Mapping[str, Any]) -> list[str]:
    found = comparison["differences"]
    if not found:
        return []
    lines = "".join(f"<li>{text(words)}</li>" for words in found)
    return [
        f'<div class="note"><b>These numbers may not be compared as they stand.</b><ul>{lines}</ul></div>'
    ]


def _curves(comparison: Mapping[str, Any]) -> list[str]:
    """The first number of training, and the validations' headline, or what they have in its place.

    Losses of different kinds have no common unit, and axes of their own.
    """
    rows, curves = comparison["runs"], comparison["curves"]
    trained = next((name for row in rows for name in row["train"] if name != "logged"), "")
    judged = [name for row in rows for name in row["val"]]
    judged = [headline_of(rows)] if headline_of(rows) in judged else judged[-1:]
    wanted = [(trained, trained, "training", True)]
    wanted += [(VALIDATION + name, name, "validation", False) for name in judged]
    uris = []
    for key, number, part, log_y in wanted:
        drawn = [row for row in rows if len(curves.get(row["name"], {}).get(key, [])) > 1]
        kinds = _by_loss(drawn).values() if number == _LOSS else [[row["name"] for row in drawn]]
        for names in filter(None, kinds):
            lines = {name: _xy(curves[name][key]) for name in names}
            log = log_y and all(value > 0 for _, values in lines.values() for value in values)
            label = f"{part} {label_of(rows, number)}"
            uris.append(plots.curves(lines, "step", label, marks=False, log_y=log, named=len(kinds) > 1))
    return ["<h2>Training</h2>", figures(uris)] if uris else []


def _xy(pairs: Sequence[tuple[int, float]]) -> tuple[list[float], list[float]]:
    return [float(step) for step, _ in pairs], [value for _, value in pairs]


def _views(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The headline against the number of views, for runs evaluated with several."""
    lines, name = {}, headline_of(rows)
    for row in rows:
        counts = [str(count) for count in row["protocol"]["views"]] if row["protocol"] else []
        if len(counts) > 1:
            lines[row["name"]] = ([float(c) for c in counts], [mean_of(row, c, name) for c in counts])
    if not lines:
        return []
    return ["<h2>More views</h2>", figures([plots.curves(lines, "views", label_of(rows, name))])]


def _groups(rows: Sequence[Mapping[str, Any]], views: list[str]) -> list[str]:
    names = list(dict.fromkeys(name for row in rows for name in row["groups"]))
    if len(names) < 2 or not views:
        return []
    shown, headline = list(dict.fromkeys((views[0], views[-1]))), headline_of(rows)
    over = [("", 1), *((name, len(shown)) for name in names)]
    head = ["run", *[f"{count} view{'s' * (count != '1')}" for count in shown] * len(names)]
    lines = [
        [
            row["name"],
            *(_number(mean_of(row, count, headline, group=name)) for name in names for count in shown),
        ]
        for row in rows
    ]
    words = f'<p class="soft">{text(label_of(rows, headline))}.</p>'
    return ["<h2>By origin</h2>", words, table(head, lines, over=over)]


def _classes(rows: Sequence[Mapping[str, Any]], views: list[str]) -> list[str]:
    names = sorted({name for row in rows for name in row["classes"]})
    if not names or not views:
        return []
    headline = headline_of(rows)
    values = {
        name: {
            row["name"]: row["classes"][name]["views"][views[0]][headline]
            for row in rows
            if headline in row["classes"].get(name, {"views": {views[0]: {}}})["views"][views[0]]
        }
        for name in names
    }
    counts = {name: next(r["classes"][name]["count"] for r in rows if name in r["classes"]) for name in names}
    lines = [
        [name or "(none)", str(counts[name]), *(_number(values[name].get(row["name"])) for row in rows)]
        for name in names
    ]
    head = ["class", "samples", *(row["name"] for row in rows)]
    plot = figures([plots.bars(values, label_of(rows, headline))], wide=True)
    return ["<h2>Classes</h2>", plot, table(head, lines, bars=range(2, 2 + len(rows)))]


def _word(value: Any) -> str:
    return _NONE if value is None else str(value)


def _count(value: Any) -> str:
    return _NONE if value is None else f"{value:,}"


def _number(value: float | None, mark: str = "") -> str:
    return _NONE if value is None else f"{mark}{value:.3f}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return _NONE
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
