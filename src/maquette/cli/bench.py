"""`maquette bench`: how fast this machine is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from .console import Console
from .options import Compute, JsonFile, at_least, check_compute, parse, set_up


@dataclass(frozen=True, kw_only=True)
class Bench(Compute):
    """Time the operators on this machine, each beside its twin in plain torch.

    Prints a table with median and spread. A minute or two on two quiet cores; other work on the machine shows.
    """

    name: Annotated[tyro.conf.Positional[Literal["ops"]], tyro.conf.arg(metavar="NAME")]
    """ops: the operators on meshes, points and voxels."""
    repeats: Annotated[int, tyro.conf.arg(metavar="N")] = 15
    """Runs of each operator; those that take seconds run fewer times."""
    json: JsonFile = None
    """Write all numbers, versions and hardware as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then measure."""
    options = parse(Bench, words, "bench")
    check_compute(options)
    at_least(1, repeats=options.repeats)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        device = set_up(options)
        from ..bench import ops

        result = ops.run(device, options.threads, options.repeats)
        console.write_json(result)
    console.say(ops.table(result))
