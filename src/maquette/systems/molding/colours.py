"""Colours of a molded mesh: read from the pictures it was molded to, or from the mesh it imitates."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample, normalize

from ...ops import SubdivideMeshes, knn_points, sample_points_from_meshes
from ...renderer import MeshRasterizer, RasterizationSettings, TexturesVertex
from ...renderer.utils import ndc_to_grid_sample_coords
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from .normalise import normalise

_FINE = 20_000  # vertices that carry enough detail of colour
_LARGEST = 512  # longest side of the depth pictures that visibility is read from
_DEPTH_SLACK = 0.02  # of the mesh's extent in depth, by which a visible vertex may lie behind the picture
_COVERED = 0.9  # share of a mask in what bilinear sampling reads, for a vertex to count as on it
_SHARPNESS = 6  # power of the cosine that a view counts with: the one that looks straight on wins


def refine(mesh: Meshes, verts: int = _FINE) -> Meshes:
    """Split every face in four until there are at least `verts` vertices; the surface stays the same."""
    while len(mesh.verts_packed()) < verts:
        mesh = SubdivideMeshes()(Meshes(mesh.verts_list(), mesh.faces_list()))
    return mesh


@torch.no_grad()
def paint(
    mesh: Meshes,
    images: Float[Tensor, "view 3 height width"],
    masks: Float[Tensor, "view height width"],
    cameras: CamerasBase,
) -> Meshes:
    """Give each vertex the colour that the pictures show at it.

    A view counts where it sees the vertex, inside its mask, by the cosine between normal and direction of view
    to a high power. Vertices that no view sees take the colour of the nearest one that is seen.

    Args:
        mesh: one mesh in the cameras' world.
        images, masks, cameras: of each view.

    Returns:
        The mesh, refined to carry detail, with `TexturesVertex`.
    """
    mesh = refine(mesh)
    verts, normals = mesh.verts_packed(), normalise(mesh)[0].verts_normals_packed()
    total, weight = torch.zeros_like(verts), torch.zeros_like(verts[:, :1])
    for i in range(len(cameras)):
        camera = cameras[[i]]
        height, width = images.shape[2:]
        at = _project(mesh, camera, (height, width))
        colour = grid_sample((images[i] * masks[i])[None], at, align_corners=False)[0, :, 0].T
        share = grid_sample(masks[None, i : i + 1], at, align_corners=False)[0, 0, 0]
        facing = (normals * normalize(camera.get_camera_center() - verts, dim=1)).sum(dim=1).clamp(min=0)
        seen = (share > _COVERED) & _is_visible(mesh, camera, at, (height, width))
        w = (seen * facing**_SHARPNESS)[:, None]
        total += w * colour / share.clamp(min=_COVERED)[:, None]  # without the background's share
        weight += w
    known = weight[:, 0] > 1e-6
    colours = _spread(verts, total / weight.clamp(min=1e-6), known)
    return _with_colours(mesh, colours)


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


def _spread(verts: Tensor, colours: Tensor, known: Tensor) -> Float[Tensor, "vert 3"]:
    if not bool(known.any()):
        return torch.full_like(colours, 0.7)
    nearest = knn_points(verts[None], verts[known][None]).idx[0, :, 0]
    return torch.where(known[:, None], colours, colours[known][nearest])


def _with_colours(mesh: Meshes, colours: Tensor) -> Meshes:
    textures = TexturesVertex([colours.clamp(0, 1)])
    return Meshes(mesh.verts_list(), mesh.faces_list(), textures)


@torch.no_grad()
def copy_colours(mesh: Meshes, target: Meshes, points: int = 200_000) -> Meshes:
    """Give each vertex the colour of the target's nearest surface point.

    Args:
        mesh: one mesh near the target.
        target: one mesh with a texture.
        points: sampled on the target.
    """
    mesh = refine(mesh)
    sampled = sample_points_from_meshes(target, points, return_textures=True)
    where, colours = sampled[0], sampled[-1]
    nearest = knn_points(mesh.verts_padded(), where).idx[0, :, 0]
    return _with_colours(mesh, colours[0, nearest, :3])
