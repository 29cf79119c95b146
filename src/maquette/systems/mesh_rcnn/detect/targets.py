"""What the heads learn of a proposal: the object's shape within the frustum behind the proposal's box."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate

from ....ops.box_frustum import BoxFrustums, depth_range
from ....structures import Meshes

Boxes = Float[Tensor, "box 4"]
Cameras = Float[Tensor, "box 4"]


def mesh_targets(meshes: Meshes, boxes: Boxes, cameras: Cameras) -> Meshes:
    """Meshes of the camera frame in the cubes of the frustums behind boxes, between their own depths.

    Args:
        meshes: of each box's object.
        boxes, cameras: as `BoxFrustums.behind` takes them.
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
        cameras: as `BoxFrustums.behind` takes them.
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
        cameras: as `BoxFrustums.behind` takes them.
    """
    half = (extents / cameras[:, 1] / 2).clamp(0, 0.99)
    return middles[:, None] * torch.stack([1 - half, 1 + half], dim=1)
