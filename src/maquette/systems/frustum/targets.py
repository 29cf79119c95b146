"""What is true of a batch, in the frustums of its pictures."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import max_pool2d, max_pool3d

from ...data.batch import Batch, known
from .grid import Frustum, Pose, cells_of_grid, grid_of_cells
from .rays import rays_on, taken

NEEDS = frozenset({"voxels", "sides", "cameras", "windows", "masks", "depth"})
_SCORED = 32  # cells along an edge of the grids that scores are taken on
_FINER = 2  # places in a cell along each axis that are looked at


@dataclass(frozen=True)
class Targets:
    """What is known of pictures with one object each.

    Attributes:
        images: RGB in [0, 1].
        masks: 1 on the object.
        frustum, pose: how it is seen.
        on: (batch, row, column) rays that meet the object or pass beside it.
        solid: solid part of the cells of these rays.
        front: where each first meets the object, in cells; -1 where it does not.
        image: (n,) which picture each ray belongs to.
    """

    images: Float[Tensor, "batch 3 size size"]
    masks: Float[Tensor, "batch 1 size size"]
    frustum: Frustum
    pose: Pose
    on: Tensor
    solid: Float[Tensor, "n depth"]
    front: Float[Tensor, " n"]
    image: Tensor


def targets_of(batch: Batch, resolution: int) -> Targets:
    """The truth about a batch; of several views of an object each is a picture of its own.

    Args:
        batch: with all of `NEEDS`; its cameras look at the middle of the objects.
        resolution: cells along columns, rows and depth.
    """
    truth, views = batch.truth, batch.images.shape[1]
    images, masks, depth = (known(x).flatten(0, 1) for x in (batch.images, truth.masks, truth.depth))
    frustum = Frustum.of_windows(known(truth.windows).flatten(0, 1), images.shape[-1])
    pose = Pose.of_cameras(batch.cameras.flatten(0, 1))
    voxels, sides = (x.repeat_interleave(views, 0) for x in (batch.voxels, known(truth.sides)))
    cells = cells_of_grid(voxels, sides, frustum, pose, resolution, resolution)
    on = rays_on(masks, resolution)
    return Targets(
        images,
        masks,
        frustum,
        pose,
        on,
        solid=taken(cells, on),
        front=taken(_fronts(depth, frustum, pose, resolution), on)[:, 0],
        image=on.nonzero()[:, 0],
    )


def _fronts(
    depth: Float[Tensor, "image 1 size size"], frustum: Frustum, pose: Pose, resolution: int
) -> Float[Tensor, "image 1 row column"]:
    """Place of the nearest surface that the pixels of each ray show, in cells; -1 where none does."""
    seen = torch.where(depth > 0, depth, torch.inf)
    nearest = -max_pool2d(-seen, depth.shape[-1] // resolution)
    focal, distance = (x[:, None, None, None] for x in (frustum.focal, pose.distance))
    place = ((nearest / distance - 1) * focal / frustum.extent + 0.5) * resolution
    return torch.where(nearest.isfinite(), place.clamp(0, resolution - 0.5), -1.0)


def object_grid(
    field: Float[Tensor, "image depth row column"],
    sides: Float[Tensor, "image 3"],
    frustum: Frustum,
    pose: Pose,
    resolution: int = _SCORED,
) -> Float[Tensor, "image x y z"]:
    """Probability that each cell of the box around an object is solid: the largest at some places in it."""
    places = grid_of_cells(field, sides, frustum, pose, _FINER * resolution)
    return max_pool3d(places[:, None], _FINER)[:, 0]
