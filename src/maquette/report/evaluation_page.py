"""The page of one evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from ..evaluate import Evaluation
from ..metrics.protocols.face import Case, EvaluationProtocol, Section
from ..renderer.turntable import model_figures, script
from ..renderer.voxel_pictures import SOMEWHERE
from . import plots
from .numbers import ALL, averaging, origin
from .page import facts, figures, page, png_uri, table, text, tiles

_MOST_INPUTS = 4
_OF_MEANS = "Means over samples and over classes; they differ where classes are of different sizes."


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
    sections = [_section(section) for section in evaluation.protocol.sections(numbers)]
    body = [*head, *_skipped(numbers), *_cases(evaluation), *_views(numbers), *_spread(numbers)]
    body += [*_classes(numbers), *sections, *_note(numbers)]
    body += [script()] if any("<canvas" in piece for piece in body) else []
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
        *protocol["fixed"].items(),
        ("views", f"{', '.join(map(str, protocol['views']))} (the first n)"),
        ("averaging", averaging(numbers)),
        ("samples", f"{everything['count']} in {everything['classes']} classes"),
    ]
    parameters = numbers["about"].get("parameters")
    return [*rows, ("parameters", f"{parameters:,}")] if parameters else rows


def _tiles(numbers: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    first = str(numbers["protocol"]["views"][0])
    summary = numbers["groups"][ALL]["views"][first]
    cells = []
    for measure in numbers["measures"]:
        (kind, value), *others = summary[measure["name"]].items()
        more = "; ".join([_words(kind), *(f"{_words(name)} {_shown(measure, v)}" for name, v in others)])
        name = f"{measure['title']}, {first} view{'s' * (first != '1')}"
        cells.append((name, _shown(measure, value), more))
    return cells


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _shown(measure: Mapping[str, Any], value: float) -> str:
    return f"{value:.{measure['digits']}f}"


def _skipped(numbers: Mapping[str, Any]) -> list[str]:
    skipped = numbers["skipped"]
    if not skipped:
        return []
    rows = [[row["path"], row["reason"]] for row in skipped]
    words = f"{len(skipped)} of {len(skipped) + len(numbers['samples'])} samples could not be read and count nowhere."
    return [f'<h2>Left out</h2><p class="note">{text(words)}</p>', table(["sample", "reason"], rows)]


def _views(numbers: Mapping[str, Any]) -> list[str]:
    """Means by number of views and group, with plots where there are several numbers."""
    counts = [str(count) for count in numbers["protocol"]["views"]]
    groups, measures = numbers["groups"], numbers["measures"]
    kinds = {m["name"]: list(groups[ALL]["views"][counts[0]][m["name"]]) for m in measures}
    rows = []
    for name, group in groups.items():
        for count in counts:
            summary = group["views"][count]
            cells = [_shown(m, summary[m["name"]][kind]) for m in measures for kind in kinds[m["name"]]]
            rows.append([name, str(group["count"]), count, *cells])
    columns = [_column(kind) for m in measures for kind in kinds[m["name"]]]
    over = [("", 3), *((m["label"], len(kinds[m["name"]])) for m in measures)]
    pieces = [
        "<h2>Overall</h2>",
        f'<p class="soft">{text(_OF_MEANS)}</p>'
        if any("class_mean" in own for own in kinds.values())
        else "",
        table(["group", "samples", "views", *columns], rows, over=over),
    ]
    if len(counts) > 1:
        pieces += ["<h2>More views</h2>", figures([_curve(groups, counts, m) for m in _plotted(numbers)])]
    return pieces


def _column(kind: str) -> str:
    return {"sample_mean": "samples", "class_mean": "classes"}.get(kind, _words(kind))


def _plotted(numbers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The headline, and the last measure where that is another one."""
    headline, measures = numbers["protocol"]["headline"], numbers["measures"]
    return [m for m in measures if m["name"] in (headline, measures[-1]["name"])]


def _curve(groups: Mapping[str, Any], counts: Sequence[str], measure: Mapping[str, Any]) -> str:
    x, name = [float(count) for count in counts], measure["name"]
    kind = next(iter(groups[ALL]["views"][counts[0]][name]))
    lines = {
        group: (x, [numbers["views"][count][name][kind] for count in counts])
        for group, numbers in groups.items()
    }
    return plots.curves(lines, "views", f"{measure['title']}, {_words(kind)}")


def _section(section: Section) -> str:
    pieces = [f"<h2>{text(section.title)}</h2>", f'<p class="soft">{text(section.words)}</p>']
    if section.tiles:
        pieces.append(tiles(section.tiles))
    if section.rows:
        pieces.append(table(section.head, section.rows))
    if section.curve:
        curve = section.curve
        pieces.append(figures([plots.curves(curve.lines, curve.x_label, curve.y_label)]))
    return "".join(pieces)


def _cases(evaluation: Evaluation) -> list[str]:
    protocol = evaluation.protocol
    legend = "".join(_swatch(colour, name) for name, colour in protocol.legend())
    pieces = [
        "<h2>Worst, median and best</h2>",
        f'<p class="soft">By {text(protocol.ranking.label)}.{legend}</p>',
    ]
    for kind in ("worst", "median", "best"):
        cards = [_card(case, protocol) for case in evaluation.cases if case.kind == kind]
        if cards:
            pieces.append(f'<p><b>{kind.capitalize()}</b></p><div class="cases">{"".join(cards)}</div>')
    return pieces


def _swatch(colour: tuple[float, float, float], name: str) -> str:
    rgb = ", ".join(str(round(255 * channel)) for channel in colour)
    return f'<span class="swatch"><i style="background: rgb({rgb})"></i>{name}</span>'


def _card(case: Case, protocol: EvaluationProtocol[Any]) -> str:
    """What the system was given and what it made of it; three pictures a row, the number in the second."""
    made = [_figure(image, caption) for caption, image in protocol.pictures(case)]
    about = (
        f'<div class="about"><b>{protocol.ranking.text(case.value)}</b>{text(case.entry.category)}<br>'
        f'<span class="soft">{text(case.entry.id)}</span></div>'
    )
    cells = [
        _inputs(case.batch.images[0], protocol.given),
        *made[:2],
        about,
        *made[2:],
        _models(case, protocol),
    ]
    return f'<div class="case">{"".join(cells)}</div>'


def _models(case: Case, protocol: EvaluationProtocol[Any]) -> str:
    """Its shapes, seen at first from where the first picture was taken."""
    cameras = case.batch.truth.cameras
    azimuth, elevation = SOMEWHERE if cameras is None else cameras[0, 0, :2].tolist()
    return model_figures(protocol.models(case), 90 - azimuth, elevation)


def _inputs(images: Float[Tensor, "view 3 height width"], given: str) -> str:
    shown = images[:_MOST_INPUTS]
    caption = given
    if len(images) > 1:
        left_out = f"{len(shown)} of " if len(shown) < len(images) else ""
        caption = f"{left_out}{len(images)} {given} pictures"
    many = " many" if len(shown) > 1 else ""
    pictures = "".join(map(_picture, shown))
    return f'<figure><div class="inputs{many}">{pictures}</div><figcaption>{caption}</figcaption></figure>'


def _figure(image: Tensor, caption: str) -> str:
    return f"<figure>{_picture(image)}<figcaption>{caption}</figcaption></figure>"


def _picture(image: Tensor) -> str:
    return f'<img alt="" src="{png_uri(image)}">'


def _spread(numbers: Mapping[str, Any]) -> list[str]:
    """How the headline of the samples is spread, where each has one."""
    first, name = str(numbers["protocol"]["views"][0]), numbers["protocol"]["headline"]
    headline = next(m for m in numbers["measures"] if m["name"] == name)
    groups: dict[str, list[float]] = {}
    apart = len(numbers["groups"]) > 1
    for sample in numbers["samples"]:
        if name in sample["views"][first]:
            group = origin(sample["source"]) if apart else ALL
            groups.setdefault(group, []).append(sample["views"][first][name])
    if not groups:
        return []
    spread = plots.histogram(dict(sorted(groups.items())), f"{headline['label']} of a sample")
    ranked = {group: sorted(values, reverse=headline["higher"]) for group, values in groups.items()}
    lines = {
        group: ([100 * (i + 1) / len(values) for i in range(len(values))], values)
        for group, values in ranked.items()
    }
    end = "at least" if headline["higher"] else "at most"
    curve = plots.curves(lines, "per cent of the samples", f"{headline['label']} {end}", marks=False)
    return ["<h2>Spread</h2>", figures([spread, curve])]


def _classes(numbers: Mapping[str, Any]) -> list[str]:
    if not numbers["classes"]:
        return []
    counts = [str(count) for count in numbers["protocol"]["views"]]
    shown = [counts[0], counts[-1]] if len(counts) > 1 else counts
    measures, headline = numbers["measures"], numbers["protocol"]["headline"]
    sign = -1 if next(m for m in measures if m["name"] == headline)["higher"] else 1
    classes = sorted(
        numbers["classes"].items(), key=lambda item: sign * item[1]["views"][counts[0]][headline]
    )
    rows = [
        [
            name or "(none)",
            str(row["count"]),
            *(_shown(m, row["views"][count][m["name"]]) for count in shown for m in measures),
        ]
        for name, row in classes
    ]
    width = len(measures)
    over = [("", 2), *((f"{count} view{'s' * (count != '1')}", width) for count in shown)]
    bars = [2 + k * width for k in range(len(shown))]
    labels = [m["label"] for m in measures] * len(shown)
    return ["<h2>Classes</h2>", table(["class", "samples", *labels], rows, bars, over)]


def _note(numbers: Mapping[str, Any]) -> list[str]:
    protocol = numbers["protocol"]
    return [f"<h2>About the protocol</h2><p>{text(protocol['source'])}. {text(protocol['note'])}</p>"]
