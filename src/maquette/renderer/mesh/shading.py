"""Light on the entries of fragments: per pixel (Phong), per vertex (Gouraud) or per face (flat).

Each function returns colours (N, H, W, K, C): (ambient + diffuse) * texture + specular. Entries without a
face have position and normal 0.
"""

import torch
from torch import Tensor

from ...structures.cameras_base import CamerasBase
from ...structures.fragments import Fragments
from ...structures.interpolation import interpolate_fragments
from ...structures.meshes import Meshes
from ..lighting import Lights
from ..materials import Materials
from .textures import TexturesVertex


def apply_lighting(
    points: Tensor, normals: Tensor, lights: Lights, cameras: CamerasBase, materials: Materials
) -> tuple[Tensor, Tensor, Tensor]:
    """The three parts of the light that leaves points towards the camera, before texture.

    Args:
        points: (N, H, W, K, 3) positions in the world, or (P, 3).
        normals: normals there, of the same shape.
        lights: N lights, or one; for (P, 3) points, one or P.
        cameras: likewise.
        materials: likewise.

    Returns:
        Ambient (N, 1, 1, 1, C), diffuse (N, H, W, K, C) and specular (N, H, W, K, C) light; for points
        (P, 3) ambient (1 or P, C) and the others (P, C).
    """
    diffuse = lights.diffuse(normals=normals, points=points)
    specular = lights.specular(
        normals=normals,
        points=points,
        camera_position=cameras.get_camera_center(),
        shininess=materials.shininess,
    )

    def spread(color: Tensor) -> Tensor:
        return color if color.ndim == points.ndim else color[:, None, None, None, :]

    ambient = spread(materials.ambient_color * lights.ambient_color)
    return ambient, spread(materials.diffuse_color) * diffuse, spread(materials.specular_color) * specular


def phong_shading_with_pixels(
    meshes: Meshes,
    fragments: Fragments,
    lights: Lights,
    cameras: CamerasBase,
    materials: Materials,
    texels: Tensor,
) -> tuple[Tensor, Tensor]:
    """`phong_shading`, and the (N, H, W, K, 3) positions in the world that it lit."""
    of_verts = torch.cat([meshes.verts_packed(), meshes.verts_normals_packed()], dim=-1)
    points, normals = interpolate_fragments(fragments, of_verts, meshes.faces_packed()).split(3, dim=-1)
    ambient, diffuse, specular = apply_lighting(points, normals, lights, cameras, materials)
    return (ambient + diffuse) * texels + specular, points


def phong_shading(
    meshes: Meshes,
    fragments: Fragments,
    lights: Lights,
    cameras: CamerasBase,
    materials: Materials,
    texels: Tensor,
) -> Tensor:
    """Light every entry at its own position, with the normal interpolated from its face's corners.

    Args:
        meshes: batch of N meshes, in the world.
        fragments: rasterizer output.
        lights: N lights, or one.
        cameras: N cameras, or one.
        materials: N materials, or one.
        texels: (N, H, W, K, C) texture of every entry.

    Returns:
        (N, H, W, K, C) colours.
    """
    colors, _ = phong_shading_with_pixels(meshes, fragments, lights, cameras, materials, texels)
    return colors


def gouraud_shading(
    meshes: Meshes, fragments: Fragments, lights: Lights, cameras: CamerasBase, materials: Materials
) -> Tensor:
    """Light every vertex, then interpolate the colours.

    Args:
        meshes: batch of N meshes with `TexturesVertex`, in the world.
        fragments, lights, cameras, materials: as in `phong_shading`.

    Returns:
        (N, H, W, K, C) colours.

    Raises:
        ValueError: the textures are not per vertex.
    """
    if not isinstance(meshes.textures, TexturesVertex):
        raise ValueError("Mesh textures must be an instance of TexturesVertex")
    if len(meshes.verts_packed()) == 0:
        return fragments.bary_coords.new_zeros((*fragments.pix_to_face.shape, 3))
    if len(meshes) > 1:
        owner = meshes.verts_packed_to_mesh_idx()
        lights, cameras = lights.clone().gather_props(owner), cameras.clone().gather_props(owner)
        materials = materials.clone().gather_props(owner)
    ambient, diffuse, specular = apply_lighting(
        meshes.verts_packed(), meshes.verts_normals_packed(), lights, cameras, materials
    )
    colors = meshes.textures.verts_features_packed() * (ambient + diffuse) + specular
    return interpolate_fragments(fragments, colors, meshes.faces_packed())


def flat_shading(
    meshes: Meshes,
    fragments: Fragments,
    lights: Lights,
    cameras: CamerasBase,
    materials: Materials,
    texels: Tensor,
) -> Tensor:
    """Light every face at the mean of its corners, with the face's own normal.

    Args:
        meshes, fragments, lights, cameras, materials, texels: as in `phong_shading`.

    Returns:
        (N, H, W, K, C) colours.
    """
    centers = meshes.verts_packed()[meshes.faces_packed()].mean(dim=-2)
    of_faces = torch.cat([centers, meshes.faces_normals_packed()], dim=-1)
    covered = fragments.pix_to_face >= 0
    if len(of_faces) == 0:
        of_faces = centers.new_zeros((1, 6))
    at_pixels = torch.where(covered[..., None], of_faces[fragments.pix_to_face.clamp(min=0)], 0.0)
    points, normals = at_pixels.split(3, dim=-1)
    ambient, diffuse, specular = apply_lighting(points, normals, lights, cameras, materials)
    return (ambient + diffuse) * texels + specular
