"""`maquette evaluate`: numbers for weights, under a named protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import tyro

from ..io.errors import BadInput, as_bad_input
from .console import Console
from .options import Compute, JsonFile, at_least, check_compute, parse, set_up
from .refusals import Refusal, need_place, need_spared
from .view_source import ShapesOrData, need_source, open_source, place_of
from .weights_input import usable

if TYPE_CHECKING:
    from ..data.open import Opened
    from ..metrics.protocols.face import EvaluationProtocol
    from ..systems.face import System


@dataclass(frozen=True, kw_only=True)
class Evaluate(ShapesOrData, Compute):
    """Score a system on held-out pictures, under a named protocol.

    Prints what the protocol fixes, then its measures as means over samples and over classes. Writes
    <protocol>.json and <protocol>.html, a page with the worst, median and best samples as pictures, into the folder
    `eval` of the run, or where -o says; the splits other than test have their name in the files' names. A run is
    scored on its own data where no others are named.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as r2n2."""
    weights: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="RUN|WEIGHTS")] = None
    """Folder of a run, or a weights file; the weights that ship with maquette when not given."""
    protocol: Annotated[str | None, tyro.conf.arg(metavar="P")] = None
    """Such as r2n2-2016; the system's first one when not given."""
    split: Literal["train", "val", "test"] = "test"
    """Which part of the data."""
    views: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N ...")] = ()
    """Numbers of pictures an object; the protocol's own when not given."""
    study: bool = False
    """The study of views: 1, 2, 3, 4, 5, 8, 12, 16 and 20 pictures."""
    backbone: Annotated[str | None, tyro.conf.arg(metavar="FILE|torchvision|none")] = None
    """First weights of the network in whose features a protocol compares pictures: a file of `backbone import`,
    torchvision's of ImageNet, or none, drawn at random; torchvision's, where they can be had, when not given."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",), metavar="DIR")] = None
    """Folder for the JSON file and the page."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of the points of the F-score, the control's draws, and generated pictures."""
    json: JsonFile = None
    """Write the numbers there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, judge what they name, then evaluate."""
    options = _with_own_data(parse(Evaluate, words, "evaluate"))
    check_compute(options)
    _check_names(options)
    folder = _place(options)
    need_source(options)
    console = Console(options.quiet, options.json)
    options = replace(options, weights=usable(options.weights, options.quiet))
    _check_weights(options)
    need_spared(_files_read(options), [options.json])
    with console.stdout_for_numbers():
        console.write_json(_evaluate(options, folder, console))


def _with_own_data(options: Evaluate) -> Evaluate:
    """The options with the data that the run was trained on, where none are named."""
    from ..training.run_folder import RunFolder

    run = RunFolder(options.weights) if options.weights else None
    if options.shapes or options.data or run is None or not run.config_file.is_file():
        return options
    data = run.read_data()
    folder, split_file = data.get("data"), options.split_file or data.get("split_file")
    return replace(options, shapes=run.shapes(data), data=folder and Path(folder), split_file=split_file)


def _check_names(options: Evaluate) -> None:
    from ..systems import about_system

    try:
        about = about_system(options.system)
    except KeyError as error:
        raise Refusal(error.args[0]) from error
    if options.protocol is not None and options.protocol not in about.protocols:
        known = ", ".join(about.protocols) or "no protocol"
        raise Refusal(f"--protocol {options.protocol}: {options.system} is scored by {known}")
    if not about.protocols:
        raise Refusal(f"{options.system} has no evaluation protocol")
    if options.study and options.views:
        raise Refusal("--study and --views: one of the two")
    for count in options.views:
        at_least(1, views=count)
    at_least(0, seed=options.seed)


def _views_there(usual: Sequence[int], opened: "Opened", split: str, console: Console) -> tuple[int, ...]:
    """The usual numbers of views, without those that no object has pictures for."""
    from ..data.readable import most_views

    entries = opened.source.entries
    most = most_views(opened.source, [i for i, entry in enumerate(entries) if entry.split == split])
    if most is None or most >= max(usual):
        return tuple(usual)
    console.say(f"no object has more than {most} pictures: views above that are left out")
    return tuple(count for count in usual if count <= most) or (max(most, 1),)


def _place(options: Evaluate) -> Path | None:
    """Where JSON and page go: -o, or the folder `eval` of the run."""
    is_run = options.weights is not None and options.weights.is_dir()
    folder = options.out or (options.weights / "eval" if is_run and options.weights else None)
    if folder is None:
        if options.json is None:
            raise Refusal("-o DIR or --json FILE is needed where the weights are not the folder of a run")
        return None
    if folder.exists() and not folder.is_dir():
        raise BadInput(folder, "is a file; the output is a folder")
    need_place(folder)
    return folder


def _files_read(options: Evaluate) -> list[Path | None]:
    named = (options.shapes, options.split_file, options.backbone)
    return [options.weights, *(Path(name) for name in named if name)]


def _check_weights(options: Evaluate) -> None:
    from ..training.weights_header import read_weights_header

    if options.weights is not None:
        read_weights_header(options.weights, options.system.replace("-", "_"))


def _evaluate(options: Evaluate, folder: Path | None, console: Console) -> dict[str, Any]:
    device = set_up(options)
    from ..metrics.protocols import PROTOCOLS
    from ..metrics.protocols.face import STUDY_VIEWS
    from ..systems import about_system, system_class

    protocol = _opened(PROTOCOLS[options.protocol or about_system(options.system).protocols[0]], options)
    system = system_class(options.system).load(options.weights, device=device)
    opened = open_source(place_of(options), system.views_config, console, protocol.needs, protocol.side)
    with as_bad_input(opened.name, ValueError):
        protocol.prepared(opened.source)
    views = options.views or (STUDY_VIEWS if options.study else None)
    asked = Asked(options.split, views, bool(options.views), options.seed, str(options.weights or "shipped"))
    return score(system, opened, protocol, asked, folder, console)


def _opened(protocol: "EvaluationProtocol[Any]", options: Evaluate) -> "EvaluationProtocol[Any]":
    try:
        return protocol.opened(options.backbone)
    except ValueError as error:
        raise Refusal(f"--backbone {options.backbone}: {error}") from error


class Asked(NamedTuple):
    """What of an evaluation was asked for.

    Attributes:
        split: which part of the data.
        views: numbers of pictures an object; the protocol's own where None.
        all_views: whether all of these are meant, even where no object has so many pictures.
        seed: of what the measures draw.
        weights: what to call them.
    """

    split: str = "test"
    views: Sequence[int] | None = None
    all_views: bool = False
    seed: int = 0
    weights: str = ""


def score(
    system: "System",
    opened: "Opened",
    protocol: "EvaluationProtocol[Any]",
    asked: Asked,
    folder: Path | None,
    console: Console,
) -> dict[str, Any]:
    """Evaluate a system, say what came out, and write it into a folder where one is given; returns the numbers."""
    from ..evaluate import evaluate
    from ..report.files import write_evaluation
    from ..report.numbers import numbers_of

    protocol = protocol.opened()
    device = next(system.network.parameters()).device
    count = _count(opened, asked.split)
    usual = tuple(asked.views or protocol.views)
    views = usual if asked.all_views else _views_there(usual, opened, asked.split, console)
    for name, words in protocol.facts(asked.split, sorted(set(views))):
        console.say(f"{name:<10} {words}")
    with console.progress("evaluating", count) as advance:
        found = evaluate(
            system,
            opened.source,
            protocol,
            asked.split,
            views,
            device,
            seed=asked.seed,
            watch=advance,
            problems=opened.problems,
        )
    about = _about(system, opened, asked)
    numbers = numbers_of(found, about)
    _say(numbers, protocol, console)
    if folder is not None:
        for path in write_evaluation(found, about, folder):
            console.say(f"wrote {path}")
    return numbers


def _count(opened: "Opened", split: str) -> int:
    entries = opened.source.entries
    count = sum(entry.split == split for entry in entries)
    if count == 0:
        splits = sorted({entry.split for entry in entries})
        raise BadInput(opened.name, f"has nothing in its {split} split, only in {', '.join(splits)}")
    return count


def _about(system: "System", opened: "Opened", asked: Asked) -> dict[str, Any]:
    parameters = list(system.network.parameters())
    return {
        "system": system.about.name.replace("_", "-"),
        "variant": system.variant,
        "parameters": sum(parameter.numel() for parameter in parameters),
        "recipe": system.training.get("recipe"),
        "weights": asked.weights,
        "data": opened.name,
        "pictures": opened.kind,
        "device": str(parameters[0].device),
        "seed": asked.seed,
    }


def _say(numbers: dict[str, Any], protocol: "EvaluationProtocol[Any]", console: Console) -> None:
    """A table of all groups; behind each number, in brackets, its other kinds of mean."""
    measures = numbers["measures"]
    table, kinds = [["group", "samples", "views", *(m["label"] for m in measures)]], dict[str, None]()
    for name, group in numbers["groups"].items():
        for views, summary in group["views"].items():
            cells = []
            for measure in measures:
                values = summary[measure["name"]]
                kinds |= dict.fromkeys(values)
                first, *others = (f"{value:.{measure['digits']}f}" for value in values.values())
                cells.append(f"{first} ({', '.join(others)})" if others else first)
            table.append([name, str(group["count"]), views, *cells])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    console.say("")
    for group, *cells in table:
        right = (f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        console.say(f"{group:<{widths[0]}}  {'  '.join(right)}")
    first, *others = (kind.replace("_", " ") for kind in kinds)
    if others:
        console.say(f"{first} ({', '.join(others)})")
    for line in protocol.remarks(numbers):
        console.say(line)
    skipped = numbers["skipped"]
    if skipped:
        console.say(f"left out: {len(skipped)}, the first {skipped[0]['path']}: {skipped[0]['reason']}")
