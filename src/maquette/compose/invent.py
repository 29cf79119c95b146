"""Inventing a shape: a generator's views of one object, cut out, their cameras found, molded and coloured.

No shape was ever given: the generator learned from pictures, and what an object looks like from other sides follows
from its view codes (GANverse3D's way to multi-view pictures: Zhang et al., ICLR 2021). Each step is one that the
project has for itself; what is written between them can be looked at, corrected and molded again.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ..io.atomic_folder import replacing_folder
from ..io.camera_folder import write_camera_folder
from ..io.cameras_parse import CamerasData
from ..io.colmap_model import SparsePoints
from ..io.errors import as_bad_input
from ..io.images import save_image
from ..metrics.protocols.viewpoint import ViewpointTeller
from ..poses.cube_fit import Stage
from ..poses.near import STAGES
from ..poses.outlines import views_of
from ..poses.wanted import Watch
from ..renderer.views import R2N2_FOV
from ..segment.sheet import mask_sheet
from ..systems.face import Orbits
from ..systems.molding.job import MoldOptions, Start, mold
from ..systems.molding.optimise import Watcher
from ..systems.orbit import Orbit
from .generated_views import PlacedViews, judges_of, place_views
from .grounded_hull import grounded_hull
from .photo_scene import write_views_of

_GREY = 140  # of the points at the surface
_ROW = 8  # pictures of a sheet's row
_DIM = 0.35  # brightness of what is left out


@dataclass(frozen=True)
class InventOptions:
    """How a shape is invented.

    Attributes:
        views: that it is molded from.
        judging: view codes that it is not molded from, and judged by.
        fov: degrees from edge to edge of the generator's pictures.
        stages: of finding the cameras.
        steps: of molding; None takes the usual.
        texture: as `MoldOptions` has it.
        seed: of what is drawn while cameras and shape are found.
        holes: whether one can look through the object (`generated_views.cut_out`).
    """

    views: int = 16
    judging: int = 8
    fov: float = R2N2_FOV
    stages: tuple[Stage, ...] = STAGES
    steps: int | None = None
    texture: int | None = None
    seed: int = 0
    holes: bool = False


@dataclass(frozen=True)
class Invented:
    """What was written.

    Attributes:
        files: the mesh first, then what `mold` writes beside it.
        folder: views, masks and cameras, which can be molded again.
        report: what was done for the folder, as JSON can hold it.
    """

    files: list[Path]
    folder: Path
    report: dict[str, Any] = field(default_factory=dict)


def invent(
    objects: int | Mapping[str, Tensor],
    out: Path,
    generator: Orbits,
    teller: ViewpointTeller,
    codes: Path,
    folder: Path,
    options: InventOptions | None = None,
    own: Any = None,
    before: Mapping[str, Tensor] | None = None,
    watch: Watch = lambda stage, done, total: None,
    molding: Watcher | None = None,
    device: str = "auto",
) -> Invented:
    """Make a shape that nobody has seen.

    Args:
        objects: a seed of the generator, or what one of its pictures is made of (`Projected.latents`).
        out: the mesh to write; what belongs to it goes beside it (`systems.molding.job.mold`).
        generator: of the pictures.
        teller: says where pictures were taken from.
        codes: the generator's view codes.
        folder: to write or replace: images, masks, cameras.json, and sheets of every step.
        options: how.
        own: the generator's options.
        before: pictures of what was done before, (3, H, W) by file name, that go into the folder, too.
        watch: called with a stage of the work, what of it is done, and its whole.
        molding: called after every step of molding.
        device: to mold on.

    Raises:
        BadInput: view codes that cannot be used or are too few, options that the generator cannot follow, views that
            do not show one object, or a place that cannot be written to.
    """
    options, clock = options or InventOptions(), _Clock()
    total = options.views + options.judging
    watch("views", 0, 1)
    with as_bad_input(codes, ValueError, say=f"{options.views} views and {options.judging} that judge"):
        orbit = generator.orbit([objects] if isinstance(objects, int) else objects, total, codes, own)
    watch("views", 1, 1)
    clock.lap("views")
    watch("cameras", 0, 1)
    with as_bad_input(codes, ValueError):
        judges = judges_of(total, options.judging)
        placed = place_views(orbit, teller, judges, options.fov, options.stages, options.seed, options.holes)
    watch("cameras", 1, 1)
    clock.lap("cameras")
    report = {
        "source": "view codes",
        "codes": codes.name,
        "object": objects if isinstance(objects, int) else "projected",
        "options": asdict(options),
        "views": [_told(orbit, placed, i) for i in range(total)],
        "usable": (total - len(placed.left_out)) / total,
        "outline_iou": round(float(placed.poses.iou[: placed.shaping].mean()), 4),
    }
    with replacing_folder(folder) as place:
        names = _write_scene(place, orbit, placed, report)
        for name, picture in (before or {}).items():
            save_image(picture, place / name)
    clock.lap("files")
    how = MoldOptions(
        source="silhouettes",
        steps=options.steps,
        held_out=tuple(names[placed.shaping :]),
        texture=options.texture,
        seed=options.seed,
    )
    files = mold(folder, out, how, molding, device, Start("grounded hull", grounded_hull))
    clock.lap("molding")
    return Invented(files, folder, report | {"seconds": clock.seconds})


class _Clock:
    """Seconds of each stage."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self._last = round(now - self._last, 2), now


def _told(orbit: Orbit, placed: PlacedViews, number: int) -> dict[str, Any]:
    """What became of a view."""
    told: dict[str, Any] = {
        "azimuth": round(float(orbit.azimuth[number]), 1),
        "elevation": round(float(orbit.elevation[number]), 1),
    }
    if number not in placed.numbers:
        return told | {"left_out": placed.left_out[number]}
    k = placed.numbers.index(number)
    return told | {"judges": k >= placed.shaping, "outline_iou": round(float(placed.poses.iou[k]), 4)}


def _write_scene(folder: Path, orbit: Orbit, placed: PlacedViews, report: dict[str, Any]) -> list[str]:
    """Pictures, masks, cameras and sheets; the names of the pictures."""
    names = [f"view{i:02d}.png" for i in placed.numbers]
    with TemporaryDirectory() as aside:
        pictures, masks = [], []
        for image, found, name in zip(placed.images, placed.found, names, strict=True):
            pictures.append(Path(aside) / "images" / name)
            masks.append(Path(aside) / "masks" / name)
            for file in (pictures[-1], masks[-1]):
                file.parent.mkdir(exist_ok=True)
            save_image(image, pictures[-1])
            save_image(found.mask > 0.5, masks[-1])
        data = CamerasData(views_of(placed.poses, pictures, masks), None, "+Y")
        write_camera_folder(data, folder, "json")
        points = placed.poses.points.double().numpy()
        shown = SparsePoints(points, np.full(points.shape, _GREY, np.uint8))
        write_views_of(folder, data, shown, "invented", report)
    save_image(_views_sheet(orbit, placed), folder / "generated.png")
    order = sorted(range(len(names)), key=lambda k: placed.numbers[k])
    colours = [placed.images[k].permute(1, 2, 0).numpy() for k in order]
    save_image(mask_sheet(colours, [placed.found[k] for k in order]), folder / "masks.png")
    return names


def _views_sheet(orbit: Orbit, placed: PlacedViews) -> Tensor:
    """All views in their order, those that were left out dark."""
    images = orbit.images[0].clone()
    for number in placed.left_out:
        images[number] *= _DIM
    images = interpolate(images, scale_factor=max(1, round(128 / images.shape[-1])), mode="nearest")
    missing = -len(images) % _ROW
    images = torch.cat([images, images.new_ones(missing, *images.shape[1:])])
    return torch.cat([torch.cat(list(row), 2) for row in images.split(_ROW)], 1)
