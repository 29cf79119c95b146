"""Normals and principal directions of point clouds, from the covariance of each point's neighbourhood."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.once import differentiable_once
from maquette.ops.utils import convert_pointclouds_to_tensor, get_point_covariances
from maquette.structures import Pointclouds


def estimate_pointcloud_normals(
    pointclouds: Tensor | Pointclouds,
    neighborhood_size: int = 50,
    disambiguate_directions: bool = True,
    *,
    use_symeig_workaround: bool = True,
) -> Float[Tensor, "batch point 3"]:
    """Unit normals of points: the direction in which their neighbours spread least.

    Arguments and errors as of `estimate_pointcloud_local_coord_frames`.
    """
    _, frames = estimate_pointcloud_local_coord_frames(
        pointclouds,
        neighborhood_size,
        disambiguate_directions,
        use_symeig_workaround=use_symeig_workaround,
    )
    return frames[..., 0]


def estimate_pointcloud_local_coord_frames(
    pointclouds: Tensor | Pointclouds,
    neighborhood_size: int = 50,
    disambiguate_directions: bool = True,
    *,
    use_symeig_workaround: bool = True,
) -> tuple[Float[Tensor, "batch point 3"], Float[Tensor, "batch point 3 3"]]:
    """Eigenvalues and eigenvectors, ascending, of the covariance of each point's nearest neighbours.

    The gradient is free of NaN: pairs of equal eigenvalues, whose eigenvectors are arbitrary, get none.

    Args:
        pointclouds: (N, P, 3) or `Pointclouds`.
        neighborhood_size: neighbours that are looked at, the point itself among them.
        disambiguate_directions: whether to turn the first and last direction towards the larger part of the
            neighbours (Tombari et al., "Unique Signatures of Histograms for Local Surface Description", ECCV
            2010), the second then being the cross product of the two.
        use_symeig_workaround: accepted for compatibility.

    Returns:
        Curvatures (N, P, 3), and frames (N, P, 3, 3) with directions in columns, the normal first.

    Raises:
        ValueError: when points are not three-dimensional, or a cloud has no more points than a neighbourhood.
    """
    points, count = convert_pointclouds_to_tensor(pointclouds)
    if points.shape[2] != 3:
        raise ValueError("The pointclouds argument has to be of shape (minibatch, N, 3)")
    if (count <= neighborhood_size).any():
        raise ValueError("The neighborhood_size argument has to be smaller than each of the point clouds.")
    points = points - (points.sum(dim=1) / count[:, None])[:, None]
    covariances, neighbours = get_point_covariances(points, count, neighborhood_size)
    curvatures, frames = _SymmetricEigen.apply(covariances)
    if disambiguate_directions:
        steps = neighbours - points[:, :, None]
        normal, largest = (_towards_most(steps, frames[..., k]) for k in (0, 2))
        frames = torch.stack([normal, torch.linalg.cross(normal, largest), largest], dim=3)
    return curvatures, frames


def _towards_most(
    steps: Float[Tensor, "batch point k 3"], direction: Float[Tensor, "batch point 3"]
) -> Float[Tensor, "batch point 3"]:
    """Flip directions on whose positive side fewer than half of the neighbours lie."""
    ahead = ((steps * direction[:, :, None]).sum(dim=3) > 0).sum(dim=2, keepdim=True)
    return torch.where(2 * ahead < steps.shape[2], -direction, direction)


class _SymmetricEigen(torch.autograd.Function):
    """`torch.linalg.eigh` whose gradient leaves out pairs of (nearly) equal eigenvalues."""

    @staticmethod
    def forward(ctx: Any, matrices: Tensor) -> tuple[Tensor, Tensor]:
        values, vectors = torch.linalg.eigh(matrices)
        ctx.save_for_backward(values, vectors)
        return values, vectors

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad_values: Tensor, grad_vectors: Tensor) -> Tensor:
        values, vectors = ctx.saved_tensors
        gap = values[..., None, :] - values[..., :, None]
        usable = gap.abs() > 1e-6 * values.abs().amax(dim=-1)[..., None, None]
        inner = torch.where(usable, vectors.mT @ grad_vectors / torch.where(usable, gap, 1.0), 0.0)
        grad: Tensor = vectors @ (inner + torch.diag_embed(grad_values)) @ vectors.mT
        return (grad + grad.mT) / 2
