"""Pictures of a mesh from many viewpoints, framed alike, to be compared with a picture of the object."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from ..renderer.mesh.rasterize_meshes import rasterize_meshes
from ..renderer.views import cameras_from_r2n2
from ..structures import Meshes
from ..structures.mask_box import mask_box

SIZE = 64  # pixels a side of what is compared
FILL = 0.875  # share of the window that the longer side of the object's box takes


@dataclass(frozen=True)
class Target:
    """The object in a picture, framed to its box.

    Attributes:
        image: colours in [0, 1]; 0 outside of the object.
        mask: in [0, 1].
        middle: of the object's box in the picture, x and y in pixels.
        longest: longer side of the box in pixels.
    """

    image: Float[Tensor, "3 size size"]
    mask: Float[Tensor, "size size"]
    middle: tuple[float, float]
    longest: float


@dataclass(frozen=True)
class Candidates:
    """A mesh seen from N viewpoints.

    Attributes:
        covered: where the mesh is.
        normals: in the camera frame (+X left, +Y up, +Z away); 0 outside.
        depth: in the object frame's units, less that of the nearest point; 0 outside.
    """

    covered: Bool[Tensor, "view size size"]
    normals: Float[Tensor, "view size size 3"]
    depth: Float[Tensor, "view size size"]


def frame_target(
    image: Float[Tensor, "3 height width"], mask: Float[Tensor, "1 height width"]
) -> Target | None:
    """Cut the object out of a picture, its box's longer side scaled to a fixed share of a small square.

    Returns:
        The object; None when the mask is empty.
    """
    box = mask_box(mask[0] > 0.5)
    if box is None:
        return None
    top, bottom, left, right = box
    longest = max(bottom - top, right - left)
    height, width = (max(1, round(FILL * SIZE * side / longest)) for side in (bottom - top, right - left))
    both = torch.cat([image * mask, mask])[:, top:bottom, left:right]
    small = interpolate(both[None], (height, width), mode="bilinear", antialias=True, align_corners=False)[0]
    canvas = small.new_zeros(4, SIZE, SIZE)
    y, x = (SIZE - height) // 2, (SIZE - width) // 2
    canvas[:, y : y + height, x : x + width] = small.clamp(0, 1)
    alone = canvas[:3] / canvas[3:].clamp(min=1e-3) * (canvas[3:] > 0.05)
    return Target(alone.clamp(0, 1), canvas[3], ((left + right) / 2, (top + bottom) / 2), float(longest))


def project(
    verts: Float[Tensor, "vert 3"], views: Float[Tensor, "view 3"]
) -> tuple[
    Float[Tensor, "view vert 3"], Float[Tensor, "view 3 3"], Float[Tensor, "view 2"], Float[Tensor, " view"]
]:
    """Vertices on the plane at distance 1 before each camera.

    Args:
        verts: of a mesh in the object frame.
        views: azimuth and elevation in degrees and ratio of distances of each camera, in R2N2's sense.

    Returns:
        x / z, y / z and z in the camera frame; rotations; middle and longer side of the projected box.
    """
    cameras = cameras_from_r2n2(views[:, 0], views[:, 1], views[:, 2], verts.device)
    seen = verts @ cameras.R + cameras.T[:, None]
    flat = seen[..., :2] / seen[..., 2:].clamp(min=1e-3)
    low, high = flat.amin(dim=1), flat.amax(dim=1)
    longest = (high - low).amax(dim=1).clamp(min=1e-6)
    return torch.cat([flat, seen[..., 2:]], dim=2), cameras.R, (low + high) / 2, longest


def see(mesh: Meshes, views: Float[Tensor, "view 3"]) -> Candidates:
    """Draw a mesh from N viewpoints, each framed to the box of its silhouette."""
    verts, faces = mesh.verts_packed(), mesh.faces_packed()
    seen, R, middle, longest = project(verts, views)
    framed = (seen[..., :2] - middle[:, None]) * (2 * FILL / longest)[:, None, None]
    batch = Meshes(torch.cat([framed, seen[..., 2:]], dim=2), faces[None].expand(len(views), -1, -1))
    pix_to_face, zbuf, _, _ = rasterize_meshes(batch, SIZE, faces_per_pixel=1)
    covered = pix_to_face[..., 0] >= 0
    number = (pix_to_face[..., 0] % max(len(faces), 1)).clamp(min=0)
    face_normals = normalize(mesh.faces_normals_packed(), dim=1)
    normals = (face_normals @ R)[torch.arange(len(views), device=verts.device)[:, None, None], number]
    near = seen[..., 2].amin(dim=1)[:, None, None]
    depth = torch.where(covered, zbuf[..., 0] - near, 0.0)
    return Candidates(covered, normals * covered[..., None], depth)
