"""`maquette data prepare`: the meshes of a known data set to one packed file, or to files beside its pictures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..data.r2n2_files import PICTURES
from ..data.recognise import need_meshes, recognise
from ..io.checksum import sha256_of
from .console import Advance, Console
from .options import Compute, JsonFile, Out, check_compute, parse, set_up
from .refusals import need_place, need_side, need_spared

if TYPE_CHECKING:
    from ..data.pack import Packed
    from ..data.problems import Problem

SUFFIX = ".pack"
_MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Prepare(Compute):
    """Meshes of ShapeNetCore.v1, Pix3D, 3D-FUTURE or a folder of your own as one file that training reads.

    The layout is recognised by its files (`maquette data list`); every object's front is turned to +Z. Broken or
    missing meshes are left out, counted and named. ShapeNet R2N2 needs no preparing: training reads its pictures
    and voxels as they are. Where ShapeNetRendering lies beside ShapeNetCore.v1, `-o DIR/ShapeNetShapes` writes a
    file of mesh and finer voxels (of ShapeNetCore.v1.binvox where it is there) for every object with pictures,
    which `--data DIR` then reads with them; what an earlier run has written is kept.
    """

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """The data set."""
    out: Out
    """The .pack file to write, or DIR/ShapeNetShapes."""
    split: Annotated[str | None, tyro.conf.arg(metavar="s1|s2|sorted|FILE")] = None
    """Pix3D: s1 or s2. ShapeNetCore: sorted, or a split file of Pix2Vox or Mesh R-CNN. Else the layout's own."""
    side: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Cells along the edges of the voxels, even, at most 256: 32 in one file, 64 beside pictures when not given."""
    json: JsonFile = None
    """Write counts, skipped files, size and SHA-256 as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the file."""
    options = parse(Prepare, words, "data prepare")
    check_compute(options)
    need_side(options.side)
    beside = _beside_pictures(options)
    need_place(options.out, () if beside else (SUFFIX,))
    need_spared([Path(options.split)] if options.split else [], [options.out, options.json])
    need_meshes(options.folder, recognise(options.folder))
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_prepare_files(options, console) if beside else _prepare(options, console))


def _beside_pictures(options: Prepare) -> bool:
    """Whether a folder of files is wanted."""
    return (options.folder / PICTURES).is_dir() and options.out.suffix.lower() != SUFFIX


@contextmanager
def _watched(console: Console) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar whose length is known once the first is done."""
    with ExitStack() as stack:

        @cache
        def bar(total: int) -> Advance:
            return stack.enter_context(console.progress("packing", total))

        yield lambda done, total, id: bar(total)(done, id)


def _prepare(options: Prepare, console: Console) -> dict[str, Any]:
    set_up(options)
    from ..data.pack import write_pack
    from ..data.pack_data import SIDE
    from ..data.prepare import prepare

    with _watched(console) as watch:
        packed = prepare(options.folder, options.split, watch, options.side or SIDE)
    write_pack(packed.pack, options.out)
    return _told(packed, options.out, console)


def _prepare_files(options: Prepare, console: Console) -> dict[str, Any]:
    set_up(options)
    from ..data.shape_files import CELLS, write_shape_files

    with _watched(console) as watch:
        side = options.side or CELLS
        count, problems = write_shape_files(options.folder, options.out, options.split, watch, side)
    _name(problems, console)
    console.say(f"wrote {options.out}: {count} shapes, {len(problems)} skipped")
    return {"shapes": count, "skipped": [problem._asdict() for problem in problems]}


def _name(problems: "Sequence[Problem]", console: Console) -> None:
    for problem in problems[:_MOST_NAMED]:
        console.say(f"skipped {problem.path}: {problem.reason}")
    more = len(problems) - _MOST_NAMED
    if more > 0:
        console.say(f"and {more} more")


def _told(packed: "Packed", out: Path, console: Console) -> dict[str, Any]:
    _name(packed.skipped, console)
    entries, size, total = packed.pack.entries, out.stat().st_size, sha256_of(out)
    splits = {split: sum(entry.split == split for entry in entries) for split in ("train", "val", "test")}
    shares = ", ".join(f"{count} {split}" for split, count in splits.items())
    console.say(
        f"wrote {out}: {len(entries)} shapes ({shares}), {size / 1e6:.1f} MB, {len(packed.skipped)} skipped"
    )
    console.say(f"SHA-256 {total}")
    return {
        "shapes": len(entries),
        "splits": splits,
        "categories": len({entry.category for entry in entries}),
        "bytes": size,
        "sha256": total,
        "skipped": [problem._asdict() for problem in packed.skipped],
    }
