"""The page of one evaluation."""

from collections.abc import Mapping
from typing import Any

import torch

from ..evaluate import Case, Evaluation
from . import plots
from .numbers import ALL, origin
from .page import facts, figures, page, png_uri, table, text, tiles
from .voxel_pictures import EXTRA, MISSED, draw_pair

_MOST_INPUTS = 4
_BEHIND = 150.0
_SHORT = {"iou": "IoU", "log_loss": "log loss", "average_precision": "AP", "fscore": "F@1 %"}
_NAMES = {
    "iou": "IoU",
    "log_loss": "log loss",
    "average_precision": "average precision",
    "fscore": "F-score at 1 %",
}


def evaluation_page(evaluation: Evaluation, numbers: Mapping[str, Any]) -> str:
    """HTML with tables, plots and pictures of the worst, median and best samples.

    Args:
        evaluation: what was measured, with its cases.
        numbers: `numbers_of` it.
    """
    about, protocol = numbers["about"], numbers["protocol"]
    name = " ".join(str(about[key]) for key in ("system", "variant") if about.get(key))
    head = [
        f"<h1>{text(name)}</h1>",
        f'<p class="soft">{text(protocol["split"])} split of {text(about.get("data", "?"))}, weights '
        f"{text(about.get('weights', '?'))}</p>",
        facts(_facts(numbers)),
        tiles(_tiles(numbers)),
    ]
    body = [*head, *_skipped(numbers), *_looking(numbers), *_cases(evaluation), *_views(numbers)]
    body += [*_spread(numbers), *_classes(numbers), *_sweep(numbers), *_note(numbers)]
    seconds = numbers["seconds"]
    foot = (
        f"maquette {numbers['version']}. {seconds['all']:.1f} s, of these {seconds['network']:.1f} s in the system. "
        "All numbers, those of every sample too, are in the JSON file of the same name."
    )
    return page(f"{name}: {protocol['name']}", body, foot)


def _facts(numbers: Mapping[str, Any]) -> list[tuple[str, object]]:
    protocol, everything = numbers["protocol"], numbers["groups"][ALL]
    rows: list[tuple[str, object]] = [
        ("protocol", protocol["name"]),
        ("split", protocol["split"]),
        ("threshold", f"≥ {protocol['threshold']:g}, fixed"),
        ("views", f"{', '.join(map(str, protocol['views']))} (the first n)"),
        ("averaging", f"both; published: {protocol['averaging']}"),
        ("samples", f"{everything['count']} in {everything['classes']} classes"),
    ]
    parameters = numbers["about"].get("parameters")
    return [*rows, ("parameters", f"{parameters:,}")] if parameters else rows


def _tiles(numbers: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    first = str(numbers["protocol"]["views"][0])
    means = numbers["groups"][ALL]["views"][first]
    cells = [
        (_NAMES[name], f"{mean['sample_mean']:.3f}", f"sample mean; class mean {mean['class_mean']:.3f}")
        for name, mean in means.items()
    ]
    return [(f"{name}, {first} view{'s' * (first != '1')}", value, more) for name, value, more in cells]


def _skipped(numbers: Mapping[str, Any]) -> list[str]:
    skipped = numbers["skipped"]
    if not skipped:
        return []
    rows = [[row["path"], row["reason"]] for row in skipped]
    words = f"{len(skipped)} of {len(skipped) + len(numbers['samples'])} samples could not be read and count nowhere."
    return [f'<h2>Left out</h2><p class="note">{text(words)}</p>', table(["sample", "reason"], rows)]


def _views(numbers: Mapping[str, Any]) -> list[str]:
    """Means by number of views and group, with a plot where there are several."""
    counts = [str(count) for count in numbers["protocol"]["views"]]
    groups = numbers["groups"]
    rows = []
    for name, group in groups.items():
        for count in counts:
            cells = [f"{mean[key]:.3f}" for mean in group["views"][count].values() for key in mean]
            rows.append([name, str(group["count"]), count, *cells])
    columns = ["samples", "classes"] * len(_SHORT)
    pieces = [
        "<h2>Overall</h2>",
        '<p class="soft">Means over samples and over classes; they differ where classes are of different sizes.</p>',
        table(
            ["group", "samples", "views", *columns],
            rows,
            over=[("", 3), *((name, 2) for name in _SHORT.values())],
        ),
    ]
    if len(counts) > 1:
        x = [float(count) for count in counts]
        uris = [
            plots.curves(
                {
                    name: (x, [group["views"][c][measure]["sample_mean"] for c in counts])
                    for name, group in groups.items()
                },
                "views",
                f"{_NAMES[measure]}, sample mean",
            )
            for measure in ("iou", "fscore")
        ]
        pieces += ["<h2>More views</h2>", figures(uris)]
    return pieces


def _looking(numbers: Mapping[str, Any]) -> list[str]:
    """The two controls."""
    controls = numbers["controls"]
    other, mean = controls["other_target"], controls["mean_grid"]
    cells = []
    if other["compared"]:
        more = (
            f"own {other['own']:.3f}, another of its class {other['other']:.3f}; {other['compared']} samples"
        )
        cells.append(("nearer to its own target", f"{100 * other['share_won']:.0f} %", more))
    if mean:
        best = f"mean grid {mean['best']:.3f} at its best threshold {mean['best_threshold']:g}"
        more = f"{best}, {mean['fixed']:.3f} at the protocol's"
        cells.append(("IoU above the mean training grid", f"{mean['ahead']:+.3f}", more))
    if not cells:
        return []
    return [
        "<h2>Does it look at the picture?</h2>",
        '<p class="soft">A network that has only learnt what a class looks like on average is as near to another '
        "object of the class as to its own target (50 %), and no better than the mean of the class's training "
        "grids.</p>",
        tiles(cells),
    ]


def _cases(evaluation: Evaluation) -> list[str]:
    legend = _swatch(EXTRA, "predicted, not there") + _swatch(MISSED, "there, not predicted")
    pieces = [
        "<h2>Worst, median and best</h2>",
        f'<p class="soft">Drawn from where the first picture was taken, and from behind.{legend}</p>',
    ]
    for kind in ("worst", "median", "best"):
        cards = [_card(case, evaluation.protocol.threshold) for case in evaluation.cases if case.kind == kind]
        if cards:
            pieces.append(f'<p><b>{kind.capitalize()}</b></p><div class="cases">{"".join(cards)}</div>')
    return pieces


def _swatch(colour: tuple[float, float, float], name: str) -> str:
    rgb = ", ".join(str(round(255 * channel)) for channel in colour)
    return f'<span class="swatch"><i style="background: rgb({rgb})"></i>{name}</span>'


def _card(case: Case, threshold: float) -> str:
    azimuth, elevation = case.cameras[0, :2].tolist()
    angles = torch.tensor([azimuth, azimuth + _BEHIND])
    predicted, target = draw_pair(case.probability >= threshold, case.target, angles, max(elevation, 15.0))
    pieces = [
        _inputs(case),
        _figure(predicted[0], "predicted"),
        _figure(target[0], "target"),
        f'<div class="about"><b>{case.iou:.3f}</b>{text(case.entry.category)}<br>'
        f'<span class="soft">{text(case.entry.id)}</span></div>',
        _figure(predicted[1], "predicted, from behind"),
        _figure(target[1], "target, from behind"),
    ]
    return f'<div class="case">{"".join(pieces)}</div>'


def _inputs(case: Case) -> str:
    shown = case.images[:_MOST_INPUTS]
    caption = "input"
    if len(case.images) > 1:
        left_out = f"{len(shown)} of " if len(shown) < len(case.images) else ""
        caption = f"{left_out}{len(case.images)} input pictures"
    many = " many" if len(shown) > 1 else ""
    pictures = "".join(map(_picture, shown))
    return f'<figure><div class="inputs{many}">{pictures}</div><figcaption>{caption}</figcaption></figure>'


def _figure(image: torch.Tensor, caption: str) -> str:
    return f"<figure>{_picture(image)}<figcaption>{caption}</figcaption></figure>"


def _picture(image: torch.Tensor) -> str:
    return f'<img alt="" src="{png_uri(image)}">'


def _spread(numbers: Mapping[str, Any]) -> list[str]:
    first = str(numbers["protocol"]["views"][0])
    groups: dict[str, list[float]] = {}
    apart = len(numbers["groups"]) > 1
    for sample in numbers["samples"]:
        name = origin(sample["source"]) if apart else ALL
        groups.setdefault(name, []).append(sample["views"][first]["iou"])
    spread = plots.histogram(dict(sorted(groups.items())), "IoU of a sample")
    scatter = {name: sorted(values, reverse=True) for name, values in groups.items()}
    lines = {
        name: ([100 * (i + 1) / len(values) for i in range(len(values))], values)
        for name, values in scatter.items()
    }
    ranked = plots.curves(lines, "per cent of the samples", "IoU at least", marks=False)
    return ["<h2>Spread</h2>", figures([spread, ranked])]


def _classes(numbers: Mapping[str, Any]) -> list[str]:
    counts = [str(count) for count in numbers["protocol"]["views"]]
    shown = [counts[0], counts[-1]] if len(counts) > 1 else counts
    classes = sorted(numbers["classes"].items(), key=lambda item: -item[1]["views"][counts[0]]["iou"])
    rows = [
        [name or "(none)", str(row["count"]), *(f"{row['views'][c][m]:.3f}" for c in shown for m in _NAMES)]
        for name, row in classes
    ]
    width = len(_SHORT)
    over = [("", 2), *((f"{count} view{'s' * (count != '1')}", width) for count in shown)]
    bars = [2 + k * width for k in range(len(shown))]
    return [
        "<h2>Classes</h2>",
        table(["class", "samples", *list(_SHORT.values()) * len(shown)], rows, bars, over),
    ]


def _sweep(numbers: Mapping[str, Any]) -> list[str]:
    sweep = numbers["sweep"]
    if not sweep:
        return []
    rows = [
        [f"{r['threshold']:g}", f"{r['sample_mean']:.3f}", f"{r['class_mean']:.3f}"] for r in sweep["iou"]
    ]
    words = (
        "For comparison with numbers that were taken at the best threshold of the evaluated split. The best row is "
        "chosen with the targets in sight and is no result."
    )
    return [
        f"<h2>Other thresholds</h2><p class='soft'>{text(words)}</p>",
        table(["threshold", "IoU, sample mean", "IoU, class mean"], rows),
    ]


def _note(numbers: Mapping[str, Any]) -> list[str]:
    protocol = numbers["protocol"]
    return [f"<h2>About the protocol</h2><p>{text(protocol['source'])}. {text(protocol['note'])}</p>"]
