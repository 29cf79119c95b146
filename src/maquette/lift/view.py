"""The viewpoint that a picture was taken from, found by drawing the reconstruction from many."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..ops.simplify import simplify
from ..renderer.views import R2N2_REACH, cameras_from_r2n2
from ..structures import Meshes
from ..structures.camera_conversions import cameras_from_opencv_projection, opencv_from_cameras_projection
from ..structures.cameras import CamerasBase, PerspectiveCameras
from .candidates import Candidates, Target, frame_target, project, see
from .match import likeness, score, silhouette_agreement

_FACES = 3000  # of the mesh that is drawn
_AZIMUTHS, _ELEVATIONS, _RATIO = 36, (0.0, 15.0, 30.0, 45.0), 0.8  # the first grid
_KEPT = (5, 3)  # viewpoints that are refined in each round
_APART = 20.0  # degrees of azimuth between them
_ROUNDS = ((5.0, 7.0, 1.3), (2.5, 3.0, 1.12))  # steps of azimuth, elevation and ratio
_LIMITS = ((-20.0, 80.0), (0.55, 2.5))  # of elevation and ratio
_NEAR = 25.0  # degrees of azimuth up to which another viewpoint is no rival
_ALIKE = 0.88  # likeness from which on two viewpoints show the same picture and do not compete
_SPREAD = 0.02  # for a mesh that is the object's own
_FLOOR = 1e-2  # least probability of an azimuth: who told it may be wrong


@dataclass(frozen=True)
class View:
    """A viewpoint that was found.

    Attributes:
        azimuth: degrees from +X towards +Z, as R2N2 counts; `azimuth_from_r2n2` gives those of `docs/cameras.md`.
        elevation: degrees.
        ratio: distance as a fraction of 1.75 bounding-box diagonals.
        confidence: probability of the azimuth, or of others that look alike, judged by how well all others agree
            with the picture.
        silhouette_iou: of the reconstruction and the object's mask, both framed to their boxes.
        camera: sees the object frame in the pixels of the picture.
    """

    azimuth: float
    elevation: float
    ratio: float
    confidence: float
    silhouette_iou: float
    camera: PerspectiveCameras

    def as_tensor(self) -> Float[Tensor, " 4"]:
        """Azimuth, elevation, ratio and confidence."""
        return torch.tensor([self.azimuth, self.elevation, self.ratio, self.confidence])


@torch.no_grad()
def find_view(
    mesh: Meshes,
    image: Float[Tensor, "3 height width"],
    mask: Float[Tensor, "1 height width"],
    azimuths: Float[Tensor, " bin"] | None = None,
    spread: float = _SPREAD,
) -> View | None:
    """Find where a picture of an object was taken from, given a mesh of it.

    The mesh is drawn from a grid of azimuths and elevations, each picture framed to the object's box so that
    neither shift nor scale matters; the best viewpoints are refined together with the distance.

    Args:
        mesh: one mesh in the object frame.
        image: colours in [0, 1].
        mask: 1 on the object.
        azimuths: how probable each azimuth is before the mesh is looked at, the k-th of N at 360 k / N degrees;
            all alike when not given.
        spread: how much a mesh may disagree with the picture: a viewpoint whose picture agrees less by this is e
            times less likely.

    Returns:
        The viewpoint; None when the mask is empty.
    """
    target = frame_target(image.detach().cpu(), mask.detach().cpu())
    if target is None:
        return None
    coarse = simplify(mesh.cpu(), _FACES)
    told = torch.ones(1) if azimuths is None else azimuths.detach().cpu()

    def rate(views: Tensor, seen: Candidates) -> Tensor:
        return score(seen, target) + spread * _log_probability(told, views[:, 0])

    views = _grid()
    grid = see(coarse, views)
    scores = rate(views, grid)
    kept = _distinct(views, scores)
    best = _refine(lambda some: rate(some, see(coarse, some)), views[kept], scores[kept])
    found = see(coarse, best)
    iou = float(silhouette_agreement(found, target)[0])
    azimuth, elevation, ratio = best[0].tolist()
    camera = _camera(mesh.cpu(), best, target, tuple(image.shape[1:])).to(image.device)
    assert isinstance(camera, PerspectiveCameras)
    right = (_azimuths_apart(views[:, 0], best[0, 0]) <= _NEAR) | (likeness(found, grid) >= _ALIKE)
    confidence = _confidence(right, scores / spread)
    return View(azimuth % 360, elevation, ratio, confidence, iou, camera)


def known_view(
    camera: CamerasBase,
    image: Float[Tensor, "3 height width"],
    middle: Float[Tensor, " 3"],
    size: Float[Tensor, ""],
) -> View:
    """The viewpoint of a camera that is known, for an object that is brought to the size of the object frame.

    Args:
        camera: one perspective camera, that sees the object where it was.
        image: the picture that it took.
        middle: of the object there, which becomes the origin.
        size: that becomes 1.
    """
    shape = torch.tensor([image.shape[1:]])
    turn, shift, matrix = opencv_from_cameras_projection(camera, shape)
    shift = (shift + turn @ middle.to(shift)) / size
    ndc = cameras_from_opencv_projection(turn, shift, matrix, shape)
    right, up, front = ndc.get_camera_center()[0].tolist()
    distance = math.hypot(right, up, front)
    there = PerspectiveCameras(
        focal_length=matrix.diagonal(dim1=1, dim2=2)[:, :2],
        principal_point=matrix[:, :2, 2],
        R=ndc.R,
        T=ndc.T,
        in_ndc=False,
        image_size=shape,
    )
    azimuth, elevation = math.degrees(math.atan2(front, right)) % 360, math.degrees(math.asin(up / distance))
    return View(azimuth, elevation, distance / R2N2_REACH, 1.0, 1.0, there)


def _log_probability(told: Float[Tensor, " bin"], azimuth: Tensor) -> Tensor:
    """Logarithm of the probability of azimuths, linear between the bins."""
    place = (azimuth % 360) * (len(told) / 360)
    low, share = place.floor().long(), place - place.floor()
    probability = (1 - share) * told[low % len(told)] + share * told[(low + 1) % len(told)]
    return probability.clamp(min=_FLOOR).log()


def _confidence(right: Tensor, logits: Tensor) -> float:
    """Share of the probability that lies at the azimuths that are right at their best elevation.

    Args:
        right: which viewpoints of the grid are near the best one, or look like it.
        logits: of all of them.
    """
    top, row = logits.view(_AZIMUTHS, -1).max(dim=1, keepdim=True)
    chosen = right.view(_AZIMUTHS, -1).gather(1, row)
    return float(top.softmax(dim=0)[chosen].sum().clamp(0, 1))


def _grid() -> Float[Tensor, "view 3"]:
    azimuth = torch.arange(_AZIMUTHS) * (360 / _AZIMUTHS)
    pairs = torch.cartesian_prod(azimuth, torch.tensor(_ELEVATIONS))
    return torch.cat([pairs, torch.full((len(pairs), 1), _RATIO)], dim=1)


def _azimuths_apart(a: Tensor, b: Tensor) -> Tensor:
    gap = (a - b).abs() % 360
    return torch.minimum(gap, 360 - gap)


def _distinct(views: Tensor, scores: Tensor) -> list[int]:
    """The best viewpoints that differ in azimuth."""
    kept: list[int] = []
    for i in scores.argsort(descending=True).tolist():
        if all(float(_azimuths_apart(views[i, 0], views[k, 0])) >= _APART for k in kept):
            kept.append(i)
        if len(kept) == _KEPT[0]:
            break
    return kept


def _refine(rate: Callable[[Tensor], Tensor], views: Tensor, best: Tensor) -> Float[Tensor, "1 3"]:
    """The best viewpoint, each moved to the best of its neighbours, in smaller steps the fewer are left."""
    steps = torch.cartesian_prod(*[torch.tensor([-1.0, 0.0, 1.0])] * 3)
    for kept, (azimuth, elevation, ratio) in zip(_KEPT, _ROUNDS, strict=True):
        around = views[best.argsort(descending=True, stable=True)[:kept], None].repeat(1, len(steps), 1)
        around[..., :2] += steps[:, :2] * torch.tensor([azimuth, elevation])
        around[..., 2] *= ratio ** steps[:, 2]
        around[..., 1].clamp_(*_LIMITS[0])
        around[..., 2].clamp_(*_LIMITS[1])
        best, choice = rate(around.flatten(0, 1)).view(len(around), -1).max(dim=1)
        views = around[torch.arange(len(around)), choice]
    return views[best.argmax()][None]


def _camera(mesh: Meshes, view: Tensor, target: Target, size: tuple[int, ...]) -> PerspectiveCameras:
    """The viewpoint's camera, with the window that brings the mesh's box onto the object's in the picture."""
    _, _, middle, longest = project(mesh.verts_packed(), view)
    focal = target.longest / longest
    point = torch.tensor([target.middle]) + middle * focal[:, None]
    cameras = cameras_from_r2n2(view[:, 0], view[:, 1], view[:, 2])
    return PerspectiveCameras(
        focal_length=focal,
        principal_point=point,
        R=cameras.R,
        T=cameras.T,
        in_ndc=False,
        image_size=torch.tensor([size]),
    )
