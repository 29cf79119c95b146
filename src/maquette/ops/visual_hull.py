"""What an object may fill at most, as far as its masks tell: its visual hull, carved out of a grid."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ..kernels.carve import carve
from ..structures.cameras import CamerasBase
from ..structures.voxels import VoxelGrid
from .pixel_projections import pixel_projections

__all__ = ["visual_hull"]

_GOLDEN = 0.618034


@torch.no_grad()
def visual_hull(
    masks: Float[Tensor, "view height width"] | Sequence[Tensor],
    cameras: CamerasBase,
    resolution: int = 64,
    side: float = 1.0,
    center: tuple[float, float, float] = (0.0, 0.0, 0.0),
    margin: float = 0.5,
    whole: bool | Sequence[bool] = False,
) -> VoxelGrid:
    """Carve a box by silhouettes: a cell goes where some view that sees all of it sees background alone.

    A cell is judged over its extent, not by its centre: in each picture by the smallest upright rectangle around
    its projected corners, grown by `margin`. So

    - no cell is carved that holds a point which is seen on the mask, or within `margin` of it, in every picture
      that shows it. A mask drawn at pixel centres misses up to half a pixel of the object's outline, for which
      the default makes up;
    - in every view that sees a kept cell, the mask reaches into that rectangle, which lies within the projection
      of the cell and its neighbours, grown by the margin. Kept cells are therefore those of the hull of masks
      that are wider by less than a cell and the margin.

    Args:
        masks: > 0.5 on the object; a sequence of (height, width) or (1, height, width) may differ in size.
        cameras: one a mask, of any kind that projects to NDC or pixels.
        resolution: cells along each edge of the box.
        side: length of an edge of the box in the world.
        center: middle of the box in the world.
        margin: in pixels, >= 0.
        whole: whether the object is whole in the pictures, or in each: beyond them is background. Else nothing is
            known of what a picture does not show all of. What reaches behind a camera is never carved by it.

    Returns:
        One grid of shares in [0, 1]: 0 for carved cells, else more than 0, the least share of the rectangle that
        any view's mask covers. Its level 0.5 is the hull's surface within a part of a cell; cells above 0 hold
        all of the object.

    Raises:
        ValueError: no masks, not one a camera, an empty box, a margin below 0, or masks too large in all.

    After Laurentini, "The Visual Hull Concept for Silhouette-Based Image Understanding", 1994.
    """
    shapes = [tuple(mask.shape[-2:]) for mask in masks]
    flags = [whole] * len(shapes) if isinstance(whole, bool) else list(whole)
    if not shapes or not len(shapes) == len(cameras) == len(flags):
        raise ValueError(f"expected a mask for each of {len(cameras)} cameras, not {len(shapes)}")
    if resolution < 1 or not 0 < side < float("inf") or not margin >= 0:
        raise ValueError(f"no box of {resolution} cells and side {side}, or no margin: {margin}")
    if sum((height + 1) * (width + 1) for height, width in shapes) >= 2**31:
        raise ValueError("the masks have 2 billion pixels or more together")
    order = _apart(len(shapes))
    device = cameras.R.device
    sums = [_sums(masks[i]).to(device) for i in order]
    starts = torch.tensor([0, *(len(table) for table in sums[:-1])]).cumsum(0).tolist()
    tables = [(shapes[i][1], shapes[i][0], start) for i, start in zip(order, starts, strict=True)]
    grid = _to_world(resolution, side, center).to(device)
    projections = torch.cat([pixel_projections(cameras[[i]], shapes[i]) for i in order])
    shares = carve(
        resolution,
        (projections @ grid).contiguous(),
        torch.tensor([flags[i] for i in order], device=device),
        torch.tensor(tables, dtype=torch.int32, device=device),
        torch.cat(sums),
        margin,
    )
    return VoxelGrid(shares[None], side, center)


def _apart(count: int) -> list[int]:
    """Numbers of views in an order in which neighbours lie apart, so that most cells go after a few of them."""
    return sorted(range(count), key=lambda i: (i * _GOLDEN) % 1)


def _sums(mask: Tensor) -> Tensor:
    """A mask's table of sums as one row, int32: entry (i, j) counts the pixels above row i and left of column j."""
    flat = (mask.reshape(mask.shape[-2:]) > 0.5).int()
    return torch.nn.functional.pad(flat, (1, 0, 1, 0)).cumsum(0).cumsum(1).int().reshape(-1)


def _to_world(n: int, side: float, center: tuple[float, float, float]) -> Float[Tensor, "4 4"]:
    """From cells' indices, of which i is the lower face of cell i, to the world; for column vectors."""
    matrix = torch.eye(4, dtype=torch.float64) * (side / n)
    matrix[:3, 3] = torch.tensor(center, dtype=torch.float64) - side / 2
    matrix[3, 3] = 1
    return matrix
