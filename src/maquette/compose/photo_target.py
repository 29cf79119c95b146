"""What `maquette mold` takes for a target beside a mesh and a folder with cameras: plain pictures, or a video."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from ..io.atomic_folder import replacing_folder
from ..io.errors import BadInput
from ..io.image_files import image_size
from ..io.images import save_image
from ..io.json_text import json_text
from ..io.video_frames import sample_frames
from ..poses.wanted import Watch
from .agreeing_masks import FEWEST
from .photo_scene import SceneOptions, fill_scene
from .scene_masks import SceneMasks, mask_scene

MOST = 60  # pictures that cameras are looked for of; of more so many are taken, evenly
_FRAMES = 36
_DOUBTFUL = 0.3
_FEWEST = 3  # pictures that silhouettes tell cameras of


@dataclass(frozen=True)
class PhotoTarget:
    """A folder that can be molded, and what was done for it.

    Attributes:
        folder: with pictures, masks and `cameras.json`.
        report: how cameras and masks came about, as JSON can hold it.
        remarks: what a person should know.
    """

    folder: Path
    report: dict[str, Any]
    remarks: tuple[str, ...]


def photo_target(
    pictures: list[Path],
    folder: Path,
    options: SceneOptions | None = None,
    watch: Watch = lambda stage, done, total: None,
    say: Callable[[str], None] = lambda line: None,
) -> PhotoTarget:
    """Find cameras and masks of pictures of an object, and write them with the pictures.

    Args:
        pictures: files, or one video, of which sharp frames are taken that are spread over what moves.
        folder: to write or replace; it may be corrected by hand and molded again.
        options: what is known of the cameras.
        watch: called with a stage of the work, what of it is done, and its whole.
        say: told what was decided on the way.

    Raises:
        BadInput: pictures that cannot be read, of which no cameras are found, or in which no object is.
    """
    with frames_of(pictures) as files:
        if len(files) > MOST:
            say(f"{MOST} of {len(files)} pictures are used, evenly chosen")
            files = [files[len(files) * k // MOST] for k in range(MOST)]
        title = pictures[0].name if len(pictures) == 1 else pictures[0].parent.name
        with replacing_folder(folder) as place:
            report, made = _filled(files, place, options, watch, say, title)
            wanted, few = options or SceneOptions(), _FEWEST <= len(files) < FEWEST
            if few and wanted.by is None and report["source"] != "silhouettes" and made.agree is False:
                say("cameras by what few pictures share do not tell the shape; they are told by silhouettes")
                other = replace(wanted, by="silhouettes")
                try:
                    report, made = _filled(files, place, other, watch, say, title)
                except BadInput as problem:
                    say(f"silhouettes tell none, either ({problem.reason}): what pictures share counts")
                    report, made = _filled(files, place, options, watch, say, title)
            report.setdefault("masks", [one.as_dict() for one in made.found])
            report |= {"left_out": list(made.left_out), "masks_agree": made.agree}
            report["sizes"] = len({image_size(file) for file in files})
            (place / "report.json").write_text(json_text(report), encoding="utf-8")
    return PhotoTarget(folder, report, tuple(remarks_of(report)))


def _filled(
    files: Sequence[Path],
    folder: Path,
    options: SceneOptions | None,
    watch: Watch,
    say: Callable[[str], None],
    title: str,
) -> tuple[dict[str, Any], SceneMasks]:
    """Cameras and masks of pictures, written into a folder."""
    report = fill_scene(files, [None] * len(files), folder, "json", options, watch, say, title)
    count = report["placed"]
    watch("masks", 0, count)
    made = mask_scene(folder, report.get("ground"), partial(watch, "masks"))
    watch("masks", count, count)
    return report, made


@contextmanager
def frames_of(pictures: list[Path], count: int = _FRAMES) -> Iterator[list[Path]]:
    """The pictures, or, of a single video, files of its frames as long as they are needed.

    Raises:
        BadInput: a video that cannot be read.
    """
    if len(pictures) != 1:
        yield pictures
        return
    with TemporaryDirectory() as aside:
        files = []
        for frame in sample_frames(pictures[0], count):
            files.append(Path(aside) / f"frame_{frame.number:06d}.png")
            save_image(torch.from_numpy(frame.pixels).permute(2, 0, 1).float() / 255, files[-1])
        try:
            yield files
        except BadInput as problem:  # of a frame, which nobody knows by its name
            raise BadInput(pictures[0], problem.reason) from problem


def remarks_of(report: dict[str, Any]) -> Iterator[str]:
    """What may have gone wrong, with the numbers that show it."""
    if report.get("sizes", 1) > 1:
        supposed = "one field of view for all" if report["source"] == "silhouettes" else "one lens for each"
        yield f"pictures are of {report['sizes']} sizes; supposed is {supposed}"
    if report.get("not_placed"):
        yield f"could not place {', '.join(report['not_placed'])}"
    if report.get("fov_is_known") is False:
        yield f"a field of view of {report['fov_deg']:g} degrees is supposed; --fov says it"
    if report.get("sideways"):
        yield "the pictures are taken for ones that lie on their side"
    if report.get("up_is_sure") is False:
        yield "which way is up is not sure: the pictures do not agree"
    if report.get("rivals"):
        yield "other cameras fit nearly as well: front and back, or left and right, may be the wrong way around"
    if report.get("fit_badly"):
        yield f"do not go with the others: {', '.join(report['fit_badly'])}"
    if report.get("left_out"):
        yield f"left out, since camera or mask contradict the others: {', '.join(report['left_out'])}"
    if report.get("masks_agree") is False:
        yield "cameras and masks contradict each other; look at both in the folder"
    doubtful = sum(one["confidence"] < _DOUBTFUL for one in report["masks"])
    if doubtful:
        yield f"{doubtful} of {len(report['masks'])} masks are doubtful; correct them in the folder and mold it again"
