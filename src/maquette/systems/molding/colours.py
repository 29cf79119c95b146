"""Colours of a molded mesh: read from the pictures it was molded to, or from the mesh it imitates."""

import torch
from jaxtyping import Float
from torch import Tensor

from ...lift.seen_colours import seen_colours, spread_colours
from ...ops import SubdivideMeshes, knn_points, sample_points_from_meshes
from ...renderer import TexturesVertex
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from .normalise import normalise

_FINE = 20_000  # vertices that carry enough detail of colour


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
        colour, w = seen_colours(mesh, normals, images[i], masks[i], cameras[[i]])
        total += w * colour
        weight += w
    known = weight[:, 0] > 1e-6
    colours = spread_colours(verts, total / weight.clamp(min=1e-6), known)
    return _with_colours(mesh, colours)


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
