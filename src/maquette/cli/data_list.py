"""`maquette data list`: known data sets."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from ..data.catalogue import DATA_SETS, DataSet
from .console import Console
from .options import JsonFile, parse
from .refusals import Refusal

_WIDTH = 110


@dataclass(frozen=True, kw_only=True)
class List:
    """Known data sets: what they hold, their size, under which licence, where to get them, how they lie on disk.

    maquette downloads none of them. What is on your disk: `maquette data check DIR`.
    """

    names: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="NAME...")] = ()
    """Only these."""
    json: JsonFile = None
    """Write all as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then print."""
    options = parse(List, words, "data list")
    known = {data.name: data for data in DATA_SETS}
    for name in options.names:
        if name not in known:
            raise Refusal(f"there is no data set {name!r}; known are {', '.join(known)}")
    chosen = [known[name] for name in options.names] or list(DATA_SETS)
    console = Console(json_file=options.json)
    console.write_json([asdict(data) for data in chosen])
    if str(options.json) != "-":
        for line in "\n\n".join(map(_described, chosen)).splitlines():
            console.say(line)


def _described(data: DataSet) -> str:
    lines = [f"{data.name}: {data.title}"]
    lines += _field("holds", data.holds) + _field("size", data.size) + _field("licence", data.licence)
    lines += _field("where", data.where or "nothing to download")
    first, *others = data.layout
    lines += _field("layout", first) + [line for other in others for line in _field("", other)]
    lines += _field("splits", data.splits) + _field("front", data.front or "none")
    return "\n".join(lines + _field("read as", data.reads))


def _field(name: str, text: str) -> list[str]:
    head = f"  {name:<9}"
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_on_hyphens=False,
        break_long_words=False,
    )
