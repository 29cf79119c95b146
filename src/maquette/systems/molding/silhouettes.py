"""Molding a sphere to silhouettes seen by known cameras (`mold --from silhouettes`)."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from ...ops.shrunk import shrunk
from ...renderer import MeshRasterizer, RasterizationSettings, soft_silhouettes
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...utils import ico_sphere
from .init_shape import rough_hull
from .losses import SurfaceWeights, surface_terms, weighted_sum
from .normalise import Normalisation, ball
from .optimise import LossFunction, MethodConfig, Molder, Watcher, run, seeded
from .schedule import RemeshSchedule, StepSize

_BLUR_SIGMAS = math.log(1 / 1e-4 - 1)  # blur radius in sigmas: beyond it a face's share is below 1e-4
_NEAREST = 0.01  # depth, in radii of the object, before which nothing is seen
_PIXELS_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class SilhouetteWeights(SurfaceWeights):
    """Weights of all terms of molding to silhouettes; those of the surface alone are inherited.

    Attributes:
        silhouette: of the mean squared difference of opacities.
    """

    silhouette: float = 1.0


@dataclass(frozen=True)
class Softness:
    """Width of the soft outlines, falling evenly on a logarithmic scale.

    A soft silhouette is larger than the hard one by a share of its width, so the last width is what limits
    how closely hard silhouettes can agree.

    Attributes:
        first, last: square root of sigma, in pixels, at the first step and from `last_at` on.
        last_at: fraction of the steps, in (0, 1].
    """

    first: float = 1.1
    last: float = 0.064
    last_at: float = 0.7

    def at(self, step: int, steps: int) -> float:
        """Width in pixels at `step` of `steps`."""
        return float(self.first * (self.last / self.first) ** min(step / (steps * self.last_at), 1.0))


@dataclass(frozen=True)
class SilhouettesConfig:
    """All settings of molding to silhouettes.

    Attributes:
        weights: of the terms.
        method: which variables are moved and how.
        steps: number of steps.
        views_per_step: views compared at each step, drawn anew; all where there are no more.
        level: of the ico-sphere to start from (3: 642 vertices).
        radius: of that sphere in the working frame.
        size: longest side, in pixels, at which pictures are compared; larger masks are shrunk to it.
        softness: width of the soft outlines.
        step_size: how the step size changes on the way.
        remesh: when and how finely the surface is remeshed; None keeps the sphere's faces.
        seed: of the choice of views.
    """

    weights: SilhouetteWeights = field(default_factory=SilhouetteWeights)
    method: MethodConfig = field(default_factory=lambda: MethodConfig(lr=0.03, smoothness=1.0))
    steps: int = 500
    views_per_step: int = 5
    level: int = 3
    radius: float = 0.6
    size: int = 256
    softness: Softness = field(default_factory=Softness)
    step_size: StepSize = field(default_factory=lambda: StepSize(hold=0.6))
    remesh: RemeshSchedule | None = field(default_factory=lambda: RemeshSchedule(every=25, fine=0.03))
    seed: int = 0

    @staticmethod
    def default() -> "SilhouettesConfig":
        """What measures best: large steps, remeshed on the way, from soft to nearly hard outlines."""
        return SilhouettesConfig()

    @staticmethod
    def near() -> "SilhouettesConfig":
        """The same for a start that is near the target: short steps, short edges and narrow outlines at once."""
        default = SilhouettesConfig.default()
        return replace(
            default,
            steps=200,
            method=replace(default.method, lr=0.01),
            softness=Softness(first=0.5),
            remesh=RemeshSchedule(every=25, coarse=0.03, fine=0.03),
        )

    @staticmethod
    def tutorial() -> "SilhouettesConfig":
        """PyTorch3D's tutorial on fitting a mesh: SGD on offsets, two views a step, one softness."""
        return SilhouettesConfig(
            SilhouetteWeights(edge=1.0, normal=0.01, laplacian=1.0),
            MethodConfig.of("sgd"),
            steps=2000,
            views_per_step=2,
            level=4,
            radius=1.0,
            size=128,
            softness=Softness(first=0.64, last=0.64),
            step_size=StepSize(hold=1.0),
            remesh=None,
        )

    @staticmethod
    def seed002() -> "SilhouettesConfig":
        """Tran and Nalgirkar's report, which follows the tutorial; its own are the views it looks from."""
        return SilhouettesConfig.tutorial()


@dataclass(frozen=True)
class SilhouettesResult:
    """A molded mesh and how it came about.

    Attributes:
        mesh: in the world of the cameras.
        frame: the working frame.
        history: values of every unweighted term, one a step.
        iou: mean intersection over union of hard silhouettes on the fitted views, in [0, 1].
        seconds: of the optimisation, without the scoring.
    """

    mesh: Meshes
    frame: Normalisation
    history: dict[str, list[float]]
    iou: float
    seconds: float


@torch.no_grad()
def hard_silhouettes(
    mesh: Meshes, cameras: CamerasBase, image_size: tuple[int, int]
) -> Float[Tensor, "view height width"]:
    """Which pixel centres one mesh covers, 0 or 1, seen by each camera.

    What is nearer to a camera than a hundredth of the mesh's size is not seen; near planes do not matter.
    """
    verts = mesh.verts_packed()
    nearest = _NEAREST * float((verts.amax(dim=0) - verts.amin(dim=0)).max()) / 2
    rasterizer = MeshRasterizer(raster_settings=RasterizationSettings(image_size, z_clip_value=nearest))
    at_once = max(1, _PIXELS_AT_ONCE // (image_size[0] * image_size[1]))
    parts = [cameras[part.tolist()] for part in torch.arange(len(cameras)).split(at_once)]
    seen = [rasterizer(mesh.extend(len(part)), cameras=part).pix_to_face[..., 0] >= 0 for part in parts]
    return torch.cat(seen).float()


@torch.no_grad()
def silhouette_iou(
    mesh: Meshes, cameras: CamerasBase, masks: Float[Tensor, "view height width"]
) -> Float[Tensor, " view"]:
    """Intersection over union of the mesh's hard silhouettes with the masks (> 0.5), view by view."""
    ours = hard_silhouettes(mesh, cameras, (masks.shape[1], masks.shape[2])) > 0.5
    theirs = masks > 0.5
    common, either = (ours & theirs).sum(dim=(1, 2)), (ours | theirs).sum(dim=(1, 2))
    return common / either.clamp(min=1)


def find_ball(
    cameras: CamerasBase, masks: Float[Tensor, "view height width"] | Sequence[Float[Tensor, "_h _w"]]
) -> Normalisation:
    """The working frame in which the box around the masks' visual hull just fits into [-1, 1] on each side."""
    low, high = rough_hull(cameras, list(masks)).bounds
    return ball((low + high) / 2, float((high - low).max()) / 2)


def mold_to_silhouettes(
    masks: Float[Tensor, "view height width"],
    cameras: CamerasBase,
    config: SilhouettesConfig | None = None,
    frame: Normalisation | None = None,
    watch: Watcher | None = None,
    start: Meshes | None = None,
) -> SilhouettesResult:
    """Shape a sphere, or another mesh, until its silhouettes match masks.

    Args:
        masks: 1 on the object, 0 elsewhere; soft values are allowed. What lies outside a picture is unknown.
        cameras: one a mask; pictures need not be square, nor principal points central.
        config: all settings; `SilhouettesConfig.default()` where None.
        frame: the working frame, in which the object about fills [-1, 1]; found from the masks' visual hull
            where None.
        watch: called after every step with its number, the molder and the step's terms.
        start: one closed mesh in the cameras' world, instead of the sphere; its topology stays.

    Returns:
        The mesh in the cameras' world, curves and the IoU. The same seed gives the same result on a CPU.

    Raises:
        ValueError: where a mask is empty, there is not one camera a mask, or the masks do not meet.
    """
    if len(masks) == 0 or len(masks) != len(cameras):
        raise ValueError(f"expected a mask for each of {len(cameras)} cameras, not {len(masks)}")
    empty = torch.nonzero(~(masks > 0.5).flatten(1).any(dim=1))[:, 0].tolist()
    if empty:
        raise ValueError(f"mask {empty[0]} is empty")
    config = config or SilhouettesConfig.default()
    frame = frame or find_ball(cameras, masks)
    with seeded(config.seed, masks.device):
        return _mold(masks, cameras, config, frame, watch, start)


def _ndc_extent(masks: Float[Tensor, "view height width"]) -> Float[Tensor, " 3"]:
    """NDC x and y at the border of the pictures, and 1 for z, on which a picture's shape has no influence."""
    height, width = masks.shape[1:]
    shorter = min(height, width)
    return torch.tensor([width / shorter, height / shorter, 1.0], device=masks.device)


class _Target:
    """Masks at the size they are compared at, and the losses of a mesh against some of them."""

    def __init__(self, masks: Tensor, cameras: CamerasBase, config: SilhouettesConfig, frame: Normalisation):
        self._masks = shrunk(masks[None], config.size)[0]
        self._stretch = _ndc_extent(self._masks) / _ndc_extent(masks)
        self._cameras, self._weights, self._frame = cameras, config.weights, frame
        self._views = min(config.views_per_step, len(masks))

    def losses(self, mesh: Meshes, width_pixels: float) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted sum and terms of a mesh, seen by views drawn anew."""
        chosen = torch.randperm(len(self._masks))[: self._views]
        masks = self._masks[chosen.to(self._masks.device)]
        height, width = masks.shape[1:]
        sigma = (2 * width_pixels / min(height, width)) ** 2
        cameras = self._cameras[chosen.tolist()]
        seen = MeshRasterizer(cameras).transform(self._frame.mesh_back(mesh).extend(len(chosen)))
        seen = seen.update_padded(seen.verts_padded() * self._stretch)
        alpha = soft_silhouettes(
            seen,
            (height, width),
            sigma,
            _BLUR_SIGMAS * sigma,
            cameras.is_perspective(),
            z_clip_value=_NEAREST * self._frame.scale,
        )
        terms = {"silhouette": (alpha - masks).square().mean(), **surface_terms(mesh, self._weights)}
        return weighted_sum(terms, self._weights), terms


def _sphere(config: SilhouettesConfig, device: torch.device) -> Meshes:
    ball = ico_sphere(config.level, device)
    return Meshes([config.radius * ball.verts_packed()], ball.faces_list())


def _mold(
    masks: Tensor,
    cameras: CamerasBase,
    config: SilhouettesConfig,
    frame: Normalisation,
    watch: Watcher | None,
    start: Meshes | None,
) -> SilhouettesResult:
    began = time.perf_counter()
    first = _sphere(config, masks.device) if start is None else frame.mesh(start)
    molder = Molder(first.verts_packed(), first.faces_packed(), config.method)
    target = _Target(masks, cameras, config, frame)

    def losses(step: int) -> LossFunction:
        return partial(target.losses, width_pixels=config.softness.at(step, config.steps))

    history = run(molder, losses, config.steps, config.step_size, config.remesh, watch)
    mesh = frame.mesh_back(molder.mesh().detach())
    seconds = time.perf_counter() - began
    iou = silhouette_iou(mesh, cameras, masks).mean().item()
    return SilhouettesResult(mesh, frame, history, iou, seconds)
