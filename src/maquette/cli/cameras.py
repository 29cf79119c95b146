"""`maquette cameras`: cameras of pictures, converted where they are known and found where they are not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ..io.any_cameras_parse import CameraSource, known_cameras, parse_any_cameras
from ..io.errors import BadInput
from ..io.image_files import PICTURE_SUFFIXES, image_size
from .console import Console
from .extras import need_extra
from .options import Common, JsonFile, Out, Root, at_least, parse
from .photo_input import is_video, need_fov, need_free_folder, stages
from .picture_input import picture_files
from .refusals import Refusal, need_place

if TYPE_CHECKING:
    from ..io.cameras_parse import CamerasData

_LEAST_SIZE, _LARGEST_SIZE = 64, 8192


@dataclass(frozen=True, kw_only=True)
class Cameras(Root, Common):
    """Cameras of pictures, in the format of your choice.

    PHOTOS with cameras in a known format (cameras.json, transforms.json of NeRF and nerfstudio, a COLMAP model,
    Middlebury's *_par.txt, pix3d.json) are converted: pictures that a lens has bent are undistorted. The cameras of
    other pictures are found by structure from motion (COLMAP, through the extra `sfm`), for objects with texture; the
    world is then turned upright by the mean of the pictures, and the cameras are 2.7 from its middle on the mean.

    DIR holds the pictures (images/), their masks (masks/), the cameras (cameras.json; sparse/0/ for colmap;
    transforms.json for nerf), sparse points (points.ply), cameras.png and cameras.html, which show both, and
    report.json.
    It appears whole or not at all; one that an earlier `cameras` wrote, or an empty one, is replaced.
    """

    photos: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="PHOTOS")]
    """A folder of pictures, pictures, a video, or a folder or file with cameras."""
    out: Out
    """The folder to write."""
    to: Literal["json", "colmap", "nerf"] = "json"
    """Format of the cameras: cameras.json, COLMAP's text files, or transforms.json."""
    by: Literal["sfm", "silhouettes"] | None = None
    """How unknown cameras are found: sfm matches texture; silhouettes tell shape and cameras together, of an object
    that is seen from all around in the order of the pictures. When not given sfm, and silhouettes where that is not
    installed or places fewer than two thirds of the pictures."""
    turntable: bool = False
    """By silhouettes: the object turns evenly before a camera that stands still."""
    sideways: bool = False
    """By silhouettes: the camera was held on its side, and the pictures lie."""
    unordered: bool = False
    """By silhouettes: the pictures are in no order."""
    anew: bool = False
    """Find cameras even where some are known."""
    masks: Annotated[str | None, tyro.conf.arg(metavar="DIR|find")] = None
    """Where cameras are found: a folder of masks, named as the pictures; or `find` looks for the object, as before a
    plain background. Transparent pictures need neither. Features are then taken on the object alone, as they must be
    where it turns before a camera that stands still."""
    cameras: Literal["one", "each"] = "one"
    """Whether one camera took all pictures of a size, or each has its own."""
    lens: Literal["none", "radial", "opencv"] = "radial"
    """How the lens may bend: not at all (renderings), by one number, or by four."""
    fov: Annotated[float | None, tyro.conf.arg(metavar="DEGREES")] = None
    """Field of view along the longer side; what the pictures' EXIF says, or else found, when not given."""
    size: Annotated[int, tyro.conf.arg(metavar="PIXELS")] = 1600
    """Longer side at which features are looked for; the pictures that are written keep their size."""
    most: Annotated[int, tyro.conf.arg(metavar="N")] = 200
    """Of more pictures so many are used, evenly chosen."""
    shape: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Of Pix3D: the mesh whose photographs are meant, or a part of its name."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of all that is drawn."""
    threads: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """CPU threads; all cores when not given. With 1 the same pictures give the same cameras."""
    json: JsonFile = None
    """Write the report there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then convert or find."""
    options = parse(Cameras, words, "cameras")
    _check(options)
    need_place(options.out)
    need_free_folder(options.out, options.photos)
    console = Console(options.quiet, options.json)
    source = None if options.anew or len(options.photos) > 1 else known_cameras(options.photos[0])
    with console.stdout_for_numbers():
        if source is not None:
            data = parse_any_cameras(options.photos[0], options.root, options.shape)
            report = _convert(options, source, data, console)
        else:
            pairs = _pictures(options, console)
            if options.by == "sfm" or (options.by is None and len(pairs) == 2):
                need_extra("sfm", "finding cameras of pictures")
            report = _find(options, pairs, console)
        console.write_json(report)


def _check(options: Cameras) -> None:
    at_least(0, seed=options.seed)
    at_least(1, threads=options.threads)
    at_least(2, most=options.most)
    if options.by == "sfm" and (options.turntable or options.unordered or options.sideways):
        raise Refusal(
            "--turntable, --sideways and --unordered go with cameras by silhouettes, not with --by sfm"
        )
    if options.turntable and options.unordered:
        raise Refusal("--turntable and --unordered exclude each other")
    if not options.photos:
        raise Refusal("PHOTOS: at least one folder or picture is needed")
    need_fov(options.fov)
    if not _LEAST_SIZE <= options.size <= _LARGEST_SIZE:
        raise Refusal(f"--size {options.size}: use {_LEAST_SIZE} to {_LARGEST_SIZE} pixels")


def _pictures(options: Cameras, console: Console) -> list[tuple[Path, Path | None]]:
    """Pictures with their masks, each looked at once; some are left out where there are too many."""
    if len(options.photos) == 1 and is_video(options.photos[0]):
        if options.masks not in (None, "find"):
            raise Refusal("--masks: a video's frames have no masks of their own; --masks find looks for them")
        return [(options.photos[0], None)]
    files = picture_files(options.photos)
    if len(files) < 2:
        raise BadInput(options.photos[0], "is one picture; two or more are needed to find cameras")
    if len(files) > options.most:
        console.say(f"{options.most} of {len(files)} pictures are used, evenly chosen; --most takes more")
        files = [files[len(files) * k // options.most] for k in range(options.most)]
    masks = None if options.masks in (None, "find") else Path(str(options.masks))
    pairs = [(file, None if masks is None else _mask_of(file, masks)) for file in files]
    for file in files:
        image_size(file)  # or refuses it
    return pairs


def _mask_of(picture: Path, folder: Path) -> Path:
    names = [f"{picture.name}.png", *(f"{picture.stem}{suffix}" for suffix in PICTURE_SUFFIXES)]
    found = (folder / name for name in names if (folder / name).is_file())
    mask = next(found, None)
    if mask is None:
        raise BadInput(
            folder, f"has no mask for {picture.name}" if folder.is_dir() else "is no folder of masks"
        )
    return mask


def _convert(options: Cameras, source: CameraSource, data: "CamerasData", console: Console) -> dict[str, Any]:
    from ..compose.photo_scene import write_views_of
    from ..io.atomic_folder import replacing_folder
    from ..io.camera_folder import write_camera_folder
    from ..io.colmap_model import SparsePoints
    from ..io.colmap_parse import parse_colmap_points

    points = parse_colmap_points(source.path) if source.kind == "COLMAP" else None
    bent = sum(view.lens is not None for view in data.views)
    report = {"source": source.kind, "pictures": len(data.views), "undistorted": bent, "up": data.up}
    with replacing_folder(options.out) as folder:
        with console.progress("writing", len(data.views)) as advance:
            write_camera_folder(data, folder, options.to, points, lambda done: advance(done, ""))
        write_views_of(folder, data, points or SparsePoints(), options.photos[0].name, report)
    undone = f", {bent} of them undistorted" if bent else ""
    console.say(f"wrote {options.out}: {len(data.views)} views from {source.kind}{undone}")
    return report


def _find(options: Cameras, pairs: Sequence[tuple[Path, Path | None]], console: Console) -> dict[str, Any]:
    import torch

    from ..compose.photo_scene import SceneOptions, photo_scene
    from ..compose.photo_target import frames_of
    from ..poses.silhouettes import PosesConfig

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    told = options.turntable or options.unordered or options.sideways
    rings = PosesConfig(
        turntable=options.turntable,
        ordered=not options.unordered,
        rolls=(90.0, -90.0) if options.sideways else (0.0,),
    )
    scene = SceneOptions(
        by=options.by or ("silhouettes" if told else None),
        rings=rings,
        find_masks=options.masks == "find",
        cameras=options.cameras,
        lens=options.lens,
        fov=options.fov,
        size=options.size,
        seed=options.seed,
        threads=options.threads,
    )
    masks = [mask for _, mask in pairs]
    with frames_of([file for file, _ in pairs]) as pictures, stages(console) as watch:
        masks += [None] * (len(pictures) - len(masks))
        report = photo_scene(pictures, masks, options.out, options.to, scene, watch, console.say)
    lines = _outline_lines if report["source"] == "silhouettes" else _lines
    for line in lines(options.out, report):
        console.say(line)
    return report


def _lines(out: Path, report: dict[str, Any]) -> Iterator[str]:
    """What was found, for a person."""
    yield f"placed {report['placed']} of {report['pictures']} pictures"
    if report["not_placed"]:
        yield f"could not place {', '.join(report['not_placed'])}"
    lens = "none" if report["lens"] is None else "undone in the pictures that were written"
    yield (
        f"{report['points']} points, {report['error_px']:.2f} pixels off on the mean; focal length "
        f"{report['focal_px']:.0f} pixels, bend of the lens: {lens}"
    )
    if not report["up_is_sure"]:
        yield "which way is up is not sure: the pictures do not agree"
    yield f"wrote {out}: up is +Y as in the mean of the pictures, the cameras are 2.7 from the middle on the mean"


def _outline_lines(out: Path, report: dict[str, Any]) -> Iterator[str]:
    """The same, of cameras by silhouettes."""
    yield f"cameras of {report['pictures']} pictures; outlines agree to {report['outline_iou']:.2f}"
    if not report["fov_is_known"]:
        yield f"a field of view of {report['fov_deg']:g} degrees is supposed; --fov says it"
    if report["fit_badly"]:
        yield f"do not go with the others: {', '.join(report['fit_badly'])}"
    if report["rivals"]:
        yield "other cameras fit nearly as well: front and back, or left and right, may be the wrong way around"
    yield f"wrote {out}: the object's diagonal is about 1, up is +Y as the pictures have it"
