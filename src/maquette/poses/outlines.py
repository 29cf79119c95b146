"""From pictures and masks to cameras by outlines alone: what `maquette cameras` does where nothing can be matched."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import Tensor

from ..io.camera_folder import Format, write_camera_folder
from ..io.cameras_parse import FLIPS, CamerasData, ViewData
from ..io.colmap_model import SparsePoints
from ..io.errors import BadInput, as_bad_input
from ..io.image_files import image_fov, image_size
from ..segment import Found, find_masks
from ..segment.masked_files import read_masked, save_mask
from ..structures.views import Views
from .compared import rotation_error
from .cube_fit import FoundPoses
from .silhouettes import RIVAL, PosesConfig, poses_however_held
from .wanted import FoundCameras, Watch

FOV = 45.0  # degrees along the longer side, where nobody says it
_FITS = 0.8  # IoU of an outline with what was found, below which a picture does not go with the others
_LARGEST = 1024  # pixels of the longer side that pictures are looked at with
_GREY = 140  # of the points at the surface of what was found


def cameras_by_outlines(
    pictures: Sequence[Path],
    masks: Sequence[Path | None],
    out: Path,
    to: Format = "json",
    config: PosesConfig | None = None,
    fov: float | None = None,
    seed: int = 0,
    watch: Watch = lambda stage, done, total: None,
) -> FoundCameras:
    """Find cameras by outlines (`poses_however_held`), and write pictures, masks and cameras to a folder.

    The object is around the origin, its diagonal about 1, and the camera's up is +Y as the ring of cameras has it.

    Args:
        pictures: at least three, of one object.
        masks: a file for each, or None: then its transparency, or the object that is found in it.
        out: the folder, which is there.
        to: format of the cameras.
        config: what is known of the cameras.
        fov: degrees along the longer side; None takes what most pictures say themselves, else 45.
        seed: of what is drawn.
        watch: called with a stage of the work, what of it is done, and its whole.

    Raises:
        BadInput: fewer than three pictures, one that cannot be read, a mask that does not fit or is empty, or a
            picture in which no object is found.
    """
    began = time.perf_counter()
    if len(pictures) < 3:
        raise BadInput(pictures[0] if pictures else out, "three pictures or more are needed to tell cameras")
    told = [own for file in pictures if (own := image_fov(file)) is not None]
    angle = fov or (median(told) if 2 * len(told) > len(pictures) else FOV)
    images, found = _with_masks(pictures, masks, watch)
    watch("cameras", 0, 1)
    with as_bad_input(pictures[0].parent, ValueError):
        config = replace(config or PosesConfig(), fov=angle)
        answers, sideways = poses_however_held([one.mask[0] for one in found], images, config, seed)
    watch("cameras", 1, 1)
    best = answers[0]
    with TemporaryDirectory() as aside:
        files = []
        for i, (one, file, mask) in enumerate(zip(found, pictures, masks, strict=True)):
            files.append(mask or Path(aside) / f"{i:04d}.png")
            if mask is None:
                save_mask(one.mask, file, files[-1])
        views = views_of(best, pictures, files)
        data = CamerasData(views, None, "+Y")
        cameras = write_camera_folder(data, out, to, None, lambda done: watch("writing", done, len(views)))
    rivals = [other for other in answers[1:] if other.loss < RIVAL * best.loss]
    facts: dict[str, Any] = {
        "pictures": len(pictures),
        "placed": len(pictures),
        "masks": [one.as_dict() for one in found],
        "fov_deg": round(angle, 2),
        "fov_is_known": fov is not None or 2 * len(told) > len(pictures),
        "sideways": sideways,
        "outline_iou": round(float(best.iou.mean()), 4),
        "fit_badly": [file.name for file, own in zip(pictures, best.iou, strict=True) if own < _FITS],
        "rivals": [
            {
                "loss": round(other.loss / best.loss, 3),
                "degrees": round(float(rotation_error(other.R, best.R).median()), 1),
            }
            for other in rivals
        ],
        "seconds": round(time.perf_counter() - began, 1),
    }
    kept = zip(views, cameras.views, strict=True)
    seen = tuple(replace(view, image=new.image, mask=new.mask) for view, new in kept)
    points = best.points.double().numpy()
    shown = SparsePoints(points, np.full(points.shape, _GREY, np.uint8))
    return FoundCameras(replace(data, views=seen), shown, facts)


def _with_masks(
    pictures: Sequence[Path], masks: Sequence[Path | None], watch: Watch
) -> tuple[list[Tensor], tuple[Found, ...]]:
    """Colours, and the object in each, of bounded sizes."""
    images, known = [], []
    for i, (file, mask) in enumerate(zip(pictures, masks, strict=True), 1):
        colours, inside = read_masked(file, mask, _LARGEST)
        images.append(colours)
        known.append(inside)
        watch("reading", i, len(pictures))
    names = [str(file) for file in pictures]
    given = known if any(mask is not None for mask in known) else None
    return images, find_masks(Views(images, given, names=names))


def views_of(found: FoundPoses, pictures: Sequence[Path], masks: Sequence[Path]) -> tuple[ViewData, ...]:
    """Pictures and masks with the cameras that were found for them.

    Args:
        found: cameras, one a picture.
        pictures: files, with the optical axis in the middle.
        masks: a file for each.
    """
    flip = np.diag(FLIPS["pytorch3d"])
    views = []
    for i, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        width, height = image_size(picture)
        focal = max(width, height) / 2 / math.tan(math.radians(found.fov) / 2)
        K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        R, _, Vt = np.linalg.svd(found.R[i].double().numpy().T)
        t = found.T[i].double().numpy()
        views.append(ViewData(picture, mask, width, height, K, flip @ (R @ Vt), flip @ t))
    return tuple(views)
