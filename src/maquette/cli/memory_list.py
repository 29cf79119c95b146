"""`maquette memory list`: what a network remembers."""

from collections.abc import Sequence
from dataclasses import dataclass

from .console import Console
from .memory_weights import OfMemory, line_of, need_memory
from .options import check_compute, parse
from .refusals import need_spared


@dataclass(frozen=True, kw_only=True)
class List(OfMemory):
    """The shapes in the memory of weights: slot, age, solid cells of the grid and, where it is known, id.

    The age of a shape is the number of shapes that were written since it last was.
    """


def run(words: Sequence[str]) -> None:
    """Read the words, then list."""
    options = parse(List, words, "memory list")
    check_compute(options)
    console = Console(options.quiet, options.json)
    need_spared([options.weights], [options.json])
    held = need_memory(options)
    with console.stdout_for_numbers():
        system = held.load(options)
        shapes, slots = system.remembered(), system.slots()
        for shape in shapes:
            console.say(line_of(shape))
        console.say(f"{len(shapes)} of {slots} slots are filled")
        console.write_json({"slots": slots, "shapes": [shape.as_dict() for shape in shapes]})
