"""Molding a sphere to a mesh by comparing points sampled on both (`mold --from points`)."""

import time
from dataclasses import dataclass, field
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from ...loss import chamfer_distance, quadric_loss, vertex_quadrics
from ...ops import knn_points, sample_points_from_meshes
from ...structures import Meshes
from ...utils import ico_sphere
from .losses import SurfaceWeights, surface_terms, weighted_sum
from .normalise import Normalisation, normalise
from .optimise import MethodConfig, Molder, Watcher, run, seeded
from .schedule import RemeshSchedule, StepSize


@dataclass(frozen=True)
class PointWeights(SurfaceWeights):
    """Weights of all terms of molding to points; those of the surface alone are inherited.

    Attributes:
        chamfer: of the chamfer distance between points of both surfaces.
        quadric: of the quadric loss, summed over the target's vertices.
    """

    chamfer: float = 1.0
    quadric: float = 0.0


@dataclass(frozen=True)
class PointsConfig:
    """All settings of molding to points.

    Attributes:
        weights: of the terms.
        method: which variables are moved and how.
        steps: number of steps.
        points: points sampled on each surface at every step.
        pool: points of the target are drawn from this many, sampled once.
        level: of the ico-sphere to start from (4: 2,562 vertices).
        step_size: how the step size changes on the way.
        remesh: when and how finely the surface is remeshed; None keeps the sphere's faces.
        seed: of all sampling.
    """

    weights: PointWeights = field(default_factory=lambda: PointWeights(edge=0.1, normal=0.002))
    method: MethodConfig = field(default_factory=lambda: MethodConfig(lr=0.1, betas=(0.5, 0.99)))
    steps: int = 2000
    points: int = 5000
    pool: int = 400_000
    level: int = 4
    step_size: StepSize = field(default_factory=lambda: StepSize(hold=0.2, final=0.05))
    remesh: RemeshSchedule | None = field(default_factory=lambda: RemeshSchedule(fine=0.03))
    seed: int = 0

    @staticmethod
    def default() -> "PointsConfig":
        """What measures best: large steps, remeshed on the way, with a step size that falls at the end.

        The momentum is low (0.5, not 0.9): a sphere closes in on a thin target from both sides, and with more
        of it the two walls run through one another and the surface ends inside out, which no point tells.
        """
        return PointsConfig()

    @staticmethod
    def tutorial() -> "PointsConfig":
        """PyTorch3D's tutorial on deforming a sphere: SGD on offsets, its weights."""
        return _classic(PointWeights(chamfer=1.0, edge=1.0, normal=0.01, laplacian=0.1))

    @staticmethod
    def seed002() -> "PointsConfig":
        """Tran and Nalgirkar's report: as the tutorial, other weights, and the quadric loss.

        Its quadrics were built before the target was normalised; here they are built after, as they must be.
        """
        return _classic(PointWeights(chamfer=1.0, edge=1.0, normal=0.05, laplacian=0.1, quadric=0.00095))


def _classic(weights: PointWeights) -> PointsConfig:
    return PointsConfig(weights, MethodConfig.of("sgd"), step_size=StepSize(hold=1.0), remesh=None)


@dataclass(frozen=True)
class PointsResult:
    """A molded mesh and how it came about.

    Attributes:
        mesh: in the target's own coordinates.
        frame: the working frame; losses and scores are measured in it.
        history: values of every unweighted term, one a step.
        chamfer: chamfer distance of the result, `SCORE_POINTS` points a side, working frame.
        f1: F1 of the same points at `F1_DISTANCE`, in [0, 1].
        seconds: of the optimisation, without the scoring.
    """

    mesh: Meshes
    frame: Normalisation
    history: dict[str, list[float]]
    chamfer: float
    f1: float
    seconds: float


def _sample(mesh: Meshes, points: int) -> Float[Tensor, "1 point 3"]:
    return cast(Tensor, sample_points_from_meshes(mesh, points))


SCORE_POINTS = 10_000
F1_DISTANCE = 0.02


@torch.no_grad()
def score_points(
    mesh: Meshes, target: Meshes, points: int = SCORE_POINTS, distance: float = F1_DISTANCE
) -> tuple[float, float]:
    """Chamfer distance and F1 between points sampled on two meshes.

    Args:
        mesh: one mesh.
        target: one mesh in the same frame.
        points: sampled on each.
        distance: two points closer than this count as the same in F1.

    Returns:
        Mean squared distance both ways, summed; and the harmonic mean of the shares of points of either side
        that have a point of the other within `distance`.
    """
    ours, theirs = _sample(mesh, points), _sample(target, points)
    to_theirs = knn_points(ours, theirs).dists[0, :, 0]
    to_ours = knn_points(theirs, ours).dists[0, :, 0]
    precision = (to_theirs < distance**2).double().mean().item()
    recall = (to_ours < distance**2).double().mean().item()
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return (to_theirs.mean() + to_ours.mean()).item(), f1


class _Target:
    """What a step needs to know of the target: a pool of its points, its vertices and their quadrics."""

    def __init__(self, target: Meshes, config: PointsConfig) -> None:
        self._pool = _sample(target, config.pool)[0]
        self._verts = target.verts_padded()
        self._quadrics = vertex_quadrics(target) if config.weights.quadric else None
        self._config = config

    def sample(self) -> Float[Tensor, "1 point 3"]:
        """Points of the target, drawn anew."""
        chosen = torch.randint(len(self._pool), (self._config.points,), device=self._pool.device)
        return self._pool[chosen][None]

    def losses(self, mesh: Meshes) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted sum and terms of a mesh."""
        config, weights = self._config, self._config.weights
        terms: dict[str, Tensor] = {}
        if weights.chamfer:
            distance, _ = chamfer_distance(_sample(mesh, config.points), self.sample())
            terms["chamfer"] = cast(Tensor, distance)
        if self._quadrics is not None:
            terms["quadric"] = quadric_loss(mesh.verts_padded(), self._verts, self._quadrics)
        terms |= surface_terms(mesh, weights)
        return weighted_sum(terms, weights), terms


def mold_to_points(
    target: Meshes, config: PointsConfig | None = None, watch: Watcher | None = None
) -> PointsResult:
    """Shape a sphere until points on it match points on a mesh.

    The target is normalised once (`normalise`), and everything else is built after it.

    Args:
        target: one mesh with at least one face of positive area; it need not be closed.
        config: all settings; `PointsConfig.default()` where None.
        watch: called after every step with its number, the molder and the step's terms.

    Returns:
        The mesh in the target's own coordinates, curves and scores. The same seed gives the same result on a
        CPU.

    Raises:
        ValueError: where the target is not one mesh with faces, or has no extent.
    """
    if len(target) != 1 or len(target.faces_packed()) == 0:
        raise ValueError("the target must be one mesh with faces")
    config = config or PointsConfig.default()
    with seeded(config.seed, target.device):
        return _mold(*normalise(target), config, watch)


def _mold(target: Meshes, frame: Normalisation, config: PointsConfig, watch: Watcher | None) -> PointsResult:
    began = time.perf_counter()
    sphere = ico_sphere(config.level, target.device)
    molder = Molder(sphere.verts_packed().to(target.verts_packed()), sphere.faces_packed(), config.method)
    losses = _Target(target, config).losses
    history = run(molder, lambda step: losses, config.steps, config.step_size, config.remesh, watch)
    mesh = molder.mesh().detach()
    seconds = time.perf_counter() - began
    chamfer, f1 = score_points(mesh, target)
    return PointsResult(frame.mesh_back(mesh), frame, history, chamfer, f1, seconds)
