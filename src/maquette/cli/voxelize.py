"""`maquette voxelize`: a mesh to a binvox file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from .console import Console
from .mesh_input import need_mesh
from .options import Compute, JsonFile, Out, Root, check_compute, parse, set_up
from .refusals import Refusal, need_place, need_spared

if TYPE_CHECKING:
    from ..io.mesh_data import MeshData

_LARGEST_RESOLUTION = 1024


@dataclass(frozen=True, kw_only=True)
class Voxelize(Root, Compute):
    """Solid occupancy of a mesh, as a binvox file.

    A cell is solid when the surface touches it or its centre lies inside; an open mesh has an inside too. The
    grid is the cube around the mesh's bounding box, as binvox has it: its edge is the box's longest, its
    middle the box's. Place and size go into the file's header in the mesh's own units.
    """

    mesh: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MESH")]
    """.obj, .ply, .glb, .gltf, .off or .stl"""
    out: Out
    """The .binvox file to write."""
    resolution: Annotated[int, tyro.conf.arg(metavar="N")] = 128
    """Cells along each axis, 1 to 1024."""
    json: JsonFile = None
    """Write resolution, solid cells and seconds as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the file."""
    options = parse(Voxelize, words, "voxelize")
    if not 1 <= options.resolution <= _LARGEST_RESOLUTION:
        raise Refusal(f"--resolution {options.resolution}: use 1 to {_LARGEST_RESOLUTION}")
    check_compute(options)
    need_place(options.out, (".binvox",))
    console = Console(options.quiet, options.json)
    need_spared([options.mesh], [options.out, options.json])
    mesh = need_mesh(options.mesh, options.root)
    with console.stdout_for_numbers():
        console.write_json(_voxelize(mesh, options, console))


def _voxelize(data: "MeshData", options: Voxelize, console: Console) -> dict[str, Any]:
    device = set_up(options)
    from ..io import save_binvox
    from ..io.mesh_data import near_origin
    from ..io.mesh_tensors import to_meshes
    from ..ops import voxelize

    data, origin = near_origin(data)
    mesh = to_meshes(data, device)
    low, high = data.verts.min(axis=0).tolist(), data.verts.max(axis=0).tolist()
    side = max(top - bottom for bottom, top in zip(low, high, strict=True))
    began = time.perf_counter()
    x, y, z = ((bottom + top) / 2 for bottom, top in zip(low, high, strict=True))
    grid = voxelize(mesh, options.resolution, side=side, center=(x, y, z))
    seconds = time.perf_counter() - began
    x, y, z = (a + b for a, b in zip((x, y, z), origin, strict=True))
    save_binvox(replace(grid, center=(x, y, z)), options.out)
    solid = int(grid.solid().sum())
    console.say(f"wrote {options.out}: {solid} of {options.resolution**3} cells are solid")
    return {
        "resolution": options.resolution,
        "solid": solid,
        "side": side,
        "center": [x, y, z],
        "seconds": round(seconds, 4),
    }
