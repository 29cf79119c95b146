"""Molding a sphere to silhouettes seen by known cameras (`mold --from silhouettes`)."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ...renderer import MeshRasterizer, RasterizationSettings, soft_silhouettes
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...utils import ico_sphere
from .init_shape import hull_mesh, visual_hull
from .losses import History, SurfaceWeights, surface_terms, weighted_sum
from .normalise import Normalisation, ball
from .optimise import MethodConfig, Molder
from .remeshing import is_closed_manifold
from .schedule import RemeshSchedule, StepSize

_BLUR_SIGMAS = math.log(1 / 1e-4 - 1)  # beyond it a face's share is below 1e-4


@dataclass(frozen=True)
class SilhouetteWeights(SurfaceWeights):
    """Weights of all terms of molding to silhouettes; those of the surface alone are inherited.

    Attributes:
        silhouette: of the mean squared difference of opacities.
    """

    silhouette: float = 1.0


@dataclass(frozen=True)
class Softness:
    """Sigma of the soft silhouettes, falling evenly on a logarithmic scale.

    Attributes:
        first, last: squared NDC lengths at the first step and from `last_at` on.
        last_at: fraction of the steps, in (0, 1].
    """

    first: float = 3e-4
    last: float = 1e-5
    last_at: float = 0.7

    def at(self, step: int, steps: int) -> float:
        """Sigma at `step` of `steps`."""
        return self.first * (self.last / self.first) ** min(step / (steps * self.last_at), 1.0)
