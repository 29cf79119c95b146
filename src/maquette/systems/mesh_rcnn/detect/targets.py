"""What the heads learn of a proposal: the object's shape within the frustum behind the proposal's box."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate

from ....ops.box_frustum import BoxFrustums
from ....structures import Meshes

Boxes = Float[Tensor, "box 4"]
Cameras = Float[Tensor, "box 4"]


def depth_range(points: Float[Tensor, "point 3"]) -> Float[Tensor, " 2"]:
    """Least and largest depth of an object."""
    return torch.stack([points[:, 2].min(), points[:, 2].max()])


def voxel_targets(
    points: Sequence[Float[Tensor, "_point 3"]], boxes: Boxes, cameras: Cameras, side: int
) -> Bool[Tensor, "box side side side"]:
    """Cells of each frustum's grid that hold a point, indexed (depth, row, column).

    As in the released code a place between -1 and 1 is cut off, not rounded, to a cell, and towards 0: so what lies
    less than a cell before the first one counts for it, and only the far end itself for the last.

    Args:
        points: solid points of each box's object, in the camera frame.
        boxes: left, top, right, bottom in pixels.
        cameras: as `BoxFrustums.behind` takes them.
        side: cells along each edge.
    """
    depths = torch.stack([depth_range(own) for own in points])
    frustums = BoxFrustums.behind(boxes, cameras, depths)
    each = frustums.split()
    return torch.stack(
        [filled(one.into_cubes(own[None])[0], side) for one, own in zip(each, points, strict=True)]
    )


def filled(places: Float[Tensor, "point 3"], side: int) -> Bool[Tensor, "side side side"]:
    """Cells, indexed (depth, row, column), that places in the cube [-1, 1]^3 fall into.

    Columns and rows are cut off on axes that grow to the left and upwards, and turned around behind that.
    """
    flipped = places * places.new_tensor([-1.0, -1.0, 1.0])
    cells = ((flipped + 1) * (side - 1) / 2).long()
    x, y, z = cells[((cells >= 0) & (cells < side)).all(1)].unbind(1)
    grid = torch.zeros(side, side, side, dtype=torch.bool, device=places.device)
    grid[z, side - 1 - y, side - 1 - x] = True
    return grid


def mesh_targets(meshes: Meshes, boxes: Boxes, cameras: Cameras) -> Meshes:
    """Meshes of the camera frame in the cubes of the frustums behind boxes, between their own depths.

    Args:
        meshes: of each box's object.
        boxes, cameras: as for `voxel_targets`.
    """
    depths = torch.stack([depth_range(verts) for verts in meshes.verts_list()])
    frustums = BoxFrustums.behind(boxes, cameras, depths)
    return meshes.update_padded(frustums.into_cubes(meshes.verts_padded()))


def mask_targets(
    masks: Bool[Tensor, "box height width"], boxes: Boxes, side: int
) -> Bool[Tensor, "box side side"]:
    """Masks within boxes: cut at whole pixels, scaled bilinearly, and on wherever anything of them is left.

    Args:
        masks: of each box's object, in the whole picture.
        boxes: left, top, right, bottom in pixels.
        side: pixels along each edge.
    """
    height, width = masks.shape[1:]
    cut = torch.empty(len(boxes), side, side, dtype=torch.bool, device=masks.device)
    for i, (left, top, right, bottom) in enumerate(boxes.long().tolist()):
        left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
        part = masks[i, top : max(bottom, top + 1), left : max(right, left + 1)]
        cut[i] = interpolate(part[None, None].float(), (side, side), mode="bilinear")[0, 0] > 0
    return cut


def relative_extents(meshes: Meshes, cameras: Cameras) -> Float[Tensor, " box"]:
    """Depth of objects over the distance of their middles, in pixels of the picture: what the z head tells, as its
    logarithm in heights of the box.

    Args:
        meshes: in the camera frame.
        cameras: as for `voxel_targets`.
    """
    near, far = torch.stack([depth_range(verts) for verts in meshes.verts_list()]).unbind(1)
    return cameras[:, 1] * 2 * (far - near) / (far + near)


def depths_around(
    extents: Float[Tensor, " box"], middles: Float[Tensor, " box"], cameras: Cameras
) -> Float[Tensor, "box 2"]:
    """Near and far end of objects of which the middle is known: the way back from `relative_extents`.

    Args:
        extents: as `relative_extents` gives them.
        middles: distance of each one's middle along the camera's axis.
        cameras: as for `voxel_targets`.
    """
    half = (extents / cameras[:, 1] / 2).clamp(0, 0.99)
    return middles[:, None] * torch.stack([1 - half, 1 + half], dim=1)
