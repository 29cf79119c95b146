"""`maquette data check`: what is in a folder of data."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ..data.recognise import recognise
from .console import Advance, Console
from .options import Common, JsonFile, parse

if TYPE_CHECKING:
    from ..data.check import Report

_MOST_NAMED = 30


@dataclass(frozen=True, kw_only=True)
class Check(Common):
    """What is in a folder of data: which layout, how much by category and split, what is missing or broken.

    Also reads a packed file. A file `SHA256SUMS` in the folder is verified. Ends with code 3 when the layout is not
    known or nothing in it can be used; broken objects beside good ones are named, and training leaves them out.
    """

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """A folder in one of the layouts that `maquette data list` shows, or a .pack file."""
    depth: Literal["names", "headers", "all"] = "headers"
    """names: tables and names only. headers: meshes and voxels, and headers of pictures. all: pictures too."""
    json: JsonFile = None
    """Write everything found as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then look."""
    options = parse(Check, words, "data check")
    if not options.folder.is_file():
        recognise(options.folder)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        report = _look(options, console)
        _tell(report, options.folder, console)
        console.write_json(_numbers(report, options.folder))


def _look(options: Check, console: Console) -> "Report":
    from ..data.check import check_data

    with ExitStack() as stack:

        @cache
        def bar(total: int) -> Advance:
            return stack.enter_context(console.progress("checking", total))

        return check_data(options.folder, options.depth, lambda done, total, id: bar(total)(done, id))


def _tell(report: "Report", folder: Path, console: Console) -> None:
    console.say(f"{folder}: layout {report.layout}")
    counts = report.counts()
    width = max(map(len, counts)) + 2
    console.say(f"  {'':<{width}}{'train':>8}{'val':>8}{'test':>8}")
    for category, splits in counts.items():
        numbers = "".join(f"{count:>8,}" for count in splits.values())
        console.say(f"  {category or '-':<{width}}{numbers}")
    for note in report.notes:
        console.say(f"  {note}")
    for problem in report.problems[:_MOST_NAMED]:
        console.say(f"  {problem.path}: {problem.reason}")
    more = len(report.problems) - _MOST_NAMED
    if more > 0:
        console.say(f"  and {more} more, all named by --json")
    console.say(f"{len(report.usable):,} can be used, {len(report.problems):,} problems")


def _numbers(report: "Report", folder: Path) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "layout": report.layout,
        "usable": len(report.usable),
        "counts": report.counts(),
        "notes": list(report.notes),
        "problems": [problem._asdict() for problem in report.problems],
    }
