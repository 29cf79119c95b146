"""`maquette compare`: runs side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..io.errors import BadInput
from .console import Console
from .options import Common, JsonFile, parse
from .refusals import Refusal, need_place, need_spared

_PAGE = Path("comparison.html")


@dataclass(frozen=True, kw_only=True)
class Compare(Common):
    """Put runs side by side: settings, size, time, losses and scores, per class too.

    Prints a table, and writes a page and a JSON file of the same name. Runs are compared under a protocol that all
    have been evaluated under (`maquette evaluate`). Where protocol, split, threshold or samples differ, the
    table says so.
    """

    runs: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="RUN ...")]
    """Folders of runs, or JSON files of evaluations."""
    protocol: Annotated[str | None, tyro.conf.arg(metavar="P")] = None
    """Under which protocol; one that all have when not given."""
    split: Literal["train", "val", "test"] = "test"
    """Which split."""
    out: Annotated[Path, tyro.conf.arg(aliases=("-o",), metavar="FILE.html")] = _PAGE
    """The page to write; its numbers go beside it as .json."""
    json: JsonFile = None
    """Write the numbers there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then compare."""
    options = parse(Compare, words, "compare")
    from ..metrics.protocols import PROTOCOLS

    if not options.runs:
        raise Refusal("at least one run is needed")
    if options.protocol is not None and options.protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise Refusal(f"--protocol {options.protocol}: no such protocol; known are {known}")
    need_place(options.out, (".html",))
    for path in options.runs:
        if not path.exists():
            raise BadInput(path, "there is no such folder or file")
    read = [file for path in options.runs for file in (path, *path.glob("eval/*.json"))]
    need_spared(read, [options.out, options.out.with_suffix(".json"), options.json])
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        _compare(options, console)


def _compare(options: Compare, console: Console) -> None:
    from ..io.json_text import json_text
    from ..report.comparison import comparison_of
    from ..report.comparison_page import comparison_page, footnote, run_table, score_table
    from ..report.files import write_texts
    from ..report.runs import read_run

    protocol = options.protocol or _common_protocol(options)
    runs = [read_run(path, protocol, options.split) for path in options.runs]
    comparison = comparison_of(runs)
    for line in (*_lines(*run_table(comparison)), "", *_lines(*score_table(comparison))):
        console.say(line)
    console.say(footnote(comparison["runs"]))
    for words in comparison["differences"]:
        console.say(f"not comparable as it stands: {words}")
    texts = {".json": json_text(comparison), ".html": comparison_page(comparison)}
    for path in write_texts({options.out.with_suffix(suffix): text for suffix, text in texts.items()}):
        console.say(f"wrote {path}")
    console.write_json(comparison)


def _common_protocol(options: Compare) -> str | None:
    """The first protocol that all runs have been evaluated under; None where there is none."""
    from ..metrics.protocols import PROTOCOLS
    from ..report.runs import protocols_of

    shared = set.intersection(*(protocols_of(path, options.split) for path in options.runs))
    return next((name for name in PROTOCOLS if name in shared), None)


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table as lines of text."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]))
    return lines
