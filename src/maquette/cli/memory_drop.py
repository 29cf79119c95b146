"""`maquette memory drop`: shapes out of a memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.errors import BadInput
from .console import Console
from .memory_weights import Held, OfMemory, need_memory, need_new, write_new
from .options import Out, check_compute, parse
from .refusals import Refusal

if TYPE_CHECKING:
    from ..systems.remembered import Remembered

_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Drop(OfMemory):
    """Take shapes out of the memory of weights, without any training: their slots are empty then."""

    shapes: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="ID|SLOT...")]
    """Ids, of which all slots are emptied, or numbers of slots, as `memory list` has them. A word that is both is an
    id."""
    out: Out
    """The .safetensors file to write; WEIGHTS stay as they are."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write."""
    options = parse(Drop, words, "memory drop")
    check_compute(options)
    if not options.shapes:
        raise Refusal("memory drop: name at least one id or slot")
    console = Console(options.quiet, options.json)
    need_new(options.out, options)
    held = need_memory(options)
    with console.stdout_for_numbers():
        console.write_json(_drop(options, held, console))


def _drop(options: Drop, held: Held, console: Console) -> dict[str, Any]:
    system = held.load(options)
    known = system.remembered()
    found = {word: _named(word, known) for word in options.shapes}
    unknown = [word for word, shapes in found.items() if not shapes]
    if unknown:
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        words = ", ".join(map(repr, unknown[:_MOST_NAMED]))
        raise BadInput(held.header.file, f"remembers no {words}{more}; `memory list` has its ids and slots")
    dropped = {shape.slot: shape for shapes in found.values() for shape in shapes}
    system.forget(sorted(dropped))
    console.say(f"shapes dropped: {len(dropped)}")
    numbers = write_new(system, held, options.out, console)
    return {**numbers, "dropped": [shape.as_dict() for _, shape in sorted(dropped.items())]}


def _named(word: str, known: "list[Remembered]") -> "list[Remembered]":
    """The shapes of an id, or the one in a slot."""
    return [shape for shape in known if shape.id == word] or [s for s in known if str(s.slot) == word]
