"""Level sets of volumes as triangle meshes."""

from typing import Any

import torch
from torch import Tensor

from ..kernels.marching_cubes import extract_surface
from ..kernels.marching_cubes_tables import CORNERS, EDGES, TRIANGLES

__all__ = ["marching_cubes", "marching_cubes_naive"]

_NEAR = 1e-5
Parts = list[Any]  # a tensor a volume, or an empty list


class _Surface(torch.autograd.Function):
    """Ties the vertices to the volume only to refuse a gradient that does not exist."""

    @staticmethod
    def forward(
        ctx: Any, volume: Tensor, level: float, scale: tuple[float, float, float], shift: float
    ) -> tuple[Tensor, Tensor]:
        verts, faces = extract_surface(volume.float(), level, scale, shift)
        ctx.mark_non_differentiable(faces)
        return verts.to(volume.dtype), faces

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> None:
        raise ValueError("marching_cubes backward is not supported")


def marching_cubes(
    vol_batch: Tensor, isolevel: float | None = None, return_local_coords: bool = True
) -> tuple[Parts, Parts]:
    """Surfaces on which volumes take a given value.

    Args:
        vol_batch: (N, D, H, W) values at grid points.
        isolevel: the value; None: halfway between the smallest and the largest value of each volume.
        return_local_coords: vertices in [-1, 1]^3 if True, else in [0, W - 1] x [0, H - 1] x [0, D - 1].

    Returns:
        N times vertices (V_n, 3) as (x, y, z) along (W, H, D), and N times int64 faces (F_n, 3); empty lists
        stand for a volume without a surface. Not differentiable: a backward pass raises ValueError.

    Follows PyTorch3D's operator of this name, order of vertices and faces included. Differs where the surface
    passes through grid points (values closer than 1e-5 to the level): there it has one vertex, not one an edge, and
    only triangles that vanish are left out, not also the rest of their cell. So it is closed within the volume.
    """
    batched_verts: Parts = []
    batched_faces: Parts = []
    for volume in vol_batch:
        scale, shift = _placement(volume, return_local_coords)
        verts, faces = _Surface.apply(volume, _level(volume, isolevel), scale, shift)
        batched_verts.append(verts if len(faces) else [])
        batched_faces.append(faces if len(faces) else [])
    return batched_verts, batched_faces


def marching_cubes_naive(
    vol_batch: Tensor, isolevel: float | None = None, return_local_coords: bool = True
) -> tuple[Parts, Parts]:
    """`marching_cubes` in a few lines of plain torch: slower, in the type of the volumes, to compare with."""
    batched_verts: Parts = []
    batched_faces: Parts = []
    for volume in vol_batch.detach():
        scale, shift = _placement(volume, return_local_coords)
        verts, faces = _surface_in_torch(volume, _level(volume, isolevel))
        verts = verts * verts.new_tensor(scale) + shift
        batched_verts.append(verts if len(faces) else [])
        batched_faces.append(faces if len(faces) else [])
    return batched_verts, batched_faces


def _level(volume: Tensor, isolevel: float | None) -> float:
    return ((volume.max() + volume.min()) / 2).item() if isolevel is None else float(isolevel)


def _placement(volume: Tensor, local: bool) -> tuple[tuple[float, float, float], float]:
    """Scale and shift from grid steps to the coordinates asked for."""
    if not local:
        return (1.0, 1.0, 1.0), 0.0
    depth, height, width = volume.shape
    x, y, z = (2.0 / max(size - 1, 1) for size in (width, height, depth))
    return (x, y, z), -1.0


def _surface_in_torch(volume: Tensor, level: float) -> tuple[Tensor, Tensor]:
    _, height, width = volume.shape
    device, flat = volume.device, volume.reshape(-1)
    strides = torch.tensor([1, width, width * height], device=device)
    corners = torch.tensor(CORNERS, device=device)
    z, y, x = torch.meshgrid(*(torch.arange(s - 1, device=device) for s in volume.shape), indexing="ij")
    first = (x + width * y + width * height * z).reshape(-1)
    below = flat[first[:, None] + corners @ strides] < level
    case = (below * 2 ** torch.arange(8, device=device)).sum(1)
    # The grid edge under every corner of every triangle, as the flat indices of its two ends.
    table = torch.full((256, 15), -1, device=device)
    for index, row in enumerate(TRIANGLES):
        table[index, : len(row)] = torch.tensor(row, dtype=torch.int64, device=device)
    cell, slot = (table[case] >= 0).nonzero().unbind(1)
    ends = corners[torch.tensor(EDGES, device=device)[table[case[cell], slot]]] @ strides + first[cell, None]
    points = _cut_edges(flat, level, ends, width, height)
    nearest = points.round()
    on_grid = ((points - nearest).abs() < _NEAR).all(1)
    points = torch.where(on_grid[:, None], nearest, points)
    # Vertices are grid points or edges, in the order of (cell, first mention of the edge in the cell's case).
    key = torch.where(on_grid, nearest.long() @ strides, (1 + ends[:, 0]) * volume.numel() + ends[:, 1])
    mention = (table[:, :, None] == table[:, None, :]).int().argmax(2)
    place = cell * 16 + mention[case[cell], slot]
    group = key.unique(return_inverse=True)[1]
    first = torch.full_like(key, 16 * len(case)).scatter_reduce(0, group, place, "amin")[group].view(-1, 3)
    kept = (first != first.roll(1, 1)).all(1)
    used, number = first[kept].unique(return_inverse=True)
    verts = points.new_zeros(len(used), 3)
    return verts.index_copy(0, number.reshape(-1), points.view(-1, 3, 3)[kept].reshape(-1, 3)), number


def _cut_edges(flat: Tensor, level: float, ends: Tensor, width: int, height: int) -> Tensor:
    """(K, 3) positions at which the surface cuts edges, given by the flat indices (K, 2) of their ends."""
    a, b = flat[ends].unbind(1)
    apart = (a - b).abs() >= _NEAR
    share = torch.where(apart, (level - a) / (b - a).where(apart, 1.0), 0.0)
    share = share.masked_fill((level - b).abs() < _NEAR, 1.0).masked_fill((level - a).abs() < _NEAR, 0.0)
    grid = torch.stack([ends % width, ends // width % height, ends // (width * height)], dim=-1)
    begin, end = grid.to(flat.dtype).unbind(1)
    return begin + (end - begin) * share[:, None]
