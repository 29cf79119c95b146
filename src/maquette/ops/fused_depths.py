"""A volume without what views look through to reach what they see."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..structures.cameras import CamerasBase
from ..structures.voxels import VoxelGrid
from .pixel_projections import pixel_projections, pixels_of

_BEHIND = 1.5  # cells behind a surface that are taken for solid
_MOST = 3.0  # rays by which a cell's cost differs from that of one that no ray tells of
_STEPS = 120  # of the minimisation; its surface moves by less than a tenth of a cell afterwards
_DUAL, _PRIMAL = 1 / 3, 1 / 4  # step sizes, whose product is at most one over the gradient's squared norm, 12


@torch.no_grad()
def without_seen_through(
    grid: VoxelGrid,
    depths: Float[Tensor, "view height width"],
    cameras: CamerasBase,
    doubt: float = 0.1,
    smoothness: float = 0.3,
    level: float = 0.5,
) -> VoxelGrid:
    """Take out of a volume what views look through, where most of them say so and the surface stays small.

    A ray with a known depth says of the cells before it that they are empty, and of those up to one and a half cells
    behind it that they are solid; of what lies farther behind it says nothing. The kept share u of each cell, in
    [0, 1], is the smallest in sum of u times (empty - solid - `doubt`) / 3 and `smoothness` times the total variation
    within the volume (Zach, Pock and Bischof, ICCV 2007; minimised as Chambolle and Pock, 2011).

    Args:
        grid: one volume of shares in [0, 1], such as a visual hull; nothing is added to it.
        depths: of each view's pixels along its axis; NaN where unknown.
        cameras: one a depth map.
        doubt: rays that say solid for cells that no ray tells of, > 0.
        smoothness: >= 0.
        level: of the volume's surface, in (0, 1).

    Returns:
        The same grid with the smaller of its shares and of those that are kept, whose surface is at `level`, too.
    """
    shares = grid.occupancy[0]
    at = torch.nonzero(shares > 0)
    if len(at) == 0:
        return grid
    low, high = at.amin(dim=0), at.amax(dim=0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    cost = torch.zeros_like(shares)
    cost[tuple(at.T)] = (_balance(grid, at, depths, cameras) - doubt).clamp(-_MOST, _MOST) / _MOST
    kept = torch.zeros_like(shares)
    kept[box] = _smallest(cost[box], shares[box] > 0, smoothness)
    kept = torch.where(kept > 0.5, 1 - 2 * (1 - level) * (1 - kept), 2 * level * kept)
    return VoxelGrid(torch.minimum(shares, kept)[None], grid.side, grid.center)


def _balance(
    grid: VoxelGrid,
    at: Int[Tensor, "cell 3"],
    depths: Float[Tensor, "view height width"],
    cameras: CamerasBase,
) -> Float[Tensor, " cell"]:
    """Rays that say empty, less those that say solid."""
    points = grid.points_from_index(at.float())
    size = (depths.shape[1], depths.shape[2])
    balance = torch.zeros(len(at), device=depths.device)
    for depth, matrix in zip(depths, pixel_projections(cameras, size), strict=True):
        row, column, z, inside = pixels_of(points, matrix, size)
        before = ((depth[row, column] - z) / grid.cell_size).float()
        told = inside & (before > -_BEHIND)
        balance += torch.where(before > 0, before.clamp(max=1), -1.0).where(told, 0.0)
    return balance


def _smallest(cost: Float[Tensor, "x y z"], free: Tensor, smoothness: float) -> Float[Tensor, "x y z"]:
    """Shares with the least cost and variation; 0 where they are not free."""
    kept = free.float()
    ahead, flow = kept, torch.zeros(3, *cost.shape, device=cost.device)
    inner = _gradient(kept) == 0  # between free cells, or others; the volume's own surface costs nothing
    for _ in range(_STEPS):
        flow = flow + _DUAL * _gradient(ahead) * inner
        length = (flow[0] * flow[0] + flow[1] * flow[1] + flow[2] * flow[2]).sqrt()  # faster than norm(dim=0)
        flow = flow / (length / max(smoothness, 1e-6)).clamp(min=1)
        moved = (kept + _PRIMAL * (_divergence(flow) - cost)).clamp(0, 1) * free
        ahead, kept = 2 * moved - kept, moved
    return kept


def _gradient(values: Float[Tensor, "x y z"]) -> Float[Tensor, "3 x y z"]:
    """Differences to the next cell along each axis; 0 at the last."""
    result = values.new_zeros(3, *values.shape)
    for axis in range(3):
        result[axis].narrow(axis, 0, values.shape[axis] - 1).copy_(values.diff(dim=axis))
    return result


def _divergence(flow: Float[Tensor, "3 x y z"]) -> Float[Tensor, "x y z"]:
    """The negative adjoint of `_gradient`."""
    result = torch.zeros_like(flow[0])
    for axis in range(3):
        count = result.shape[axis] - 1
        along = flow[axis].narrow(axis, 0, count)
        result.narrow(axis, 0, count).add_(along)
        result.narrow(axis, 1, count).sub_(along)
    return result
