"""Six pictures of six different cars molded into one: the document's failing curve, and what its defects are worth.

    python -m maquette.bench.studies.six_cars PICTURES --out six_cars.svg --json FILE

PICTURES is a folder with seed6918.png to seed6923.png of Tran and Nalgirkar's report. Their masks were numbers of
classes (a car is 7), compared with opacities up to 1, and their cameras those of the document's curve of views, which
have nothing to do with the pictures. The same molding, the silhouette term over its steps:

    classes     masks of 7, the document's cameras: a mask that covers c of its picture costs at least 36 c
    masks       masks of 1, the document's cameras
    cameras     masks of 1, cameras as the pictures show them: sides told by eye, distances by outlines (`poses.near`)
    large steps the same, molded as `maquette mold` does by default

Masks are found (by the network that ships); two cars that it does not tell from what is behind were outlined by hand.
Beside them the IoU of the result's silhouettes with the masks, and that of each car with a shape that was molded from
the other five: what six different cars can give at best.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import pad

from ...io.errors import BadInput
from ...io.images import load_image
from ...ops.shrunk import shrunk
from ...poses.near import poses_near
from ...poses.silhouettes import ring
from ...renderer import FoVPerspectiveCameras, look_at_view_transform
from ...report.page import save_data_uri
from ...report.plots import curves
from ...segment import find_object
from ...structures.cameras import CamerasBase
from ...systems.molding.normalise import Normalisation
from ...systems.molding.silhouettes import (
    SilhouettesConfig,
    find_ball,
    mold_to_silhouettes,
    silhouette_iou,
)
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

NAMES = tuple(f"seed{number}.png" for number in range(6918, 6924))
_AZIMUTHS = (
    60.0,
    305.0,
    40.0,
    310.0,
    325.0,
    320.0,
)  # by eye: degrees from the front, towards the car's left side
_ELEVATION, _FOV = 8.0, 35.0  # by eye, of all
_BAR = 64  # rows of black above and below
_SPECK = 14  # pixels: what is narrower than twice so many is no part of a car
_BY_HAND = {  # outlines of those that the network does not tell from what is behind them
    "seed6919.png": (
        (20, 197),
        (44, 189),
        (71, 185),
        (83, 161),
        (99, 141),
        (125, 131),
        (161, 124),
        (210, 122),
        (258, 125),
        (284, 133),
        (302, 157),
        (318, 173),
        (335, 187),
        (403, 197),
        (456, 225),
        (492, 235),
        (496, 290),
        (484, 314),
        (447, 354),
        (383, 350),
        (359, 382),
        (322, 382),
        (298, 370),
        (278, 342),
        (274, 314),
        (256, 328),
        (226, 320),
        (89, 284),
        (73, 298),
        (56, 294),
        (44, 257),
        (42, 241),
        (24, 233),
        (19, 213),
    ),
    "seed6923.png": (
        (20, 199),
        (60, 191),
        (77, 173),
        (99, 157),
        (129, 149),
        (193, 147),
        (258, 151),
        (286, 159),
        (310, 175),
        (335, 195),
        (357, 197),
        (357, 205),
        (403, 213),
        (447, 227),
        (478, 245),
        (488, 270),
        (486, 306),
        (480, 322),
        (423, 336),
        (351, 344),
        (310, 351),
        (260, 349),
        (250, 362),
        (226, 374),
        (210, 370),
        (193, 354),
        (189, 332),
        (181, 328),
        (81, 302),
        (75, 316),
        (60, 320),
        (44, 310),
        (34, 284),
        (21, 266),
        (19, 225),
    ),
}
_CLASS = 7.0  # of a car among those of VOC
_SIZE = 128
_DRAWN = 10  # steps between two points of the plot
_LAST = 50  # steps whose mean is the last loss
_DISTANCE, _DOCUMENT_FOV = 2.7, 60.0


class Setting(NamedTuple):
    """What is molded, and how.

    Attributes:
        masks: that opacities are compared with.
        cameras: one a mask.
        frame: in which the object about fills [-1, 1].
        config: of molding.
    """

    masks: Tensor
    cameras: CamerasBase
    frame: Normalisation
    config: SilhouettesConfig


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Mold, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("pictures", type=Path, metavar="PICTURES")
    parser.add_argument("--out", type=Path, help="the plot, an SVG")
    parser.add_argument("--steps", type=int, default=2000, metavar="N", help="of the document's molding")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    masks = car_masks(options.pictures)
    seen = seen_cameras(masks)
    rows, lines = [], {}
    for name, setting in settings(masks, seen, options.steps).items():
        row, lines[name] = _row(name, masks, setting)
        rows.append(row)
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    others = [_without(i, masks, seen, options.steps) for i in range(len(masks))]
    coverage = [round(float(mask.mean()), 4) for mask in masks]
    numbers = {
        **describe_machine(torch.device("cpu")),
        "coverage": coverage,
        "floor_of_classes": round((_CLASS - 1) ** 2 * sum(coverage) / len(coverage), 3),
        "azimuths": list(_AZIMUTHS),
        "rows": rows,
        "iou_of_the_sixth": [round(one, 4) for one in others],
    }
    print(f"each from the other five: IoU {numbers['iou_of_the_sixth']}")
    write_json(options.json, numbers)
    if options.out is not None:
        steps = {
            name: (list(range(0, len(line), _DRAWN)), smoothed(line)[::_DRAWN])
            for name, line in lines.items()
        }
        uri = curves(steps, "steps", "silhouette loss, mean of 25 steps", marks=False, log_y=True)
        save_data_uri(uri, options.out)
    return numbers


def car_masks(folder: Path) -> Float[Tensor, "car side side"]:
    """The car in each picture, 1 or 0, as masks are compared; raises BadInput where a picture shows none."""
    found = [_by_hand(folder / name) if name in _BY_HAND else _found(folder / name) for name in NAMES]
    return (shrunk(torch.stack(found)[:, None], _SIZE)[:, 0] > 0.5).float()


def _by_hand(file: Path) -> Float[Tensor, "height width"]:
    mask = np.zeros(load_image(file, 3).shape[1:], np.uint8)
    cv2.fillPoly(mask, [np.array(_BY_HAND[file.name])], 1)
    return torch.from_numpy(mask).float()


def _found(file: Path) -> Float[Tensor, "height width"]:
    """As `maquette segment` finds it, between the bars, without thin things."""
    image = load_image(file, 3)
    one = find_object(image[:, _BAR:-_BAR])
    if one is None:
        raise BadInput(file, "no object was found in the picture")
    mask = ndimage.binary_fill_holes((one.mask[0] > 0.5).numpy()).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _SPECK + 1,) * 2)
    wide = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc)
    pieces, count = ndimage.label(wide)
    if not count:
        raise BadInput(file, "what was found in the picture is thin")
    largest = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return pad(torch.from_numpy(largest).float(), (0, 0, _BAR, _BAR))


def document_cameras(count: int) -> FoVPerspectiveCameras:
    """The document's curve of views: elevation 0 to 180 and azimuth -180 to 180 degrees, both at once."""
    elevation, azimuth = torch.linspace(0, 180, count), torch.linspace(-180, 180, count)
    R, T = look_at_view_transform(_DISTANCE, elevation, azimuth)
    return FoVPerspectiveCameras(R=R, T=T, fov=_DOCUMENT_FOV)


def seen_cameras(masks: Float[Tensor, "car side side"]) -> FoVPerspectiveCameras:
    """Cameras as the pictures show them, about one object of diagonal 1."""
    R = torch.cat([ring(torch.tensor([azimuth]), _ELEVATION) for azimuth in _AZIMUTHS])
    found = poses_near(list(masks), R, _FOV)
    return FoVPerspectiveCameras(R=found.R, T=found.T, fov=_FOV)


def settings(masks: Tensor, seen: CamerasBase, steps: int) -> Mapping[str, Setting]:
    """What is compared, by name."""
    document = replace(SilhouettesConfig.seed002(), steps=steps)
    theirs, here = document_cameras(len(masks)), Normalisation(torch.zeros(3), 1.0)
    about = find_ball(seen, masks)
    large = replace(SilhouettesConfig.default(), size=_SIZE)
    large = replace(large, steps=min(large.steps, steps))
    return {
        "classes": Setting(_CLASS * masks, theirs, here, document),
        "masks": Setting(masks, theirs, here, document),
        "cameras": Setting(masks, seen, about, document),
        "large steps": Setting(masks, seen, about, large),
    }


def _row(name: str, masks: Tensor, setting: Setting) -> tuple[dict[str, Any], list[float]]:
    began = time.process_time()
    made = mold_to_silhouettes(setting.masks, setting.cameras, setting.config, setting.frame)
    line = made.history["silhouette"]
    iou = silhouette_iou(made.mesh, setting.cameras, masks)
    row = {
        "name": name,
        "steps": len(line),
        "first": round(line[0], 4),
        "last": round(sum(line[-_LAST:]) / len(line[-_LAST:]), 4),
        "least": round(min(line), 4),
        "iou": round(float(iou.mean()), 4),
        "least_iou": round(float(iou.min()), 4),
        "cpu_seconds": round(time.process_time() - began, 1),
    }
    return row, line


def _without(number: int, masks: Tensor, seen: CamerasBase, steps: int) -> float:
    """IoU of a car with what was molded from the others."""
    rest = [i for i in range(len(masks)) if i != number]
    setting = settings(masks, seen, steps)["large steps"]
    made = mold_to_silhouettes(masks[rest], seen[rest], setting.config, setting.frame)
    return float(silhouette_iou(made.mesh, seen[[number]], masks[[number]])[0])


def smoothed(line: Sequence[float], width: int = 25) -> list[float]:
    """Means of so many values up to each."""
    sums = torch.tensor([0.0, *line], dtype=torch.float64).cumsum(0)
    ends = torch.arange(1, len(line) + 1)
    starts = (ends - width).clamp(min=0)
    means: list[float] = ((sums[ends] - sums[starts]) / (ends - starts)).tolist()
    return means


if __name__ == "__main__":
    run_study(main)
