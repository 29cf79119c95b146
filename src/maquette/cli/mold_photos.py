"""Plain pictures or a video as the target of `maquette mold`: cameras and masks are found first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from ..io.any_cameras_parse import known_cameras
from ..io.errors import BadInput
from ..io.image_files import image_size
from .console import Console
from .extras import need_extra
from .photo_input import is_video, need_fov, stages
from .picture_input import picture_files
from .refusals import Refusal

_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Photos:
    """What `mold` understands of pictures without cameras."""

    poses: Literal["given", "sfm", "silhouettes"] | None = None
    """Where the cameras of a folder of pictures are from: given (cameras that it has), sfm (what pictures share, by
    pycolmap) or silhouettes (shape and cameras together, of an object seen from all around). When not given the first
    of these that there is."""
    turntable: bool = False
    """The object turns evenly, in the order of the pictures, before a camera that stands still."""
    sideways: bool = False
    """The camera was held on its side, and the pictures lie."""
    fov: Annotated[float | None, tyro.conf.arg(metavar="DEGREES")] = None
    """Field of view of the pictures along their longer side, where their files do not say it."""


def are_photos(target: Path, options: Photos) -> bool:
    """Whether cameras have to be found; refuses words that contradict each other."""
    told = options.turntable or options.sideways
    asked = options.poses in ("sfm", "silhouettes") or told
    need_fov(options.fov)
    if options.poses in ("given", "sfm") and told:
        way = options.poses
        raise Refusal(f"--turntable and --sideways go with cameras by silhouettes, not with --poses {way}")
    if is_video(target):
        if options.poses == "given":
            raise BadInput(target, "is a video, which has no cameras")
        return True
    if not target.is_dir():
        if asked or options.poses or options.fov is not None:
            raise Refusal(
                "--poses, --turntable, --sideways and --fov go with a folder of pictures or a video"
            )
        return False
    return options.poses != "given" and (asked or known_cameras(target) is None)


def scene_of(out: Path) -> Path:
    """Where pictures, masks and cameras go."""
    return out.with_name(f"{out.stem}_scene")


def need_photos(target: Path, options: Photos) -> list[Path]:
    """The pictures, each looked at once, or the video."""
    if options.poses == "sfm":
        need_extra("sfm", "--poses sfm")
    if not target.is_dir():
        if not target.is_file():
            raise BadInput(target, "there is no such file")
        return [target]
    files = picture_files([target])
    if len(files) < _FEWEST:
        raise BadInput(target, f"holds {len(files)} pictures; {_FEWEST} or more are needed to find cameras")
    for file in files:
        image_size(file)
    return files


def find_scene(
    files: list[Path], scene: Path, options: Photos, seed: int, console: Console
) -> dict[str, Any]:
    """Find cameras and masks, write them into the folder, and say what was done; returns the report."""
    from ..compose.photo_scene import By, SceneOptions
    from ..compose.photo_target import photo_target
    from ..poses.silhouettes import PosesConfig

    by: By | None = None if options.poses == "given" else options.poses
    if options.turntable or options.sideways:
        by = "silhouettes"
    rings = PosesConfig(turntable=options.turntable, rolls=(90.0, -90.0) if options.sideways else (0.0,))
    wanted = SceneOptions(by, rings, fov=options.fov, seed=seed)
    with stages(console) as watch:
        found = photo_target(files, scene, wanted, watch, console.say)
    report = found.report
    ways = sorted({one["by"] for one in report["masks"]})
    console.say(
        f"cameras of {report['placed']} of {report['pictures']} pictures by {report['source']}, "
        f"masks by {', '.join(ways)}, in {scene}"
    )
    for remark in found.remarks:
        console.say(remark)
    return report
