"""Normals of points from the spread of their neighbours."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

PAIRS_AT_ONCE = 1 << 24


def estimate_normals(
    points: Float[Tensor, "cloud point 3"],
    counts: list[int],
    neighborhood_size: int = 50,
    disambiguate_directions: bool = True,
) -> Float[Tensor, "cloud point 3"]:
    """Unit normals by principal component analysis of the nearest neighbours.

    The normal is the direction of least variance. Its sign is arbitrary, or, with
    `disambiguate_directions`, such that at least half of the neighbours lie on its side (Tombari, Salti, Di
    Stefano: Unique Signatures of Histograms for Local Surface Description, ECCV 2010).

    Args:
        points: clouds, filled up to the same number of points.
        counts: number of points of each cloud.
        neighborhood_size: neighbours of a point, itself included.
        disambiguate_directions: fix the signs.

    Returns:
        normals, zero for padding. Neighbours are constants: the gradient flows through their positions.

    Raises:
        ValueError: a cloud has no more points than `neighborhood_size`.
    """
    if any(count <= neighborhood_size for count in counts):
        raise ValueError(
            "The neighborhood_size argument has to be smaller than the size of each point cloud."
        )
    normals = points.new_zeros(points.shape)
    rows = []
    for cloud, count in zip(points.unbind(0), counts, strict=True):
        found = _normals_of_cloud(cloud[:count], neighborhood_size, disambiguate_directions)
        rows.append(torch.cat([found, normals[0, count:]]))
    return torch.stack(rows) if rows else normals


def _normals_of_cloud(
    points: Float[Tensor, "point 3"], size: int, disambiguate: bool
) -> Float[Tensor, "point 3"]:
    near = points[_nearest(points.detach(), size)]
    centred = near - near.mean(1, keepdim=True)
    spread = centred.transpose(1, 2) @ centred / size
    normals = _direction_of_least_variance(spread)
    if disambiguate:
        side = ((near - points[:, None]) @ normals[..., None]).squeeze(-1)
        behind = (side > 0).sum(1) < 0.5 * size
        normals = torch.where(behind[:, None], -normals, normals)
    return normals


def _direction_of_least_variance(spread: Float[Tensor, "point 3 3"]) -> Float[Tensor, "point 3"]:
    """Eigenvector of the smallest eigenvalue, with a gradient that stays finite where eigenvalues coincide.

    To first order the vector n moves by the sum over the other eigenvectors v_k of v_k (v_k' dC n) / (l_n -
    l_k). Terms with coinciding eigenvalues, where the direction is not defined, are left out.
    """
    values, vectors = torch.linalg.eigh(spread.detach())
    normal: Tensor = vectors[..., 0]
    others: Tensor = vectors[..., 1:]
    gap = values[:, :1] - values[:, 1:]
    apart = gap < -1e-6 * values[:, 2:].abs()
    inverse = torch.where(apart, gap, 1.0).reciprocal().masked_fill(~apart, 0.0)
    change = (spread - spread.detach()) @ normal[..., None]
    weights = (others.transpose(1, 2) @ change).squeeze(-1) * inverse
    return normal + (others @ weights[..., None]).squeeze(-1)


def _nearest(points: Float[Tensor, "point 3"], size: int) -> Int[Tensor, "point near"]:
    """Indices of the `size` points nearest to each point, computed in blocks of bounded memory."""
    step = max(1, PAIRS_AT_ONCE // max(len(points), 1))
    blocks = (torch.cdist(block, points) for block in points.split(step))
    return torch.cat([block.topk(size, dim=1, largest=False).indices for block in blocks])
