"""`maquette render`: pictures, masks, depth and cameras of a mesh."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from ..io.errors import BadInput
from ..io.mesh_data import near_origin
from .console import Advance, Console
from .mesh_input import need_mesh
from .options import Compute, Out, Root, at_least, check_compute, parse, picture_size, set_up
from .refusals import Refusal, need_place

if TYPE_CHECKING:
    import torch

    from ..renderer.views import RenderedViews
    from ..structures import Meshes
    from ..structures.cameras import FoVPerspectiveCameras

_PARTS = ("cameras.json", "images", "masks", "depth")
_SMOOTHED_PIXELS = 1024**2  # larger pictures get one sample a pixel: four would need gigabytes


@dataclass(frozen=True, kw_only=True)
class Render(Root, Compute):
    """Pictures, masks, depth and cameras.json of a mesh.

    DIR holds images/NNN.png (shaded, on white), masks/NNN.png, depth/NNN.npy (float32 along the camera's axis
    in the mesh's units, 0 where nothing is seen) and cameras.json, in the mesh's own coordinates, so that
    `maquette mold DIR` gives the mesh back in its place. DIR appears whole or not at all; one that an earlier
    `render` wrote, or an empty one, is replaced, any other refused.

    Cameras look at the middle of the bounding box. `sphere`: spread evenly all around. `orbit`: on a circle.
    `r2n2`: drawn as in 3D-R2N2's pictures of ShapeNet, with the mesh's bounding-box diagonal as 1.
    """

    mesh: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MESH")]
    """.obj, .ply, .glb, .gltf, .off or .stl"""
    out: Out
    """The folder to write."""
    views: Annotated[int, tyro.conf.arg(metavar="N")] = 24
    """Number of pictures."""
    size: Annotated[str, tyro.conf.arg(metavar="S|HxW")] = "137"
    """Pixels a side, or height x width."""
    style: Literal["r2n2", "orbit", "sphere"] = "r2n2"
    """Where the cameras are."""
    distance: Annotated[float | None, tyro.conf.arg(metavar="D")] = None
    """Of sphere and orbit: distance in radii of the ball around the bounding box; 2.7 when not given."""
    fov: Annotated[float | None, tyro.conf.arg(metavar="DEGREES")] = None
    """Of sphere and orbit: field of view along the shorter side; 60 when not given."""
    elevation: Annotated[float | None, tyro.conf.arg(metavar="DEGREES")] = None
    """Of orbit: height above the horizon, -90 to 90; 20 when not given."""
    seed: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Of r2n2: which cameras are drawn (0 when not given). Of sphere: turns all cameras at random."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the folder."""
    options = parse(Render, words, "render")
    size = _check(options)
    need_place(options.out)
    _need_free_folder(options.out)
    data, origin = near_origin(need_mesh(options.mesh, options.root))
    device = set_up(options)
    from ..io.mesh_tensors import to_meshes
    from ..renderer.views import bounding_ball, place_cameras

    mesh = to_meshes(data, device)
    center, radius = bounding_ball(mesh)
    cameras = place_cameras(_cameras(options, device), center, radius)
    console = Console(options.quiet)
    with console.progress("rendering", options.views) as advance:
        _write(options.out, mesh, cameras, size, origin, advance)
    console.say(f"wrote {options.out}: {options.views} views, {size[1]} x {size[0]} pixels, and cameras.json")


def _check(options: Render) -> tuple[int, int]:
    """Refuse options that are out of range or do not go together; (height, width)."""
    check_compute(options)
    at_least(1, views=options.views)
    at_least(0, seed=options.seed)
    of_style = {"r2n2": (), "sphere": ("distance", "fov"), "orbit": ("distance", "fov", "elevation")}
    for name in ("distance", "fov", "elevation"):
        if getattr(options, name) is not None and name not in of_style[options.style]:
            raise Refusal(f"--{name} does not go with --style {options.style}")
    if options.style == "orbit" and options.seed is not None:
        raise Refusal("--seed does not go with --style orbit: nothing is drawn")
    if options.distance is not None and not 1 < options.distance < 1000:
        raise Refusal(f"--distance {options.distance}: use more than 1 (outside of the ball), below 1000")
    if options.fov is not None and not 1 <= options.fov <= 150:
        raise Refusal(f"--fov {options.fov}: use 1 to 150 degrees")
    if options.elevation is not None and not -90 <= options.elevation <= 90:
        raise Refusal(f"--elevation {options.elevation}: use -90 to 90 degrees")
    return picture_size(options.size)


def _need_free_folder(path: Path) -> None:
    """Refuse a place that holds anything which `render` did not write."""
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise BadInput(path, "is a file; the output is a folder")
    found = {entry.name for entry in path.iterdir()}
    if found and not ("cameras.json" in found and found <= set(_PARTS)):
        raise BadInput(path, "is a folder with other files in it; it will not be replaced")


def _cameras(options: Render, device: "torch.device") -> "FoVPerspectiveCameras":
    """Cameras around the unit ball."""
    import torch

    from ..renderer.views import orbit_views, place_cameras, r2n2_views, sphere_views

    distance = 2.7 if options.distance is None else options.distance
    fov = 60.0 if options.fov is None else options.fov
    if options.style == "sphere":
        return sphere_views(options.views, distance, fov, options.seed, device)
    if options.style == "orbit":
        elevation = 20.0 if options.elevation is None else options.elevation
        return orbit_views(options.views, distance, elevation, fov, device)
    return place_cameras(r2n2_views(options.views, options.seed or 0, device), torch.zeros(3), 2.0)


def _write(
    out: Path,
    mesh: "Meshes",
    cameras: "FoVPerspectiveCameras",
    size: tuple[int, int],
    origin: tuple[float, float, float],
    advance: Advance,
) -> None:
    """Write the pictures of a mesh whose origin lies at `origin` in the world of `cameras.json`."""
    import torch

    from ..io import CameraFile, views_from_cameras, write_cameras
    from ..io.atomic_folder import replacing_folder
    from ..renderer.views import render_views

    antialias = 2 if size[0] * size[1] <= _SMOOTHED_PIXELS else 1
    with replacing_folder(out) as folder:
        for name in _PARTS[1:]:
            (folder / name).mkdir()
        for i in range(len(cameras)):
            _write_view(folder, f"{i:03d}", render_views(mesh, cameras[[i]], size, antialias))
            advance(i + 1, "")
        images, masks = (
            [folder / kind / f"{i:03d}.png" for i in range(len(cameras))] for kind in ("images", "masks")
        )
        there = torch.tensor(origin, dtype=torch.float64)
        entries = views_from_cameras(cameras, torch.tensor([size]), images, masks)
        entries = tuple(replace(view, t=view.t - view.R @ there) for view in entries)
        write_cameras(CameraFile(entries, bounds=_bounds(mesh, there)), folder / "cameras.json")


def _write_view(folder: Path, name: str, view: "RenderedViews") -> None:
    import numpy as np

    from ..io import save_image

    save_image(view.images[0], folder / "images" / f"{name}.png")
    save_image(view.masks[0], folder / "masks" / f"{name}.png")
    np.save(folder / "depth" / f"{name}.npy", view.depth[0].cpu().numpy())


def _bounds(mesh: "Meshes", origin: "torch.Tensor") -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The bounding box, wider by a fiftieth of its diagonal on each side."""
    verts = mesh.verts_packed().double().cpu() + origin
    low, high = verts.min(dim=0).values, verts.max(dim=0).values
    margin = (high - low).norm() / 50
    return tuple((low - margin).tolist()), tuple((high + margin).tolist())
