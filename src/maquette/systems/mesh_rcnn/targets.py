"""What is true of a batch, in the camera space of its pictures."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...data.batch import Batch, known
from ...ops import sample_points_from_meshes
from ...structures import Meshes
from .camera import View, cells_of_camera
from .depths import Z_RANGE, Range
from .loss import Surface

NEEDS = frozenset({"voxels", "sides", "cameras", "meshes"})
_FINER = 2  # cells of the object's grid for one of the frustum's, at least


@dataclass(frozen=True)
class Targets:
    """What is known of pictures with one object each.

    Attributes:
        images: RGB in [0, 1].
        view: how each is seen.
        solid: cells of the frustums, (batch, depth, row, column).
        surface: points of the true surfaces, in camera space.
    """

    images: Float[Tensor, "batch 3 size size"]
    view: View
    solid: Bool[Tensor, "batch depth row column"]
    surface: Surface


def targets_of(batch: Batch, size: int, points: int, z_range: Range = Z_RANGE) -> Targets:
    """The truth about a batch; of several views of an object each is a picture of its own.

    Args:
        batch: with all of `NEEDS`; its pictures show all that R2N2's cameras see.
        size: cells along rows, columns and depth of the frustum.
        points: on every true surface.
        z_range: projected depths at both ends of the frustum.
    """
    truth, views = batch.truth, batch.images.shape[1]
    cameras = batch.cameras.flatten(0, 1)
    view = View.of_cameras(cameras)
    voxels, sides = (x.repeat_interleave(views, 0) for x in (batch.voxels, known(truth.sides)))
    surface = surface_of(known(truth.meshes), view, points, views)
    solid = frustum_voxels(voxels, sides, view, size, z_range)
    return Targets(batch.images.flatten(0, 1), view, solid, surface)


def frustum_voxels(
    voxels: Bool[Tensor, "batch side side side"],
    sides: Float[Tensor, "batch 3"],
    view: View,
    size: int,
    z_range: Range = Z_RANGE,
) -> Bool[Tensor, "batch {size} {size} {size}"]:
    """Cells (depth, row, column) of the frustum that hold a solid cell's middle, as the released code takes them.

    A cell is the one whose grid point is nearest. Solid cells are cut until two of them fit into one of the frustum.

    Args:
        voxels: solid cells, indexed (x, y, z), of boxes around the middle of the object frame.
        sides: edges of the boxes along x, y and z.
        view: of each object.
        size: cells along rows, columns and depth.
        z_range: projected depths at both ends of the frustum.
    """
    side = voxels.shape[-1]
    finer = max(1, -(-_FINER * size // side))
    parts = (torch.arange(finer, device=voxels.device) + 0.5) / finer
    inner = torch.cartesian_prod(parts, parts, parts).view(1, -1, 3)
    to_cells = cells_of_camera(size, z_range).to(view.rotation)
    turn = to_cells[:, :3] @ view.rotation * (sides / side)[:, None]
    shift = to_cells[:, 3] - view.distance[:, None] * to_cells[:, 2] - turn.sum(2) * (side / 2)
    solid = torch.zeros(len(voxels), size**3, dtype=torch.bool, device=voxels.device)
    for i, cells in enumerate(voxels):
        points = (cells.nonzero()[:, None] + inner).reshape(-1, 3)
        *place, w = torch.addmm(shift[i, :, None], turn[i], points.T)
        place = (torch.stack(place) / w).round_()
        within = ((place >= 0) & (place < size)).all(0)
        column, row, depth = place[:, within].long()
        solid[i, (depth * size + row) * size + column] = True
    return solid.view(-1, size, size, size)


def surface_of(meshes: Meshes, view: View, count: int, views: int = 1) -> Surface:
    """Points on objects, each seen in `views` pictures, in these pictures' camera space.

    Args:
        meshes: in the object frame; some may have no faces.
        view: of each picture.
        count: points on each.
        views: pictures of each object.
    """
    there = torch.tensor([len(faces) > 0 for faces in meshes.faces_list()], device=meshes.device)
    known = there.repeat_interleave(views, 0)
    if not bool(there.any()):
        nothing = torch.zeros(len(known), count, 3, device=known.device)
        return Surface(nothing, nothing, known)
    points, normals = sample_points_from_meshes(meshes, count, return_normals=True)
    points, normals = (x.repeat_interleave(views, 0) for x in (points, normals))
    return Surface(view.to_camera(points), view.turned(normals), known)
