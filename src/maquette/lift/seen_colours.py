"""What one picture says about the colours of a mesh's vertices."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample, normalize

from ..ops import knn_points
from ..renderer import MeshRasterizer, RasterizationSettings
from ..renderer.utils import ndc_to_grid_sample_coords
from ..structures import Meshes
from ..structures.cameras import CamerasBase

_LARGEST = 512  # longest side of the depth pictures that visibility is read from
_DEPTH_SLACK = 0.02  # of the mesh's extent in depth, by which a visible vertex may lie behind the picture
_COVERED = 0.9  # share of a mask in what bilinear sampling reads, for a vertex to count as on it
_SHARPNESS = 6  # power of the cosine that a view counts with: the one that looks straight on wins


def seen_colours(
    mesh: Meshes,
    normals: Float[Tensor, "vert 3"],
    image: Float[Tensor, "3 height width"],
    mask: Float[Tensor, "height width"],
    camera: CamerasBase,
) -> tuple[Float[Tensor, "vert 3"], Float[Tensor, "vert 1"]]:
    """Colours that a picture shows at the vertices of a mesh, and how much each counts.

    A picture counts where it sees the vertex, inside its mask, by the cosine between normal and direction of
    view to a high power.

    Args:
        mesh: one mesh in the camera's world.
        normals: unit normals at its vertices.
        image: colours in [0, 1].
        mask: 1 on the object.
        camera: one camera.

    Returns:
        Colours, and weights in [0, 1]; a colour of weight 0 means nothing.
    """
    verts, size = mesh.verts_packed(), (image.shape[1], image.shape[2])
    at = _project(mesh, camera, size).to(image.dtype)
    colour = grid_sample((image * mask)[None], at, align_corners=False)[0, :, 0].T
    share = grid_sample(mask[None, None], at, align_corners=False)[0, 0, 0]
    facing = (normals * normalize(camera.get_camera_center() - verts, dim=1)).sum(dim=1).clamp(min=0)
    seen = (share > _COVERED) & _is_visible(mesh, camera, at, size)
    return colour / share.clamp(min=_COVERED)[:, None], (seen * facing**_SHARPNESS)[:, None]


def _project(mesh: Meshes, camera: CamerasBase, size: tuple[int, int]) -> Float[Tensor, "1 1 vert 2"]:
    """Where `grid_sample` finds the vertices in a picture."""
    ndc = MeshRasterizer(camera).transform(mesh)
    return ndc_to_grid_sample_coords(ndc.verts_packed()[None, None, :, :2], size)


def _is_visible(
    mesh: Meshes, camera: CamerasBase, at: Float[Tensor, "1 1 vert 2"], size: tuple[int, int]
) -> Bool[Tensor, " vert"]:
    """Vertices in front of the camera and in the picture that no other part of the mesh hides.

    A vertex may lie behind the surface in the picture by a small share of the mesh's depth.
    """
    scale = min(_LARGEST / max(size), 1.0)
    settings = RasterizationSettings(image_size=(round(size[0] * scale), round(size[1] * scale)))
    seen = MeshRasterizer(camera, settings)(mesh)
    zbuf = torch.where(seen.pix_to_face >= 0, seen.zbuf, torch.inf)[..., 0]
    nearest = grid_sample(zbuf[None], at, mode="nearest", align_corners=False)[0, 0, 0]
    depth = camera.get_world_to_view_transform().transform_points(mesh.verts_packed()[None])[0, :, 2]
    inside = (at.abs() <= 1).all(dim=-1)[0, 0] & (depth > 0)
    return inside & (depth <= nearest + _DEPTH_SLACK * (depth.max() - depth.min()))


def spread_colours(
    verts: Float[Tensor, "vert 3"], colours: Float[Tensor, "vert 3"], known: Bool[Tensor, " vert"]
) -> Float[Tensor, "vert 3"]:
    """Colours with those of unknown vertices taken from the nearest known one; grey when none is known."""
    if not bool(known.any()):
        return torch.full_like(colours, 0.7)
    nearest = knn_points(verts[None], verts[known][None]).idx[0, :, 0]
    return torch.where(known[:, None], colours, colours[known][nearest])
