"""`maquette view`: a result in the browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from .console import Console
from .options import Common, parse
from .refusals import MESH_SUFFIXES, Refusal, UnusableFile, need_camera_folder, need_file

if TYPE_CHECKING:
    from ..structures import Meshes
    from .viewer import Viewer


@dataclass(frozen=True, kw_only=True)
class View(Common):
    """Show a mesh, a voxel grid or a folder with cameras.json in the browser, until Ctrl-C."""

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    """A mesh (.glb, .gltf, .obj, .ply, .off, .stl), a .binvox, or a folder with cameras.json."""
    port: Annotated[int, tyro.conf.arg(metavar="N")] = 8080
    """Port to listen on; the next free one is taken where it is in use."""
    host: Annotated[str, tyro.conf.arg(metavar="ADDRESS")] = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""
    check: bool = False
    """Start, load the file, and stop at once."""


def run(words: Sequence[str]) -> None:
    """Read the words, then serve the page."""
    options = parse(View, words, "view")
    if not 1 <= options.port <= 65535:
        raise Refusal(f"--port {options.port}: use 1 to 65535")
    _need_viewable(options.file)
    show = _prepare(options.file)
    viewer = show(options)
    try:
        Console(options.quiet).say(f"{options.file} is shown at {viewer.url} (Ctrl-C ends)")
        if not options.check:
            viewer.serve()
    finally:
        viewer.stop()


def _need_viewable(path: Path) -> None:
    if path.is_dir():
        need_camera_folder(path)
        return
    need_file(path)
    known = (*MESH_SUFFIXES, ".binvox")
    if path.suffix.lower() not in known and path.name != "cameras.json":
        raise UnusableFile(path, f"cannot be shown; use {', '.join(known)} or a folder with cameras.json")


def _prepare(path: Path):
    """Read the file, so that a bad one is refused before a page is opened; returns what opens the page."""
    if path.is_dir() or path.name == "cameras.json":
        return _cameras(path / "cameras.json" if path.is_dir() else path)
    return _mesh(_blocks(path) if path.suffix.lower() == ".binvox" else _read_mesh(path))


def _read_mesh(path: Path) -> "Meshes":
    from ..io import load_mesh

    return load_mesh(path)


def _blocks(path: Path) -> "Meshes":
    """The solid cells of a grid as cubes, in the grid's own place."""
    from ..io import load_binvox
    from ..ops import cubify
    from ..structures.voxels import swap_zyx_axes

    grid = load_binvox(path)
    cubes = cubify(swap_zyx_axes(grid.solid()).float(), 0.5, align="corner")
    if len(cubes.faces_packed()) == 0:
        raise UnusableFile(path, "no cell is solid; there is nothing to show")
    verts = cubes.verts_packed() * (grid.side / 2) + cubes.verts_packed().new_tensor(grid.center)
    return type(cubes)([verts], [cubes.faces_packed()])


def _mesh(mesh: "Meshes"):
    def show(options: View) -> "Viewer":
        from .viewer import Viewer

        viewer = Viewer(options.port, options.host)
        verts = mesh.verts_packed()
        viewer.look_at(verts.min(dim=0).values.tolist(), verts.max(dim=0).values.tolist())
        viewer.show_mesh(mesh)
        return viewer

    return show


def _cameras(path: Path):
    from ..io import read_cameras

    cameras = read_cameras(path)

    def show(options: View) -> "Viewer":
        import torch

        from .viewer import Viewer

        viewer = Viewer(options.port, options.host, cameras.up)
        places = torch.stack([-view.R.T @ view.t for view in cameras.views])
        box = (
            torch.tensor(cameras.bounds) if cameras.bounds else torch.stack([places.amin(0), places.amax(0)])
        )
        viewer.show_cameras(cameras.views, box.mean(dim=0).tolist())
        viewer.look_at(places.amin(dim=0).tolist(), places.amax(dim=0).tolist())
        if cameras.bounds is not None:
            viewer.show_box(*cameras.bounds)
        return viewer

    return show
