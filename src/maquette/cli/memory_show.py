"""`maquette memory show`: the shapes that a picture brings back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from .console import Console
from .memory_weights import Held, OfMemory, line_of, need_memory
from .options import at_least, check_compute, parse
from .picture_input import Picture, need_object, need_picture
from .refusals import need_place, need_spared

_SHEETS = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, kw_only=True)
class Show(OfMemory):
    """The shapes in memory whose keys are most similar to a picture's, as the network reads them.

    Several pictures are views of one object. The object is found as `maquette reconstruct` finds it.
    """

    pictures: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="PICTURE...")]
    """Pictures (PNG, JPEG, WebP, ...) of one object."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",), metavar="PATH")] = None
    """A picture to write: the object as the network sees it, and the shapes with similarity, age and id."""
    count: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Shapes at most; as many as the network reads when not given."""


def run(words: Sequence[str]) -> None:
    """Read the words and the pictures, then show."""
    options = parse(Show, words, "memory show")
    check_compute(options)
    at_least(1, count=options.count)
    if options.out is not None:
        need_place(options.out, _SHEETS)
    console = Console(options.quiet, options.json)
    need_spared([options.weights, *options.pictures], [options.out, options.json])
    held = need_memory(options)
    pictures = [need_object(Picture(str(path), need_picture(path), None), True) for path in options.pictures]
    with console.stdout_for_numbers():
        console.write_json(_show(options, held, pictures, console))


def _show(options: Show, held: Held, pictures: list[Picture], console: Console) -> dict[str, Any]:
    system = held.load(options)
    from ..io import save_image
    from ..reconstruct import find_objects
    from ..systems.memory_sheet import memory_sheet

    prepared = find_objects([one.pixels for one in pictures], names=[one.name for one in pictures])
    shapes, grids, seen = system.recall(prepared.views, options.count)
    if options.out is not None:
        save_image(memory_sheet(shapes, grids, seen), options.out)
        console.say(f"wrote {options.out}")
    for shape in shapes:
        console.say(line_of(shape))
    if not shapes:
        console.say("nothing in the memory is similar enough to be read")
    return {"pictures": [one.name for one in pictures], "shapes": [shape.as_dict() for shape in shapes]}
