"""The visual hull as the start of molding: what has holes and handles has them before the first step."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from ...lift.surface import outwards, without_specks
from ...ops.marching_cubes import marching_cubes
from ...ops.visual_hull import visual_hull
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...structures.mask_box import reaches_border
from ...structures.voxels import VoxelGrid
from .normalise import Normalisation
from .silhouettes import silhouette_iou

Masks = Float[Tensor, "view height width"] | Sequence[Float[Tensor, "_h _w"]]
FEWEST = 6  # views from which on the hull is the better start; fewer leave it large corners
_CELLS = 64  # along an edge; their size is about that of the edges that molding remeshes to
_ROOM = 1.1  # edge of the box, in those of the working frame's cube
LEVEL = 0.4  # share of a cell at its surface: a little below half, so that thin parts stay
_CLEAR = 1e-3  # least distance of shares from the level: at it triangles go, and the surface opens
AGREE = 0.8  # IoU of the hull's outlines with the masks below which these do not fit one another


@torch.no_grad()
def hull_mesh(
    masks: Masks, cameras: CamerasBase, frame: Normalisation, cells: int = _CELLS, whole: bool = False
) -> Meshes:
    """The visual hull of masks as a closed mesh, without the smallest of its pieces; arguments as of `hull_grid`."""
    return surface_of(hull_grid(masks, cameras, frame, cells, whole)).to(masks[0].device)


@torch.no_grad()
def hull_grid(
    masks: Masks, cameras: CamerasBase, frame: Normalisation, cells: int = _CELLS, whole: bool = False
) -> VoxelGrid:
    """The visual hull of masks in a box around the working frame.

    Args:
        masks: > 0.5 on the object; in a sequence they may differ in size. Beyond a picture whose border the mask does
            not reach is background.
        cameras: one a mask.
        frame: the working frame; the box that is carved is somewhat larger than its cube.
        cells: along each edge of that box.
        whole: whether the object ends where the pictures do, even where a mask reaches the border.

    Raises:
        ValueError: no cell lies on all masks.
    """
    x, y, z = frame.shift.tolist()
    ends = [whole or not reaches_border(mask > 0.5) for mask in masks]
    grid = visual_hull(masks, cameras, cells, 2 * _ROOM * frame.scale, (x, y, z), whole=ends)
    if not bool((grid.occupancy > LEVEL).any()):
        raise ValueError("the masks have no place in common that could be the start; is a camera wrong?")
    return grid


def outlines_agree(hull: Meshes, cameras: CamerasBase, masks: Float[Tensor, "view height width"]) -> bool:
    """Whether a hull looks as its masks do; where masks or cameras are wrong, it lacks what one of them cut off."""
    return float(silhouette_iou(hull, cameras, masks).mean()) >= AGREE


def start_from_hull(
    masks: Float[Tensor, "view height width"], cameras: CamerasBase, frame: Normalisation
) -> VoxelGrid | None:
    """The hull where it is a better start than a sphere: of `FEWEST` views or more that agree with each other."""
    if len(masks) < FEWEST:
        return None
    try:
        hull = hull_grid(masks, cameras, frame)
    except ValueError:
        return None
    return hull if outlines_agree(surface_of(hull).to(masks.device), cameras, masks) else None


def surface_of(grid: VoxelGrid) -> Meshes:
    """The surface of shares as a closed mesh, without the smallest of its pieces."""
    share, _ = without_specks(grid.occupancy[0].cpu(), LEVEL)
    share = share.masked_fill((share - LEVEL).abs() < _CLEAR, LEVEL - _CLEAR)
    volume = pad(share, [1] * 6).permute(2, 1, 0)[None].contiguous()
    verts, faces = marching_cubes(volume, LEVEL, return_local_coords=False)
    points = grid.points_from_index(verts[0] - 1)
    return Meshes([points], [outwards(points, faces[0])])
