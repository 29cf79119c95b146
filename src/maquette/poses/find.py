"""From pictures to cameras: what `maquette cameras` does where none are known."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..io.camera_folder import Format, write_camera_folder
from ..io.cameras_parse import CamerasData
from ..io.errors import BadInput
from .photos import prepare_photo
from .wanted import FoundCameras, SfmOptions, TooFewPlaced, Watch
from .world import AGREES, put_upright

LEAST = 2  # pictures


def find_cameras(
    pictures: Sequence[Path],
    masks: Sequence[Path | None],
    out: Path,
    to: Format = "json",
    options: SfmOptions | None = None,
    find_masks: bool = False,
    largest: int = 1600,
    watch: Watch = lambda stage, done, total: None,
) -> FoundCameras:
    """Find cameras of pictures by structure from motion, and write pictures, masks and cameras to a folder.

    Features are taken on the object alone where a picture has a mask or is transparent. The world is turned and
    scaled as `put_upright` says; lenses that were found are undone in the pictures that are written.

    Args:
        pictures: at least two.
        masks: a file for each, or None.
        out: the folder, which is there.
        to: format of the cameras.
        options: of structure from motion.
        find_masks: whether the object is looked for in pictures without mask and transparency.
        largest: pixels of the longer side at which features are looked for.
        watch: called with a stage of the work, what of it is done, and its whole.

    Raises:
        BadInput: fewer than two pictures, one that cannot be read, masks that do not fit, or fewer than two pictures
            that could be placed (`TooFewPlaced`).
    """
    if len(pictures) < LEAST:
        raise BadInput(
            pictures[0] if pictures else out, f"{LEAST} pictures or more are needed to find cameras"
        )
    from .sfm import place_photos  # with pycolmap

    began, options = time.perf_counter(), options or SfmOptions()
    with TemporaryDirectory() as work:
        folder, photos = Path(work), []
        for i, (picture, mask) in enumerate(zip(pictures, masks, strict=True), 1):
            photos.append(prepare_photo(picture, mask, find_masks, folder, largest))
            watch("reading", i, len(pictures))
        placed = place_photos(photos, folder, options, watch)
        views = [view for view in placed.views if view is not None]
        if len(views) < LEAST:
            reason = "no two of the pictures have enough points in common; more pictures, closer together, may help"
            raise TooFewPlaced(pictures[0].parent, reason)
        on_object = all(photo.masked for photo in photos)
        moved, points, agreement, ground = put_upright(views, placed.points, on_object)
        data = CamerasData(moved, None, "+Y")
        names = [picture.name for picture in pictures]
        facts: dict[str, Any] = {
            "pictures": len(pictures),
            "placed": len(views),
            "not_placed": [name for name, view in zip(names, placed.views, strict=True) if view is None],
            "points": len(points),
            "error_px": round(placed.error_px, 3),
            "focal_px": round(float(views[0].K[0, 0]), 2),
            "lens": None if views[0].lens is None else [views[0].lens.model, *views[0].lens.numbers],
            "on_object": on_object,
            "up_agreement": round(agreement, 3),
            "up_is_sure": ground is not None or agreement >= AGREES,
            "ground": None if ground is None else round(ground, 4),
        }
        cameras = write_camera_folder(data, out, to, points, lambda done: watch("writing", done, len(views)))
    facts["seconds"] = round(time.perf_counter() - began, 1)
    kept = zip(moved, cameras.views, strict=True)
    seen = tuple(replace(view, image=new.image, mask=new.mask, lens=None) for view, new in kept)
    return FoundCameras(replace(data, views=seen), points, facts)
