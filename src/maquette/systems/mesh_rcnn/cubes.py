"""From voxels of the frustum to meshes of cubes in camera space, and spheres to start from instead."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...ops import cubify
from ...structures import Meshes
from ...utils import ico_sphere
from .camera import AHEAD, camera_of_grid
from .depths import Z_RANGE, Range

SPHERE_LEVEL, SUBDIVIDED_LEVEL = 4, 2
_RADIUS = 0.35  # of a sphere where objects are


class Cubes(NamedTuple):
    """Meshes of cubes.

    Attributes:
        meshes: in camera space, with faces outwards; none is empty.
        empty: where no cell reached the threshold.
    """

    meshes: Meshes
    empty: Bool[Tensor, " batch"]


@torch.no_grad()
def cubes_of(
    logits: Float[Tensor, "batch depth row column"],
    threshold: float,
    original: bool,
    z_range: Range = Z_RANGE,
) -> Cubes:
    """The solid cells' surface.

    Args:
        logits: of the cells of frustums.
        threshold: least probability of a solid cell. Where none has it, the cell of the highest counts.
        original: as the released code: cubes begin at their grid points, half a cell off the middle of what the
            voxels were trained on; where none is above the threshold the middle half of each axis is solid.
        z_range: projected depths at both ends of the frustums.
    """
    solid = logits.float().sigmoid()
    above = solid > threshold if original else solid >= threshold
    empty = ~above.flatten(1).any(1)
    if original:
        first, last = logits.shape[-1] // 4, 3 * logits.shape[-1] // 4
        solid[empty, first:last, first:last, first:last] = 1.0
    else:
        solid = above.float()
        best = logits.flatten(1).argmax(1)
        which = empty.nonzero()[:, 0]
        solid.flatten(1)[which, best[which]] = 1.0
    made = cubify(solid, threshold, align="topleft" if original else "center")
    counts = made.num_verts_per_mesh().tolist()
    verts = camera_of_grid(made.verts_packed(), z_range).split(counts)
    return Cubes(Meshes(list(verts), made.faces_list()), empty)


def spheres(count: int, level: int, device: torch.device, original: bool = False) -> Meshes:
    """Spheres in camera space: where objects are; those of the released code have radius 1 and hold the camera."""
    sphere = ico_sphere(level, device)
    verts, faces = sphere.verts_packed(), sphere.faces_packed()
    if not original:
        verts = _RADIUS * verts - verts.new_tensor([0.0, 0.0, AHEAD])
    return Meshes([verts] * count, [faces] * count)
