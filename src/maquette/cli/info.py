"""`maquette info`: what a system's network consists of and computes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from .console import Console
from .options import Common, JsonFile, parse
from .refusals import Refusal, need_spared
from .weights_input import usable


@dataclass(frozen=True, kw_only=True)
class InfoOptions(Common):
    """Parameters, multiply-accumulates and shapes of a system's network.

    Of a network as published, or of the one that a weights file holds. Counted for one picture; a
    multiply-accumulate counts where it is done: those with the zeros that unpooling inserts are not.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as r2n2."""
    variant: Annotated[str | None, tyro.conf.arg(metavar="V")] = None
    """Which of its networks; the one of the published results when not given."""
    weights: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """A weights file or the folder of a run, whose network is described instead, with the file's SHA-256."""
    json: JsonFile = None
    """Write the numbers as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then count."""
    options = parse(InfoOptions, words, "info")
    options = replace(options, weights=usable(options.weights, options.quiet))
    from ..systems import about_system

    try:
        variants = about_system(options.system).variants
    except KeyError as error:
        raise Refusal(error.args[0]) from error
    if options.variant is not None and options.variant not in variants:
        raise Refusal(f"--variant {options.variant}: known are {', '.join(variants)}")
    if options.weights is not None:
        from ..training.weights_header import read_weights_header

        read_weights_header(options.weights, options.system.replace("-", "_"))
        need_spared([options.weights], [options.json])
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        numbers = _numbers(options)
        console.write_json(numbers)
    for line in _table(numbers).splitlines():
        console.say(line)


def _numbers(options: InfoOptions) -> dict[str, Any]:
    from ..io.checksum import sha256_of
    from ..systems import system_class
    from ..training.weights_header import weights_file

    kind = system_class(options.system)
    if options.weights is None:
        described: dict[str, Any] = kind.describe(options.variant).as_dict()
        return described
    system = kind.load(options.weights, options.variant, "cpu")
    return {
        **system.info.as_dict(),
        "weights": str(options.weights),
        "sha256": sha256_of(weights_file(options.weights)),
        **system.facts(),
    }


def _table(numbers: dict[str, Any]) -> str:
    """The numbers as Markdown."""
    total, shares = numbers["parameters"]["total"], numbers["parameters"]["modules"]
    macs = numbers["module_macs"]
    lines = [
        f"{numbers['system']} {numbers['variant']}: {total:,} parameters, {numbers['macs'] / 1e9:.2f} GMAC a picture",
        "",
        "| module | parameters | MMAC |",
        "|---|---|---|",
        *(f"| {name} | {count:,} | {macs[name] / 1e6:,.1f} |" for name, count in shares.items()),
        "",
        *(f"{name}: {' x '.join(map(str, shape))}" for name, shape in numbers["shapes"].items()),
    ]
    if "sha256" in numbers:
        lines += ["", f"SHA-256 {numbers['sha256']}"]
    return "\n".join(lines)
