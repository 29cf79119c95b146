"""The visual hull without its hollows: what no outline shows, but the colours of several pictures do."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ...lift.swept_depths import swept_depths
from ...ops.fused_depths import without_seen_through
from ...ops.mesh_filtering import taubin_smoothing
from ...ops.pixel_projections import pixel_projections, pixels_of
from ...ops.shrunk import shrunk
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...structures.voxels import VoxelGrid
from .hull import LEVEL, surface_of
from .silhouettes import hard_silhouettes, silhouette_iou

_SIZE = 192  # longest side, in pixels, at which pictures are compared
_KNOWN = 0.4  # least share of the object's pixels with a depth; single pieces of hollows make it worse
_SMOOTHING = 15  # rounds; the steps of cells go, and hollows stay
_MISSED = 2  # views whose outlines lack a cell
_LOST = 0.02  # of the outlines' IoU that a hollow may cost; more, and something was dug through


@torch.no_grad()
def carved_hull(
    images: Float[Tensor, "view 3 height width"],
    masks: Float[Tensor, "view height width"],
    cameras: CamerasBase,
    hull: VoxelGrid,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Meshes | None:
    """The hull of masks without what the pictures look through to reach what they agree to see.

    Depths are swept between the hull's front and back (`lift.swept_depths`), and free the cells before them
    (`ops.without_seen_through`). Plain surfaces tell no depth; there the hull stays.

    Args:
        images: colours in [0, 1].
        masks: > 0.5 on the object.
        cameras: one a picture.
        hull: the visual hull of the masks (`hull.hull_grid`).
        watch: called with how many pictures were looked at, and how many there are.

    Returns:
        A closed mesh; None where less than two fifths of the object's pixels have a depth, where nothing is left,
        or where its outlines fit the masks worse than the hull's by more than 0.02.
    """
    outer = surface_of(hull).to(masks.device)
    depths = swept_depths(shrunk(images, _SIZE), cameras, outer, hull.cell_size, watch=watch)
    there = float((masks > 0.5).float().mean()) * depths.numel()
    if int((~depths.isnan()).sum()) < _KNOWN * there:
        return None
    carved = without_seen_through(hull, depths, cameras, level=LEVEL)
    if not bool((carved.occupancy > LEVEL).any()):
        return None
    mesh = surface_of(_restored(carved, hull, masks, cameras)).to(masks.device)
    mesh = taubin_smoothing(mesh, num_iter=_SMOOTHING)
    before, after = (silhouette_iou(m, cameras, masks).mean() for m in (outer, mesh))
    return mesh if after >= before - _LOST else None


def _restored(
    carved: VoxelGrid, hull: VoxelGrid, masks: Float[Tensor, "view height width"], cameras: CamerasBase
) -> VoxelGrid:
    """Carved shares, but the hull's where two views or more miss it in the outline: thin parts go first."""
    size = (masks.shape[1], masks.shape[2])
    missed = (masks > 0.5) & (hard_silhouettes(surface_of(carved).to(masks.device), cameras, size) < 0.5)
    at = torch.nonzero(hull.occupancy[0] > carved.occupancy[0])
    points = hull.points_from_index(at.float())
    count = torch.zeros(len(at), device=masks.device)
    for there, matrix in zip(missed, pixel_projections(cameras, size), strict=True):
        row, column, _, inside = pixels_of(points, matrix, size)
        count += there[row, column] & inside
    shares = carved.occupancy.clone()
    back = at[count >= _MISSED]
    shares[0, *back.T] = hull.occupancy[0, *back.T]
    return VoxelGrid(shares, hull.side, hull.center)
