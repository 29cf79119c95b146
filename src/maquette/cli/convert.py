"""`maquette convert`: official weights of a published system to a weights file of maquette."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.checksum import sha256_of
from ..systems import converter, need_official, official_choices
from .console import Console
from .options import Common, JsonFile, Out, parse
from .refusals import Refusal, need_place, need_spared

if TYPE_CHECKING:
    from ..systems.converted import Converted


@dataclass(frozen=True, kw_only=True)
class Convert(Common):
    """Weights as those who published a system give them away, to a weights file of maquette.

    Nothing in the file is run: source text in it is dropped unread, and a file that holds more than networks, numbers
    and words is refused. Whose weights they are, and what they may be used for, does not change.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as stylegan2."""
    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    """The official file."""
    out: Out
    """The .safetensors file to write."""
    keep: Annotated[str | None, tyro.conf.arg(metavar="WHAT")] = None
    """Which networks of the file to keep, such as G_ema+D; a word that is none is answered with what there is. What
    makes the best results when not given."""
    json: JsonFile = None
    """Write what was found as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the file."""
    options = _checked(parse(Convert, words, "convert"))
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        found = converter(options.system)(options.file, options.out, str(options.keep))
        numbers = _numbers(options, found)
        console.write_json(numbers)
    left_out = f", without {' and '.join(found.left_out)}" if found.left_out else ""
    console.say(
        f"wrote {options.out}: {' and '.join(found.kept)}{left_out}, {found.tensors} tensors, "
        f"{found.numbers:,} numbers, {numbers['bytes'] / 1e6:.1f} MB"
    )
    console.say(f"SHA-256 {numbers['sha256']}")


def _checked(options: Convert) -> Convert:
    """The options with what is kept, after all has been refused that can be without torch."""
    try:
        choices = official_choices(options.system)
    except KeyError as error:
        raise Refusal(error.args[0]) from error
    if options.keep is not None and options.keep not in choices:
        known = "; ".join(f"{name} ({what})" for name, what in choices.items())
        raise Refusal(f"--keep {options.keep}: known are {known}")
    need_place(options.out, (".safetensors",))
    need_spared([options.file], [options.out, options.json])
    need_official(options.system, options.file)
    return replace(options, keep=options.keep or next(iter(choices)))


def _numbers(options: Convert, found: "Converted") -> dict[str, Any]:
    return {
        "system": options.system,
        "variant": found.variant,
        "kept": found.kept,
        "left_out": found.left_out,
        "tensors": found.tensors,
        "numbers": found.numbers,
        "network": found.settings,
        "source": str(options.file),
        "source_sha256": sha256_of(options.file),
        "bytes": options.out.stat().st_size,
        "sha256": sha256_of(options.out),
    }
