"""Views of one invented object: cut out, and their cameras found, so that the object can be molded.

A generator says about where each of its views looks from; a network that tells viewpoints looks at every picture, and
outlines tell how far away the camera is (`poses.near`). Pictures that contradict their view code, or in which no
object stands out, are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from ..metrics.protocols.viewpoint import ViewpointTeller, angle_between
from ..poses.cube_fit import FoundPoses, Stage
from ..poses.near import STAGES, poses_near
from ..poses.silhouettes import ring
from ..segment import UNSURE, Found, find_object
from ..segment.coverage import coverage
from ..systems.orbit import Orbit

FEWEST = 6  # views that an object is molded from
_FINE = 256  # pixels a side, about, that outlines are drawn with
_SURE = 0.9  # confidence from which on a picture contradicts its view code
_TOLD = 0.5  # confidence from which on a picture's own azimuth counts
_ALIKE = 45.0  # degrees between a picture's azimuth and that of its view code
_FITS = 0.8  # IoU of an outline with what all made, below which a view does not go with the others


@dataclass(frozen=True, eq=False)
class PlacedViews:
    """Views that can be molded.

    Attributes:
        numbers: which of the orbit's views they are; those that shape come first.
        shaping: how many first ones shape the object; the others judge it.
        images: RGB in [0, 1], enlarged.
        found: the object in each, with masks as large as the pictures.
        poses: their cameras.
        left_out: why other views are none of them, by number.
    """

    numbers: tuple[int, ...]
    shaping: int
    images: Float[Tensor, "view 3 fine fine"]
    found: tuple[Found, ...]
    poses: FoundPoses
    left_out: dict[int, str] = field(default_factory=dict)


def place_views(
    orbit: Orbit,
    teller: ViewpointTeller,
    judging: Sequence[int],
    fov: float,
    stages: Sequence[Stage] = STAGES,
    seed: int = 0,
    holes: bool = False,
) -> PlacedViews:
    """Cut the object out of an orbit's pictures and find their cameras.

    Args:
        orbit: of one object.
        teller: says where pictures were taken from.
        judging: numbers of the views that judge.
        fov: degrees from edge to edge of the pictures.
        stages: of finding the cameras.
        seed: of what is drawn.
        holes: as `cut_out` has it.

    Raises:
        ValueError: fewer than six views that shape are left.
    """
    images = orbit.images[0]
    told = teller.viewpoints(images)
    cut, left_out = cut_out(images, holes)
    azimuth = torch.where(told.confidence >= _TOLD, told.azimuth, orbit.azimuth)
    apart = angle_between(told.azimuth, orbit.azimuth)
    azimuth = torch.where(apart <= _ALIKE, azimuth, orbit.azimuth)
    for i in torch.nonzero((apart > _ALIKE) & (told.confidence >= _SURE))[:, 0].tolist():
        left_out[i] = f"looks as if from {float(told.azimuth[i]):.0f} degrees"
        cut.pop(i, None)
    R = torch.cat([ring(azimuth[i : i + 1], float(orbit.elevation[i])) for i in range(len(azimuth))])
    for is_last in (False, True):
        shaping = [i for i in cut if i not in judging]
        if len(shaping) < FEWEST:
            raise ValueError(
                f"only {len(shaping)} of {len(images) - len(judging)} views show one object from where they should; "
                f"{FEWEST} are needed"
            )
        numbers = [*shaping, *(i for i in cut if i in judging)]
        masks = [cut[i].mask[0] for i in numbers]
        poses = poses_near(masks, R[numbers], fov, len(shaping), stages, seed)
        wrong = [k for k in range(len(shaping)) if float(poses.iou[k]) < _FITS]
        if not wrong or is_last:
            break
        for k in wrong:
            left_out[numbers[k]] = (
                f"its outline is not that of the others' object (IoU {float(poses.iou[k]):.2f})"
            )
            cut.pop(numbers[k])
    found = tuple(cut[i] for i in numbers)
    return PlacedViews(tuple(numbers), len(shaping), _enlarged(images[numbers]), found, poses, left_out)


def judges_of(views: int, judging: int) -> tuple[int, ...]:
    """Numbers of so many judging views, spread evenly over all."""
    return tuple(round((k + 0.5) * views / judging - 0.5) for k in range(judging))


def cut_out(
    images: Float[Tensor, "view 3 size size"], holes: bool = False
) -> tuple[dict[int, Found], dict[int, str]]:
    """The object in every picture that shows one, finer than its pixels, and why the others do not, by number.

    Args:
        images: RGB in [0, 1].
        holes: whether one can look through the object; else holes are what resembles the background, and are filled.
    """
    cut: dict[int, Found] = {}
    left_out = {}
    for i, image in enumerate(images):
        found = find_object(image)
        if found is None or found.confidence < UNSURE:
            left_out[i] = "no object stands out" if found is None else "what the object is, is doubtful"
            continue
        share = coverage(image, found.mask) if found.how == "plain" else found.mask
        fine = _enlarged(share[None])[0]
        cut[i] = Found(fine if holes else _filled(fine), found.how, found.confidence)
    return cut, left_out


def _filled(mask: Float[Tensor, "1 height width"]) -> Float[Tensor, "1 height width"]:
    whole = torch.from_numpy(ndimage.binary_fill_holes(mask[0].numpy() > 0.5))
    return torch.where(whole & (mask <= 0.5), 1.0, mask)


def _enlarged(pictures: Float[Tensor, "view channel size size"]) -> Float[Tensor, "view channel fine fine"]:
    size = pictures.shape[-1]
    factor = max(1, round(_FINE / size))
    return interpolate(pictures, scale_factor=factor, mode="bicubic").clamp(0, 1)
