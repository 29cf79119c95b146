"""`maquette view`: a result in the browser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ..io.any_cameras_parse import known_cameras, parse_any_cameras
from ..io.errors import BadInput
from .console import Console
from .extras import need_extra
from .options import Common, Root, parse
from .refusals import Refusal

if TYPE_CHECKING:
    from ..structures import Meshes
    from .viewer import Viewer

Show = Callable[["ViewOptions"], "Viewer"]


@dataclass(frozen=True, kw_only=True)
class ViewOptions(Root, Common):
    """Show a mesh, a voxel grid or a folder with cameras in the browser, until Ctrl-C."""

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    """A mesh (.glb, .gltf, .obj, .ply, .off, .stl), a .binvox, or a folder or file with cameras in a known
    format (cameras.json, transforms.json, COLMAP, Middlebury)."""
    port: Annotated[int, tyro.conf.arg(metavar="N")] = 8080
    """Port to listen on; the next free one is taken where it is in use."""
    host: Annotated[str, tyro.conf.arg(metavar="ADDRESS")] = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""
    check: bool = False
    """Start, load the file, and stop at once."""


def run(words: Sequence[str]) -> None:
    """Read the words, then serve the page."""
    options = parse(ViewOptions, words, "view")
    if not 1 <= options.port <= 65535:
        raise Refusal(f"--port {options.port}: use 1 to 65535")
    need_extra("view", "view")
    show = _reader(options.file)(options.file, options.root)
    viewer = show(options)
    try:
        Console(options.quiet).say(f"{options.file} is shown at {viewer.url} (Ctrl-C ends)")
        if not options.check:
            viewer.serve()
    finally:
        viewer.stop()


def _reader(path: Path) -> Callable[[Path, Path | None], Show]:
    """What reads a file, refuses a bad one before torch is imported, and gives what opens the page."""
    if path.is_dir() or known_cameras(path) is not None:
        return _cameras
    return _cubes if path.suffix.lower() == ".binvox" else _mesh


def _mesh(path: Path, root: Path | None) -> Show:
    from ..io.mesh_read import read_mesh

    data = read_mesh(path, root)

    def show(options: ViewOptions) -> "Viewer":
        from ..io.mesh_data import near_origin
        from ..io.mesh_tensors import to_meshes

        return _show_mesh(to_meshes(near_origin(data)[0], "cpu"), options)

    return show


def _cubes(path: Path, root: Path | None) -> Show:
    """The solid cells of a grid as cubes, in the grid's own place."""
    from ..io.binvox_parse import parse_binvox

    if not parse_binvox(path).cells.any():
        raise BadInput(path, "no cell is solid; there is nothing to show")

    def show(options: ViewOptions) -> "Viewer":
        from ..io import load_binvox
        from ..ops import cubify
        from ..structures import Meshes
        from ..structures.voxels import swap_zyx_axes

        grid = load_binvox(path)
        cubes = cubify(swap_zyx_axes(grid.solid()).float(), 0.5, align="corner")
        verts = cubes.verts_packed()
        verts = verts * (grid.side / 2) + verts.new_tensor(grid.center)
        return _show_mesh(Meshes([verts], [cubes.faces_packed()]), options)

    return show


def _show_mesh(mesh: "Meshes", options: ViewOptions) -> "Viewer":
    from .viewer import Viewer

    viewer = Viewer(options.port, options.host)
    verts = mesh.verts_packed()
    viewer.look_at(verts.min(dim=0).values.tolist(), verts.max(dim=0).values.tolist())
    viewer.show_mesh(mesh)
    return viewer


def _cameras(path: Path, root: Path | None) -> Show:
    data = parse_any_cameras(path, root)

    def show(options: ViewOptions) -> "Viewer":
        import numpy as np

        from .viewer import Viewer

        viewer = Viewer(options.port, options.host, data.up)
        places = np.stack([-view.R.T @ view.t for view in data.views])
        low, high = places.min(axis=0), places.max(axis=0)
        viewer.show_cameras(data.views, np.mean(data.bounds or (low, high), axis=0))
        viewer.look_at(low, high)
        if data.bounds is not None:
            viewer.show_box(*data.bounds)
        return viewer

    return show
