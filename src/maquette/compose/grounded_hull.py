"""The visual hull of an object on the ground, which is only seen from above: without what hangs below it.

Outlines from above leave a pyramid under whatever stands on the ground. It is cut off as far up as no outline
changes.
"""

import torch
from torch import Tensor

from ..structures import Meshes
from ..structures.voxels import VoxelGrid
from ..systems.molding.hull import hull_grid, surface_of
from ..systems.molding.pictures import TargetPictures
from ..systems.molding.silhouettes import find_ball, silhouette_iou

_LOST = 0.005  # IoU of outlines that the cut may cost
_MOST = 0.5  # of the hull's height that it may take


@torch.no_grad()
def grounded_hull(pictures: TargetPictures) -> Meshes:
    """The visual hull, +Y up, cut from below as far as it looks the same.

    Args:
        pictures: whose masks are carved.

    Raises:
        ValueError: masks that have no place in common.
    """
    masks, cameras = pictures.masks, pictures.cameras
    grid = hull_grid(masks, cameras, find_ball(cameras, masks))
    solid = torch.nonzero(grid.occupancy[0].amax((0, 2)) > 0)[:, 0]
    low, high = int(solid.min()), int(solid.max()) + 1

    def iou(cells: int) -> float:
        return float(
            silhouette_iou(surface_of(_cut(grid, low + cells)).to(masks.device), cameras, masks).mean()
        )

    whole, fine, bad = iou(0), 0, max(1, int(_MOST * (high - low)))
    while bad - fine > 1:  # outlines only get worse the more is cut
        middle = (fine + bad) // 2
        fine, bad = (middle, bad) if iou(middle) >= whole - _LOST else (fine, middle)
    return surface_of(_cut(grid, low + fine)).to(masks.device)


def _cut(grid: VoxelGrid, row: int) -> VoxelGrid:
    shares: Tensor = grid.occupancy.clone()
    shares[:, :, :row] = 0
    return VoxelGrid(shares, grid.side, grid.center)
