"""Colours of a molded mesh: read from the pictures it was molded to, or from the mesh it imitates."""

import torch
from jaxtyping import Float
from torch import Tensor

from ...io.errors import say_left_out
from ...lift.seen_colours import seen_colours, spread_colours
from ...lift.texture import paint_texture
from ...lift.unwrap import can_unwrap
from ...ops import SubdivideMeshes, knn_points, sample_points_from_meshes
from ...renderer import TexturesVertex
from ...renderer.views import render_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from .normalise import normalise
from .pictures import TargetPictures

_TEXELS = 1024
_FINE = 20_000  # vertices that carry enough detail of colour


def refine(mesh: Meshes, verts: int = _FINE) -> Meshes:
    """Split every face in four until there are at least `verts` vertices; the surface stays the same."""
    while len(mesh.verts_packed()) < verts:
        mesh = SubdivideMeshes()(Meshes(mesh.verts_list(), mesh.faces_list()))
    return mesh


def colour(mesh: Meshes, pictures: TargetPictures, texture: int | None) -> Meshes:
    """Give a mesh the colours of pictures, where they have any: as a texture, or at its vertices.

    Args:
        mesh: one mesh in the cameras' world.
        pictures: of it.
        texture: texels along the texture's longer side, 1024 when not given; 0 for colours at vertices, which are
            also what there is where xatlas is not installed.

    Warns:
        LeftOut: a texture that was asked for without xatlas.
    """
    if pictures.images is None:
        return mesh
    if texture != 0 and can_unwrap():
        views = list(pictures.images), list(pictures.masks), pictures.cameras
        return paint_texture(mesh, *views, texture or _TEXELS)
    if texture:
        say_left_out("the texture, which needs xatlas (pip install xatlas); vertices are coloured instead")
    return paint(mesh, pictures.images, pictures.masks, pictures.cameras)


@torch.no_grad()
def psnr_inside(
    mesh: Meshes,
    images: Float[Tensor, "view 3 height width"],
    masks: Float[Tensor, "view height width"],
    cameras: CamerasBase,
) -> float:
    """Peak signal-to-noise ratio of a mesh's bare colours in dB: the mean over views, where mesh and mask both are.

    Views without such a pixel do not count; 0 where none has one.
    """
    seen = render_views(mesh, cameras, (masks.shape[1], masks.shape[2]), lit=False)
    both = seen.masks & (masks > 0.5)
    pairs = zip(seen.images, images, both, strict=True)
    errors = [(a - b)[:, common].square().mean() for a, b, common in pairs if bool(common.any())]
    if not errors:
        return 0.0
    return float(torch.stack([-10 * error.clamp(min=1e-10).log10() for error in errors]).mean())


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
