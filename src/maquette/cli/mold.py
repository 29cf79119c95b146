"""`maquette mold`: a sphere becomes a shape."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ..io.any_cameras_parse import need_cameras, parse_any_cameras
from ..io.errors import BadInput
from ..io.json_file import read_json
from ..systems import DEFAULT
from ..systems.molding.result_names import result_names
from .console import Console
from .extras import need_extra
from .mesh_input import need_mesh
from .mold_photos import Photos, are_photos, find_scene, need_photos, scene_of
from .options import Compute, JsonFile, Out, Root, at_least, check_compute, option_of, parse, set_up
from .photo_input import need_free_folder, need_unchanged, stages
from .refusals import MESH_OUT_SUFFIXES, Refusal, need_place, need_spared
from .watching import Watch, live_page
from .weights_input import need_weights, usable

if TYPE_CHECKING:
    from ..systems.molding.job import MoldOptions, Stages
    from ..systems.molding.points import PointsConfig
    from ..systems.molding.silhouettes import SilhouettesConfig

_LARGEST_PICTURE = 4096
_LARGEST_TEXTURE = 8192
_SCORES = {
    "chamfer": "chamfer distance {:.2e}",
    "f1": "F1 {:.3f}",
    "silhouette_iou": "silhouette IoU {:.3f}",
    "silhouette_iou_unseen": "{:.3f} on unseen views",
    "silhouette_iou_held_out": "{:.3f} on views held out",
    "psnr_held_out": "PSNR {:.1f} dB on views held out",
    "seconds_of_start": "{:.1f} s for the start",
    "seconds": "{:.1f} s of molding",
    "seconds_in_all": "{:.1f} s in all",
}


@dataclass(frozen=True, kw_only=True)
class Mold(Photos, Root, Compute):
    """Shape a sphere until it matches TARGET, and write the mesh in the target's own coordinates.

    TARGET is a mesh, matched by points sampled on both (`--from points`) or by its silhouettes from an even
    sphere of views (`--from silhouettes`), or a folder of pictures or masks with their cameras: cameras.json, as
    `maquette render` and `maquette cameras` write it, COLMAP, transforms.json or Middlebury. Of plain photographs, or
    a video, cameras and masks are found first and put into <stem>_scene, a folder that can be corrected and molded
    again. Beside OUT appear <stem>_preview.png, _loss.png, _compare.png (target, result, error), _turntable.gif and
    _report.json (losses and scores).
    """

    target: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="TARGET")]
    """A mesh file, a folder of pictures with or without cameras, or a video."""
    out: Out
    """The mesh to write: .glb, .obj, .ply, .off or .stl."""
    source: Annotated[Literal["points", "silhouettes"] | None, tyro.conf.arg(name="from")] = None
    """What is compared; points for a mesh and silhouettes for a folder when not given."""
    init: Literal["sphere", "hull", "carved", "pictures"] | None = None
    """What is molded: a sphere, the visual hull of a folder's masks, the hull without the hollows that colours show
    (a folder's default from 6 views on), or what a network makes of a folder's pictures."""
    init_weights: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """Weights of that network (system frustum); those that ship when not given."""
    style: Literal["default", "tutorial", "seed002"] = "default"
    """Settings to start from: what measures best, PyTorch3D's tutorial, or the report of Tran and Nalgirkar."""
    method: Literal["large-steps", "adam", "sgd"] | None = None
    """How vertices are moved; the style's own when not given, as in all that follows."""
    lr: Annotated[float | None, tyro.conf.arg(metavar="X")] = None
    """Step size of the method."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Number of steps."""
    remesh: bool = False
    """Remesh on the way: legs, tails and handles need it."""
    no_remesh: bool = False
    """Keep the sphere's faces."""
    views: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Views of a mesh (20 when not given); of a folder, how many are fitted (all), the others judge."""
    size: Annotated[int | None, tyro.conf.arg(metavar="PIXELS")] = None
    """Side of the views of a mesh; longest side at which a folder's masks are compared."""
    held_out: tuple[str, ...] = ()
    """Names, or parts of names, of a folder's views that only judge the result."""
    skip: tuple[str, ...] = ()
    """Names, or parts of names, of a folder's views that are not used."""
    loss_weights: Annotated[tuple[tuple[str, float], ...], tyro.conf.arg(metavar="[TERM WEIGHT ...]")] = ()
    """Weights of terms of the loss, for instance `--loss-weights edge 1 quadric 0.001`; 0 leaves a term out."""
    laplacian_kind: Literal["uniform", "cot", "cotcurv"] | None = None
    """Which Laplacian the term of that name uses."""
    texture: Annotated[int | None, tyro.conf.arg(metavar="SIZE")] = None
    """Texels along the longer side of the texture that a folder's pictures become in a .glb or .obj (1024); 0
    colours vertices."""
    no_colours: bool = False
    """Leave the mesh without the target's colours."""
    live: bool = False
    """Show the mesh deforming in the browser; the page stays until Ctrl-C."""
    port: Annotated[int, tyro.conf.arg(metavar="N")] = 8080
    """Port of the page of --live."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of all that is drawn; the same seed gives the same result on a CPU."""
    json: JsonFile = None
    """Write the report there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then mold."""
    if option_of(words, "--weights") is not None:  # in every other command they are a network's
        known = "terms of the loss are weighed by --loss-weights, a network is named by --init-weights"
        raise Refusal(f"--weights: {known}")
    options = parse(Mold, words, "mold")
    _check(options)
    photos = are_photos(options.target, options)
    is_folder = photos or options.target.is_dir()
    source = options.source or ("silhouettes" if is_folder else "points")
    _check_kind(options, source, is_folder)
    need_place(options.out, MESH_OUT_SUFFIXES)
    if options.live:
        need_extra("view", "--live")
    cameras = need_cameras(options.target).path if is_folder and not photos else None
    read = (options.target, cameras, options.init_weights)
    need_spared(read, (*result_names(options.out), options.json))
    console = Console(options.quiet, options.json)
    if options.init == "pictures":
        options = replace(options, init_weights=usable(options.init_weights, options.quiet))
        need_weights(DEFAULT, options.init_weights, "--init-weights")
    found: dict[str, Any] = {}
    with console.stdout_for_numbers():
        if photos:
            files, scene = need_photos(options.target, options), scene_of(options.out)
            need_free_folder(scene, [options.target])
            need_unchanged(scene)
            set_up(options)
            found = {"photographs": find_scene(files, scene, options, options.seed, console)}
            options = replace(options, target=scene)
        _need_target(options.target, options.root)
        console.write_json({**_mold(options, source, console), **found})


def _check_kind(options: Mold, source: str, is_folder: bool) -> None:
    """Refuse what does not go with a mesh, or with a folder."""
    if is_folder and source == "points":
        raise BadInput(options.target, "is a folder; it can be molded with --from silhouettes only")
    if not is_folder and (options.held_out or options.skip):
        raise Refusal("--held-out and --skip go with a folder of views, not with a mesh")
    if not is_folder and options.init not in (None, "sphere"):
        raise Refusal(f"--init {options.init} goes with a folder of views, not with a mesh")
    if not is_folder and options.texture is not None:
        raise Refusal("--texture goes with a folder of views, not with a mesh")


def need_texture_size(texels: int | None) -> None:
    """Refuse a texture that nobody wants; None is the usual, 0 none."""
    if texels is not None and not (texels == 0 or 64 <= texels <= _LARGEST_TEXTURE):
        raise Refusal(f"--texture {texels}: use 64 to {_LARGEST_TEXTURE} texels, or 0 for none")


def _check(options: Mold) -> None:
    check_compute(options)
    at_least(1, steps=options.steps, views=options.views)
    at_least(0, seed=options.seed)
    if options.size is not None and not 8 <= options.size <= _LARGEST_PICTURE:
        raise Refusal(f"--size {options.size}: use 8 to {_LARGEST_PICTURE} pixels")
    need_texture_size(options.texture)
    if options.lr is not None and not 0 < options.lr < float("inf"):
        raise Refusal(f"--lr {options.lr}: use a positive number")
    if options.remesh and options.no_remesh:
        raise Refusal("--remesh and --no-remesh exclude each other")
    if options.init_weights is not None and options.init != "pictures":
        raise Refusal("--init-weights goes with --init pictures")
    if not 1 <= options.port <= 65535:
        raise Refusal(f"--port {options.port}: use 1 to 65535")
    for name, weight in options.loss_weights:
        if not abs(weight) < float("inf"):
            raise Refusal(f"--loss-weights {name} {weight}: not a finite number")


def _mold(options: Mold, source: Literal["points", "silhouettes"], console: Console) -> dict[str, Any]:
    device = set_up(options)
    config = _preset(source, options.style, _starts_near(options))
    _check_terms(options, config)
    steps = config.steps if options.steps is None else options.steps
    choices = _choices(options, source)
    with live_page(console, options.port if options.live else None) as page:
        with stages(console) as stage:
            if not options.target.is_dir():
                stage("molding", 0, steps)
            watch = Watch(lambda done, note: stage("molding", done, steps, note), page)
            written = _written(options, choices, watch, str(device), stage)
        return show_result(written, console)


def _written(options: Mold, choices: "MoldOptions", watch: Watch, device: str, stage: "Stages") -> list[Path]:
    if options.init != "pictures":
        from ..systems.molding.job import mold

        return mold(options.target, options.out, choices, watch, device, root=options.root, stage=stage)
    from ..compose.mold_from_pictures import mold_from_pictures

    weights, root = options.init_weights, options.root
    return mold_from_pictures(
        options.target, options.out, choices, weights, watch, device, root=root, stage=stage
    )


def _need_target(target: Path, root: Path | None) -> None:
    """Read the target once on its own: a bad one is refused before torch is imported."""
    if not target.is_dir():
        need_mesh(target, root)
        return
    from ..systems.molding.folder import check_folder

    check_folder(target, root)


def show_result(written: Sequence[Path], console: Console) -> dict[str, Any]:
    """Say what was written and how good it is; returns the report."""
    file = next(path for path in written if path.name.endswith("_report.json"))
    report: dict[str, Any] = read_json(file, dict)
    scores = [text.format(report[name]) for name, text in _SCORES.items() if report.get(name) is not None]
    for path in written:
        console.say(f"wrote {path}")
    console.say(", ".join(scores))
    return report


def _starts_near(options: Mold) -> bool:
    """Whether the shape is there from the beginning, which takes fewer steps."""
    if options.init is not None or not options.target.is_dir():
        return options.init in ("hull", "carved", "pictures")
    from ..systems.molding.hull import FEWEST

    return len(parse_any_cameras(options.target, options.root).views) >= FEWEST


def _preset(
    source: Literal["points", "silhouettes"],
    style: Literal["default", "tutorial", "seed002"],
    near: bool = False,
) -> "PointsConfig | SilhouettesConfig":
    from ..systems.molding.job import silhouettes_preset
    from ..systems.molding.points import PointsConfig

    if source == "silhouettes":
        return silhouettes_preset(style, near)
    config: PointsConfig = getattr(PointsConfig, style)()
    return config


def _check_terms(options: Mold, config: "PointsConfig | SilhouettesConfig") -> None:
    known = [name for name, value in vars(config.weights).items() if isinstance(value, float | int)]
    for name, _ in options.loss_weights:
        if name not in known:
            raise Refusal(f"--loss-weights {name}: there is no such term here; known are {', '.join(known)}")


def _choices(options: Mold, source: Literal["points", "silhouettes"]) -> "MoldOptions":
    from ..systems.molding.job import MoldOptions

    return MoldOptions(
        source=source,
        style=options.style,
        method=options.method,
        lr=options.lr,
        steps=options.steps,
        remesh=True if options.remesh else False if options.no_remesh else None,
        views=options.views,
        held_out=options.held_out,
        skip=options.skip,
        size=options.size,
        weights=options.loss_weights,
        laplacian_kind=options.laplacian_kind,
        seed=options.seed,
        init=None if options.init == "pictures" else options.init,
        texture=options.texture,
        colours=not options.no_colours,
    )
