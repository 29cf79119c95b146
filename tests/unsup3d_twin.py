"""The depth that a camera sees, in float64 and one triangle after another: slow, and easy to read."""

import torch
from torch import Tensor

FAR = 100.0


def twin_depth(verts: Tensor, faces: Tensor, size: int) -> Tensor:
    """Depth of the nearest triangle of one mesh at the middle of every pixel, differentiable to the vertices.

    Args:
        verts: (V, 3) in normalised device coordinates, x left and y up, with depth.
        faces: (F, 3).
        size: pixels a side.

    Returns:
        (size, size), 100 where there is no triangle.
    """
    middles = 1 - (2 * torch.arange(size, dtype=torch.float64) + 1) / size
    points = torch.stack(torch.meshgrid(middles, middles, indexing="ij")[::-1], -1).view(-1, 1, 2)
    corners = verts[faces].double()
    a, b, c = corners[..., :2].unbind(1)
    area = cross(b - a, c - a)
    flat = area.abs() < 1e-12
    ahead = [(b, c), (c, a), (a, b)]
    shares = torch.stack([cross(p - points, q - points) for p, q in ahead], -1)
    weights = shares / area.where(~flat, 1.0)[:, None]
    inside = (weights >= 0).all(-1) & ~flat
    depth = 1 / (weights / corners[..., 2]).sum(-1)
    depth = depth.where(inside, torch.full_like(depth, FAR))
    nearest, _ = depth.min(1)
    return nearest.view(size, size)


def cross(p: Tensor, q: Tensor) -> Tensor:
    """Twice the signed area between two vectors in the picture."""
    return p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]
