"""`maquette memory add`: shapes of one's own into a memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..data.walk import MESH_SUFFIXES
from ..io.errors import BadInput, as_bad_input
from .console import Console
from .data_pack import gather, say_skipped
from .memory_weights import Held, OfMemory, need_memory, need_new, write_new
from .mesh_input import need_mesh
from .options import Axes, Out, check_compute, mesh_axes, parse
from .refusals import Refusal
from .view_source import count_of_families

if TYPE_CHECKING:
    from ..data.mesh_axes import MeshAxes

_MOST_VIEWS = 256
_SIDE = 32  # cells along the edges of the grids that are made of meshes


@dataclass(frozen=True, kw_only=True)
class Add(OfMemory, Axes):
    """Put shapes into the memory of weights, without any training.

    A shape takes one slot: an empty one, or that of the oldest shape, which is forgotten. It never becomes part of a
    shape that is there already, however alike they are. It is found by what it coarsely looks like; where keys are
    features of pictures (variant `original`), pictures of it are drawn, and it is found by the mean of theirs.
    """

    meshes: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="MESHES...")]
    """Mesh files (.ply, .obj, .glb, .gltf, .off, .stl), folders of them, or packed files of `data pack`. A shape's id
    is its path in the folder, or its file's name, without suffix."""
    out: Out
    """The .safetensors file to write; WEIGHTS stay as they are."""
    views: Annotated[int, tyro.conf.arg(metavar="N")] = 8
    """Pictures of each shape, where keys are features of pictures."""


def run(words: Sequence[str]) -> None:
    """Read the words and judge the shapes, then write."""
    options = parse(Add, words, "memory add")
    check_compute(options)
    axes = mesh_axes(options)
    if not options.meshes:
        raise Refusal("memory add: name at least one mesh, folder of meshes or packed file")
    if not 1 <= options.views <= _MOST_VIEWS:
        raise Refusal(f"--views {options.views}: use 1 to {_MOST_VIEWS}")
    console = Console(options.quiet, options.json)
    need_new(options.out, options, *map(Path, options.meshes))
    held = need_memory(options)
    for name in options.meshes:
        _need_shapes(name)
    with console.stdout_for_numbers():
        console.write_json(_add(options, axes, held, console))


def _need_shapes(name: str) -> None:
    path = Path(name)
    if count_of_families(name) is None and not path.exists():
        raise BadInput(name, "there is no such mesh, folder or packed file")
    if path.is_file() and path.suffix.lower() in MESH_SUFFIXES:
        need_mesh(path)


def _add(options: Add, axes: "MeshAxes", held: Held, console: Console) -> dict[str, Any]:
    system = held.load(options)
    packed = gather(options.meshes, _SIDE, axes, console)
    say_skipped(packed, console)
    with (
        as_bad_input(options.meshes[0], ValueError),
        console.progress("remembering", len(packed.pack)) as advance,
    ):
        placed = system.remember(packed.pack, options.views, advance)
    gone = f", {len(placed.replaced)} of the oldest made room" if placed.replaced else ""
    console.say(f"shapes added: {len(placed.added)}{gone}")
    return {
        **write_new(system, held, options.out, console),
        "added": [shape.as_dict() for shape in placed.added],
        "replaced": [shape.as_dict() for shape in placed.replaced],
        "skipped": [{"file": problem.path, "reason": problem.reason} for problem in packed.skipped],
    }
