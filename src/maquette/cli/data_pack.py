"""`maquette data pack`: folders of meshes to one file of shapes."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..data.walk import MESH_SUFFIXES
from ..io.checksum import sha256_of
from ..io.errors import BadInput
from .console import Advance, Console
from .options import Axes, Compute, JsonFile, Out, check_compute, mesh_axes, parse, set_up
from .refusals import Refusal, need_place, need_side, need_spared
from .view_source import count_of_families

if TYPE_CHECKING:
    from ..data.mesh_axes import MeshAxes
    from ..data.pack import Packed, ShapePack
    from ..data.problems import Problem

SUFFIX = ".pack"
_MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Pack(Compute, Axes):
    """Many shapes in one compressed file, with colours, parts and solid voxels.

    In a folder of meshes the sub-folders are categories; a table MANIFEST.csv with columns file, category,
    split, family, source, licence, up and front (all but the first may be missing) says more. Splits that are not
    given follow from a hash of the family, or of the name. Broken meshes are left out, counted and named.
    """

    meshes: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="MESHES...")]
    """Folders of .ply, .obj, .glb, .gltf, .off or .stl, or such files; packed files, joined as they are; `families:N`
    for N shapes of the built-in families."""
    out: Out
    """The .pack file to write."""
    sources: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME...")] = ()
    """Keep only shapes of these sources."""
    categories: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME...")] = ()
    """Keep only shapes of these categories."""
    turned: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """A table with columns file, up and front of meshes that stand another way than their folder's others; it goes
    before MANIFEST.csv."""
    side: Annotated[int, tyro.conf.arg(metavar="N")] = 32
    """Cells along the edges of the voxels, even, at most 256; packed files that are joined must have as many."""
    json: JsonFile = None
    """Write counts, skipped files, size and SHA-256 as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the file."""
    options = parse(Pack, words, "data pack")
    check_compute(options)
    axes = mesh_axes(options)
    need_place(options.out, (SUFFIX,))
    if not options.meshes:
        raise Refusal("data pack: name at least one folder of meshes")
    need_side(options.side)
    for name in options.meshes:
        if count_of_families(name) is None and not Path(name).exists():
            raise BadInput(name, "there is no such folder or packed file")
    need_spared([*map(Path, options.meshes), options.turned], [options.out, options.json])
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_pack(options, axes, console))


def _pack(options: Pack, axes: "MeshAxes", console: Console) -> dict[str, Any]:
    set_up(options)
    from ..data.pack import write_pack

    folders = [Path(name) for name in options.meshes if Path(name).is_dir()]
    turned = _turned(options.turned, folders, console)
    packed = gather(options.meshes, options.side, axes, console, turned)
    pack = packed.pack.select(options.sources or None, options.categories or None)
    if not len(pack):
        raise BadInput(options.meshes[0], f"none of {len(packed.pack)} shapes is of what is wanted")
    write_pack(pack, options.out)
    size, total = options.out.stat().st_size, sha256_of(options.out)
    say_skipped(packed, console)
    console.say(f"wrote {options.out}: {_counts(pack)}, {size / 1e6:.1f} MB")
    console.say(f"SHA-256 {total}")
    return {
        "shapes": len(pack),
        "faces": len(pack.faces),
        "verts": len(pack.verts),
        "bytes": size,
        "sha256": total,
        "splits": {split: sum(e.split == split for e in pack.entries) for split in ("train", "val", "test")},
        "categories": len({entry.category for entry in pack.entries}),
        "skipped": [{"file": problem.path, "reason": problem.reason} for problem in packed.skipped],
    }


def gather(
    names: Sequence[str],
    side: int,
    axes: "MeshAxes",
    console: Console,
    turned: "Mapping[str, MeshAxes] | None" = None,
) -> "Packed":
    """All shapes of folders of meshes, mesh files, packed files and families, with what had to be left out.

    Raises:
        BadInput: one that cannot be used, or shapes that do not go together.
    """
    from ..data.open import pack_families
    from ..data.pack import Packed, join_packs, pack_meshes, read_pack

    counts = [count_of_families(name) for name in names]
    paths = [Path(name) for name, count in zip(names, counts, strict=True) if count is None]
    meshes = [path for path in paths if path.is_dir() or path.suffix.lower() in MESH_SUFFIXES]
    packs = [pack_families(count, 0, side) for count in counts if count is not None]
    packs += [read_pack(path) for path in paths if path not in meshes]
    skipped: tuple[Problem, ...] = ()
    if meshes:
        with ExitStack() as stack:

            @cache
            def bar(total: int) -> Advance:
                return stack.enter_context(console.progress("packing", total))

            def watch(done: int, total: int, name: str) -> None:
                bar(total)(done, name)

            packed = pack_meshes(meshes, watch, side, axes, turned)
        packs.append(packed.pack)
        skipped = packed.skipped
    try:
        return Packed(join_packs(packs), skipped)
    except ValueError as error:
        raise BadInput(names[0], str(error)) from error


def _turned(table: Path | None, folders: list[Path], console: Console) -> "dict[str, MeshAxes]":
    """Axes of the meshes that a table names; refuses one that names none of the folders'."""
    from ..data.mesh_folder import read_turned

    if table is None:
        return {}
    turned = read_turned(table)
    there = sum((folder / name).is_file() for folder in folders for name in turned)
    if not there:
        raise BadInput(table, "names no mesh of the folders that are packed")
    console.say(f"{there} meshes are turned as {table} says")
    return turned


def _counts(pack: "ShapePack") -> str:
    categories = len({entry.category for entry in pack.entries})
    splits = [f"{sum(e.split == split for e in pack.entries)} {split}" for split in ("train", "val", "test")]
    kinds = "1 category" if categories == 1 else f"{categories} categories"
    return f"{len(pack)} shapes of {kinds} ({', '.join(splits)}), {len(pack.faces)} faces"


def say_skipped(packed: "Packed", console: Console) -> None:
    """Name the meshes that were left out."""
    for problem in packed.skipped[:_MOST_NAMED]:
        console.say(f"skipped {problem.path}: {problem.reason}")
    if packed.skipped:
        more = len(packed.skipped) - _MOST_NAMED
        console.say(
            f"{len(packed.skipped)} meshes were skipped" + (f", {more} not named" if more > 0 else "")
        )
