"""What Mesh R-CNN is trained to make small."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ...loss import chamfer_distance, mesh_edge_loss
from ...ops import sample_points_from_meshes
from ...structures import Meshes
from .config import LossConfig


class Surface(NamedTuple):
    """Points of true surfaces, in camera space.

    Attributes:
        points: on each.
        normals: of unit length.
        known: whether there is a surface; the points of others mean nothing.
    """

    points: Float[Tensor, "batch n 3"]
    normals: Float[Tensor, "batch n 3"]
    known: Bool[Tensor, " batch"]


def mesh_loss(
    stages: Sequence[Meshes], truth: Surface, config: LossConfig
) -> tuple[Float[Tensor, ""], Mapping[str, Float[Tensor, ""]]]:
    """The weighted mean over the stages, and each term of each stage.

    Args:
        stages: meshes in camera space, one stage after another; at least one.
        truth: of each object.
        config: weights, and how many points.

    Returns:
        the loss, infinite where a vertex is not finite, and terms under "chamfer_0", "normal_0", "edge_0", ...;
            normals only where they have a weight.
    """
    terms: dict[str, Tensor] = {}
    weights = {"chamfer": config.chamfer, "normal": config.normal, "edge": config.edge}
    total = truth.points.new_zeros(())
    if not all(bool(meshes.verts_packed().isfinite().all()) for meshes in stages):
        return total + float("inf"), terms
    for i, meshes in enumerate(stages):
        found = stage_terms(meshes, truth, config.points, normals=config.normal > 0)
        terms |= {f"{name}_{i}": term for name, term in found.items()}
        total = total + torch.stack([weights[name] * term for name, term in found.items()]).sum()
    return total / len(stages), terms


def stage_terms(
    meshes: Meshes, truth: Surface, count: int, normals: bool = True
) -> Mapping[str, Float[Tensor, ""]]:
    """Chamfer, normals and edges of one stage; arguments as above.

    Meshes without area, and those whose truth is not known, count in neither distance nor angle.
    """
    points, directions = sample_points_from_meshes(meshes, count, return_normals=True)
    weights = truth.known.to(points) if not bool(truth.known.all()) else None
    chamfer, angles = chamfer_distance(
        points,
        truth.points,
        x_normals=directions if normals else None,
        y_normals=truth.normals if normals else None,
        weights=weights,
    )
    assert isinstance(chamfer, Tensor)
    found = {"chamfer": chamfer, "edge": mesh_edge_loss(meshes)}
    return {**found, "normal": angles} if isinstance(angles, Tensor) else found


def voxel_loss(
    logits: Float[Tensor, "batch depth row column"], solid: Bool[Tensor, "batch depth row column"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the cells."""
    return binary_cross_entropy_with_logits(logits.float(), solid.float())
