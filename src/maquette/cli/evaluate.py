"""`maquette evaluate`: numbers for weights, under a named protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ..io.errors import BadInput
from .console import Console
from .options import Compute, JsonFile, at_least, check_compute, parse, set_up
from .refusals import Refusal, need_place
from .view_source import Opened, ShapesOrData, need_source, open_source

if TYPE_CHECKING:
    from ..evaluate import Evaluation


@dataclass(frozen=True, kw_only=True)
class Evaluate(ShapesOrData, Compute):
    """Score a system on held-out pictures, under a named protocol.

    Prints split, threshold, views and averaging, then IoU, log loss, average precision and F-score at 1 % as
    means over samples and over classes. Writes <protocol>.json and <protocol>.html, a page with the worst, median
    and best samples as pictures, into the folder `eval` of the run, or where -o says; the splits other than
    test have their name in the files' names. A run is scored on its own data where no others are named.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as r2n2."""
    weights: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="RUN|WEIGHTS")] = None
    """Folder of a run, or a weights file; the weights that ship with maquette when not given."""
    protocol: Annotated[str, tyro.conf.arg(metavar="P")]
    """r2n2-2016, seed001 or pix2vox."""
    split: Literal["train", "val", "test"] = "test"
    """Which part of the data."""
    views: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N ...")] = ()
    """Numbers of pictures an object; the protocol's own when not given."""
    study: bool = False
    """The study of views: 1, 2, 3, 4, 5, 8, 12, 16 and 20 pictures."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",), metavar="DIR")] = None
    """Folder for the JSON file and the page."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of the points of the F-score and the control's draws."""
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
    _check_weights(options)
    with console.stdout_for_numbers():
        console.write_json(_evaluate(options, folder, console))


def _with_own_data(options: Evaluate) -> Evaluate:
    """The options with the data that the run was trained on, where none are named."""
    from ..training.run_folder import RunFolder

    run = RunFolder(options.weights) if options.weights else None
    if options.shapes or options.data or run is None or not run.config_file.is_file():
        return options
    data = run.read_config().get("data")
    if not isinstance(data, dict):
        raise BadInput(run.config_file, "says nothing of data")
    folder, split_file = data.get("data"), options.split_file or data.get("split_file")
    return replace(options, shapes=run.shapes(data), data=folder and Path(folder), split_file=split_file)


def _check_names(options: Evaluate) -> None:
    from ..metrics.protocols import PROTOCOLS
    from ..systems import NAMES

    if options.system.replace("-", "_") not in NAMES:
        raise Refusal(f"there is no system {options.system!r}; known are {', '.join(NAMES)}")
    if options.protocol not in PROTOCOLS:
        raise Refusal(f"--protocol {options.protocol}: no such protocol; known are {', '.join(PROTOCOLS)}")
    if options.study and options.views:
        raise Refusal("--study and --views: one of the two")
    for count in options.views:
        at_least(1, views=count)
    at_least(0, seed=options.seed)


def _views_there(usual: Sequence[int], opened: Opened, split: str, console: Console) -> tuple[int, ...]:
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


def _check_weights(options: Evaluate) -> None:
    from ..training.weights_header import read_weights_header

    if options.weights is not None:
        read_weights_header(options.weights, options.system.replace("-", "_"))


def _evaluate(options: Evaluate, folder: Path | None, console: Console) -> dict[str, Any]:
    device = set_up(options)
    from ..evaluate import evaluate
    from ..metrics.protocols import PROTOCOLS, STUDY_VIEWS
    from ..report.files import write_evaluation
    from ..report.numbers import numbers_of
    from ..systems import system_class

    protocol = PROTOCOLS[options.protocol]
    kind = system_class(options.system)
    if protocol.name not in kind.protocols:
        raise Refusal(
            f"--protocol {protocol.name}: {options.system} is scored by {', '.join(kind.protocols)}"
        )
    system = kind.load(options.weights, device=device)
    opened = open_source(options, system.views_config, console)
    count = _count(opened, options.split)
    usual = STUDY_VIEWS if options.study else protocol.views
    views = options.views or _views_there(usual, opened, options.split, console)
    for line in protocol.lines(options.split, tuple(sorted(set(views)))):
        console.say(line)
    with console.progress("evaluating", count) as advance:
        found = evaluate(
            system,
            opened.source,
            protocol,
            options.split,
            views,
            device,
            seed=options.seed,
            watch=advance,
            problems=opened.problems,
        )
    about = _about(system, options, opened)
    numbers = numbers_of(found, about)
    _say(numbers, found, console)
    if folder is not None:
        for path in write_evaluation(found, about, folder):
            console.say(f"wrote {path}")
    return numbers


def _count(opened: Opened, split: str) -> int:
    entries = opened.source.entries
    count = sum(entry.split == split for entry in entries)
    if count == 0:
        splits = sorted({entry.split for entry in entries})
        raise BadInput(opened.name, f"has nothing in its {split} split, only in {', '.join(splits)}")
    return count


def _about(system: Any, options: Evaluate, opened: Opened) -> dict[str, Any]:
    training = getattr(system, "training", None) or {}
    return {
        "system": options.system,
        "variant": getattr(system.network.config, "variant", None),
        "parameters": sum(parameter.numel() for parameter in system.network.parameters()),
        "recipe": training.get("recipe"),
        "weights": str(options.weights or "shipped"),
        "data": opened.name,
        "pictures": opened.kind,
        "device": options.device,
        "seed": options.seed,
    }


def _say(numbers: dict[str, Any], found: "Evaluation", console: Console) -> None:
    console.say("")
    console.say(
        f"{'group':<16}{'samples':>8}{'views':>6}   {'IoU':^14}{'log loss':^16}{'AP':^14}{'F at 1 %':^14}"
    )
    for name, group in numbers["groups"].items():
        for views, means in group["views"].items():
            pairs = "  ".join(f"{m['sample_mean']:.3f} ({m['class_mean']:.3f})" for m in means.values())
            console.say(f"{name:<16}{group['count']:>8}{views:>6}   {pairs}")
    console.say("sample mean (class mean)")
    if found.other.compared:
        share = f"{100 * found.other.share_won:.0f} % of {found.other.compared}"
        console.say(f"nearer to its own target than to another of the class: {share}")
    if found.mean:
        console.say(f"above the class's mean training grid: {found.mean.ahead:+.3f}")
    if found.problems:
        first = found.problems[0]
        console.say(f"left out: {len(found.problems)}, the first {first.path}: {first.reason}")
