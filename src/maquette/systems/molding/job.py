"""Molding from files to files: what `maquette mold` does."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from ... import __version__
from ...io import BadInput
from ...io.any_cameras_parse import need_cameras
from ...io.errors import ParseError, as_bad_input, say_left_out
from ...io.mesh_tensors import load_near
from ...renderer import FoVPerspectiveCameras, MeshRasterizer, look_at_view_transform, soft_silhouettes
from ...renderer.views import place_cameras, sphere_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...structures.device import make_device
from .carving import carved_hull
from .colours import colour, copy_colours, paint, psnr_inside
from .hull import hull_grid, start_from_hull, surface_of
from .normalise import Normalisation, ball, normalise
from .optimise import Method, MethodConfig, Watcher, seeded
from .pictures import TargetPictures, load_pictures, picture_mesh
from .points import PointsConfig, PointsResult, mold_to_points, score_points
from .result_files import Molded, check_place, write
from .schedule import RemeshSchedule
from .silhouettes import SilhouettesConfig, SilhouettesResult, find_ball, mold_to_silhouettes, silhouette_iou

Config = TypeVar("Config", PointsConfig, SilhouettesConfig)
Style = Literal["default", "tutorial", "seed002"]
Source = Literal["points", "silhouettes"]
Stages = Callable[[str, int, int], None]
_DISTANCE, _FOV_DEG = 2.7, 60.0  # of the cameras that look at a normalised mesh
_UNSEEN_SEED = 1
_TEXTURED = (".glb", ".obj")  # files that keep a texture
_FAR = 30.0  # times the median distance from the middle; at 128 pixels half of the others share four
_POINTS: dict[Style, Callable[[], PointsConfig]] = {
    "default": PointsConfig.default,
    "tutorial": PointsConfig.tutorial,
    "seed002": PointsConfig.seed002,
}
_SILHOUETTES: dict[Style, Callable[[], SilhouettesConfig]] = {
    "default": SilhouettesConfig.default,
    "tutorial": SilhouettesConfig.tutorial,
    "seed002": SilhouettesConfig.seed002,
}


@dataclass(frozen=True)
class MoldOptions:
    """What a person may choose; None leaves a choice to the style.

    Attributes:
        source: "points" compares sampled points, "silhouettes" masks.
        style: settings to start from: what measures best, PyTorch3D's tutorial, or the document's.
        method: "large-steps", "adam" or "sgd".
        lr: step size of the method.
        steps: number of steps.
        remesh: whether to remesh on the way.
        views: views of a mesh target; of a folder, how many views to fit, evenly chosen; None fits all.
        held_out: names (or parts of names) of a folder's views that only judge the result.
        skip: names (or parts of names) of a folder's views that are not used at all.
        size: pixels a side of the views of a mesh target, or the longest side at which masks are compared.
        weights: of terms by name, such as {"quadric": 0.001}.
        laplacian_kind: "uniform", "cot" or "cotcurv".
        seed: of all that is drawn.
        init: of a folder: "sphere"; "hull", the visual hull of its masks; or "carved", the hull without what the
            colours of the pictures look through. None takes the carved hull where the style is the default's and
            there are enough views that agree (`hull.start_from_hull`), else the sphere.
        texture: texels along the longer side of the texture that a folder's pictures become, 1024 where None; 0
            colours vertices instead, as everything but .glb and .obj does.
        colours: whether to colour the mesh where the target has colours.
    """

    source: Source = "points"
    style: Style = "default"
    method: Method | None = None
    lr: float | None = None
    steps: int | None = None
    remesh: bool | None = None
    views: int | None = None
    held_out: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    size: int | None = None
    weights: tuple[tuple[str, float], ...] = ()
    laplacian_kind: Literal["uniform", "cot", "cotcurv"] | None = None
    seed: int = 0
    init: Literal["sphere", "hull", "carved"] | None = None
    texture: int | None = None
    colours: bool = True


@dataclass(frozen=True)
class Start:
    """What the molding of a folder starts from, where that is neither a sphere nor the visual hull.

    Attributes:
        name: in the report.
        mesh: makes of the pictures that are fitted a closed mesh in the world of their cameras.
    """

    name: str
    mesh: Callable[[TargetPictures], Meshes]


def mold(
    target: Path,
    out: Path,
    options: MoldOptions,
    watch: Watcher | None = None,
    device: str = "auto",
    start: Start | None = None,
    root: Path | None = None,
    stage: Stages = lambda name, done, total: None,
) -> list[Path]:
    """Mold a sphere, or another start, to `target` and write the mesh and what belongs to it.

    Args:
        target: a mesh file, or a folder of pictures with cameras in a known format (silhouettes only).
        out: mesh file to write (.glb, .obj, .ply, .stl, .off); beside it `<stem>_preview.png`, `_loss.png`,
            `_compare.png`, `_turntable.gif` and `_report.json`.
        options: what to do.
        watch: called after every step.
        device: to compute on; "auto" is CUDA where there is a GPU for it, else the CPU.
        start: for a folder: what is molded instead of what `options.init` names.
        root: a folder that names in the target's files may lead into besides their own.
        stage: called, beside `watch`, with another part of the work, what of it is done, and its whole.

    Returns:
        The files written, the mesh first.

    Raises:
        ValueError: a start for a mesh.
        BadInput: a target that cannot be used, or a place that cannot be written to; then no file was written.
    """
    began = time.perf_counter()
    check_place(out)
    device = str(make_device(device))
    if target.is_dir():
        if options.source != "silhouettes":
            raise BadInput(target, "is a folder: mold it with --from silhouettes")
        if out.suffix.lower() not in _TEXTURED:
            options = replace(options, texture=0)
        molded = _mold_folder(target, options, watch, device, start, root, stage)
    elif start is not None:
        raise ValueError("a mesh is molded from a sphere; a start goes with a folder of views")
    else:
        mesh, origin = load_near(target, device=device, root=root)
        with as_bad_input(target, ValueError):
            placed = normalise(_without_loose(mesh))
            if any(origin):
                say_left_out(
                    'the place, too far from the origin for float32; "origin" in the report leads there'
                )
        with as_bad_input(target, ParseError):
            molded = _mold_mesh(*placed, options, watch)
        if any(origin):
            molded.numbers["origin"] = list(origin)
    report = _report(target, options, molded, time.perf_counter() - began)
    return write(molded, out, report)


def _report(target: Path, options: MoldOptions, molded: Molded, seconds: float) -> dict[str, Any]:
    return {
        "maquette": __version__,
        "target": target.name,
        "options": {k: v for k, v in vars(options).items() if v is not None},
        "vertices": len(molded.mesh.verts_packed()),
        "faces": len(molded.mesh.faces_packed()),
        "losses": {name: values[-1] for name, values in molded.history.items()},
        **molded.numbers,
        "seconds_in_all": round(seconds, 2),
    }


def _mold_mesh(normal: Meshes, frame: Normalisation, options: MoldOptions, watch: Watcher | None) -> Molded:
    """Mold to a normalised mesh, in whose frame everything is judged; the result is back where the mesh was."""
    views = 20 if options.views is None else options.views
    size = options.size or 128
    cameras = _views_of_style(options.style, views, normal.device)
    pictures = picture_mesh(normal, cameras, size)
    unseen_in = torch.nonzero(~pictures.masks.flatten(1).any(dim=1))[:, 0].tolist()
    if options.source == "silhouettes" and unseen_in:
        raise ParseError(f"{pictures.names[unseen_in[0]]} sees nothing of it: {_why_unseen(normal, frame)}")
    result: PointsResult | SilhouettesResult
    if options.source == "points":
        result = mold_to_points(normal, _configure(_POINTS[options.style](), options), watch)
    else:
        goal = _soft(normal, cameras, size) if options.style != "default" else pictures.masks
        config = replace(_configure(_SILHOUETTES[options.style](), options), size=size)
        here = Normalisation(torch.zeros(3, device=normal.device), 1.0)
        result = mold_to_silhouettes(goal, cameras, config, here, watch)
    mesh = result.mesh
    if options.colours and normal.textures is not None and pictures.images is not None:
        if options.source == "points":
            with seeded(options.seed, normal.device):
                mesh = copy_colours(mesh, normal)
        else:
            mesh = paint(mesh, pictures.images, pictures.masks, cameras)
    unseen = sphere_views(20, _DISTANCE, _FOV_DEG, _UNSEEN_SEED, normal.device)
    chamfer, f1 = _score(result.mesh, normal, options.seed)
    numbers = {
        "chamfer": chamfer,
        "f1": f1,
        "silhouette_iou": _mean_iou(result.mesh, cameras, pictures.masks),
        "silhouette_iou_unseen": _mean_iou(result.mesh, unseen, picture_mesh(normal, unseen, size).masks),
        "seconds": round(result.seconds, 2),
    }
    there = replace(pictures, cameras=place_cameras(cameras, frame.shift, frame.scale))
    return Molded(frame.mesh_back(mesh), there, result.history, numbers)


def _without_loose(mesh: Meshes) -> Meshes:
    """The mesh without vertices of no face, which would only move and scale the frame."""
    used = mesh.faces_packed().unique()
    if len(used) == len(mesh.verts_packed()) or len(used) == 0:
        return mesh
    return mesh.submeshes([[torch.arange(len(mesh.faces_packed()), device=mesh.device)]])


def _why_unseen(normal: Meshes, frame: Normalisation) -> str:
    """Why a mesh that fills the frame is not seen: by a vertex far from all others, or because it is thin."""
    verts = normal.verts_packed()
    distance = (verts - verts.median(dim=0).values).norm(dim=1)
    far, usual = int(distance.argmax()), float(distance.median())
    if distance[far] < _FAR * usual:
        return "it is thinner than a pixel from there"
    place = ", ".join(f"{x:.6g}" for x in frame.points_back(verts[far]).tolist())
    return (
        f"its vertex at ({place}) is {float(distance[far]) / max(usual, 1e-9):.0f} times as far out as half of the"
        " others, which are too small beside it"
    )


def _mold_folder(
    folder: Path,
    options: MoldOptions,
    watch: Watcher | None,
    device: str,
    start: Start | None,
    root: Path | None,
    stage: Stages,
) -> Molded:
    stage("reading", 0, 1)
    pictures = load_pictures(folder, device, root)
    path = need_cameras(folder).path
    fitted, held_out = _split(pictures, options, path)
    with as_bad_input(path, ValueError):
        frame = _frame(fitted)
        began = time.perf_counter()
        name, first = _first(fitted, frame, options, start, stage)
        started = time.perf_counter() - began
    config = _configure(silhouettes_preset(options.style, near=first is not None), options)
    if options.size is not None:
        config = replace(config, size=options.size)
    result = mold_to_silhouettes(fitted.masks, fitted.cameras, config, frame, watch, first)
    mesh = result.mesh
    if options.colours:
        stage("colours", 0, 1)
        mesh = colour(mesh, fitted, options.texture)
    numbers: dict[str, Any] = {"views": len(fitted), "start": name, "silhouette_iou": result.iou}
    if len(held_out):
        each = silhouette_iou(result.mesh, held_out.cameras, held_out.masks)
        numbers["held_out_views"] = len(held_out)
        numbers["silhouette_iou_held_out"] = each.mean().item()
    numbers |= _likeness(mesh, fitted, held_out)
    if first is not None:
        numbers["seconds_of_start"] = round(started, 2)
    numbers["seconds"] = round(result.seconds, 2)
    return Molded(mesh, fitted, result.history, numbers)


def _likeness(mesh: Meshes, fitted: TargetPictures, held_out: TargetPictures) -> dict[str, float]:
    """How near the colours are to those of the pictures: PSNR in dB, where mesh and mask both are."""
    if mesh.textures is None:
        return {}
    named = {"psnr": fitted, "psnr_held_out": held_out}
    return {
        name: psnr_inside(mesh, views.images, views.masks, views.cameras)
        for name, views in named.items()
        if views.images is not None and len(views)
    }


def _first(
    fitted: TargetPictures, frame: Normalisation, options: MoldOptions, start: Start | None, stage: Stages
) -> tuple[str, Meshes | None]:
    """What is molded, by name; None stands for a sphere."""
    stage("the start", 0, 1)
    if start is not None:
        return start.name, start.mesh(fitted)
    hull = None
    if options.init == "carved" and fitted.images is None:
        raise ValueError("hollows are carved by colours, and a view has only a mask; use --init hull")
    if options.init in ("hull", "carved"):
        hull = hull_grid(fitted.masks, fitted.cameras, frame)
    elif options.init is None and options.style == "default":
        hull = start_from_hull(fitted.masks, fitted.cameras, frame)
    if hull is None:
        return "sphere", None
    if options.init != "hull" and fitted.images is not None:
        watch = partial(stage, "carving the hull")
        carved = carved_hull(fitted.images, fitted.masks, fitted.cameras, hull, watch)
        if carved is not None:
            return "carved hull", carved
    return "hull", surface_of(hull).to(fitted.masks.device)


def silhouettes_preset(style: Style, near: bool = False) -> SilhouettesConfig:
    """Settings of a style; of the default one others, where the start is `near` the target."""
    return SilhouettesConfig.near() if near and style == "default" else _SILHOUETTES[style]()


def _frame(pictures: TargetPictures) -> Normalisation:
    """The working frame: from the file's box around the object, else from the masks."""
    if pictures.bounds is None:
        return find_ball(pictures.cameras, pictures.masks)
    low, high = torch.tensor(pictures.bounds, device=pictures.masks.device)
    return ball((low + high) / 2, float((high - low).max()) / 2)


def _split(
    pictures: TargetPictures, options: MoldOptions, path: Path
) -> tuple[TargetPictures, TargetPictures]:
    """Views to fit and views to judge by."""

    def named(parts: tuple[str, ...]) -> set[int]:
        for part in parts:
            if not any(part in name for name in pictures.names):
                raise BadInput(path, f"no view's name contains {part!r}")
        return {i for i, name in enumerate(pictures.names) if any(part in name for part in parts)}

    skipped = named(options.skip)
    judges = named(options.held_out) - skipped
    rest = [i for i in range(len(pictures)) if i not in skipped | judges]
    if options.views is not None and options.views < len(rest):
        chosen = {rest[len(rest) * k // options.views] for k in range(options.views)}
        judges |= set(rest) - chosen
        rest = sorted(chosen)
    if not rest:
        raise BadInput(path, "no view is left to fit")
    return pictures.choose(rest), pictures.choose(sorted(judges))


def _views_of_style(style: Style, views: int, device: torch.device) -> FoVPerspectiveCameras:
    if style == "default":
        return sphere_views(views, _DISTANCE, _FOV_DEG, device=device)
    # Elevation and azimuth rise together: the tutorial's curve goes all around, the document's over the top.
    elevation = torch.linspace(0, 180 if style == "seed002" else 360, views)
    R, T = look_at_view_transform(_DISTANCE, elevation, torch.linspace(-180, 180, views), device=device)
    return FoVPerspectiveCameras(R=R, T=T, fov=_FOV_DEG, device=device)


@torch.no_grad()
def _soft(mesh: Meshes, cameras: CamerasBase, size: int) -> Tensor:
    """Soft silhouettes with the renderer's default sigma, which tutorial and document aim at."""
    return soft_silhouettes(MeshRasterizer(cameras).transform(mesh.extend(len(cameras))), size)


def _configure(config: Config, options: MoldOptions) -> Config:
    """A preset with a person's choices in it."""
    chosen: dict[str, Any] = dict(options.weights)
    weights = replace(config.weights, **chosen)
    if options.laplacian_kind is not None:
        weights = replace(weights, laplacian_kind=options.laplacian_kind)
    method = config.method
    if options.method is not None and options.method != method.method:
        method = MethodConfig.of(options.method)
    if options.lr is not None:
        method = replace(method, lr=options.lr)
    remesh = config.remesh
    if options.remesh is not None:
        remesh = (remesh or RemeshSchedule()) if options.remesh else None
    steps = config.steps if options.steps is None else options.steps
    return replace(config, weights=weights, method=method, remesh=remesh, steps=steps, seed=options.seed)


def _mean_iou(mesh: Meshes, cameras: CamerasBase, masks: Tensor) -> float:
    return silhouette_iou(mesh, cameras, masks).mean().item()


def _score(mesh: Meshes, target: Meshes, seed: int) -> tuple[float, float]:
    with seeded(seed, mesh.device):
        return score_points(mesh, target)
