"""Random points on the surfaces of meshes."""

import torch
from torch import Tensor

from maquette.kernels.sample_points import sample_surface
from maquette.structures.fragments import Fragments
from maquette.structures.meshes import Meshes


def sample_points_from_meshes(
    meshes: Meshes, num_samples: int = 10000, return_normals: bool = False, return_textures: bool = False
) -> Tensor | tuple[Tensor, ...]:
    """Points drawn uniformly, by area, from the surface of each mesh.

    Differentiable with respect to the vertices: a point keeps its face and its barycentric coordinates.
    Random numbers come from torch's generator of the meshes' device. Areas are measured in float64.

    Args:
        meshes: a batch of N meshes.
        num_samples: points S a mesh.
        return_normals: whether to return the unit normal of each point's face.
        return_textures: whether to return the texture at each point.

    Returns:
        Points (N, S, 3); with them, in this order and where asked for, normals (N, S, 3) and textures (N,
        S, C). A mesh without faces gets zeros everywhere.

    Raises:
        ValueError: when no mesh has faces, a vertex is not finite, or textures are asked for and missing.
        RuntimeError: when a mesh has faces but no area.
    """
    if meshes.isempty():
        raise ValueError("Meshes are empty.")
    verts, faces = meshes.verts_packed(), meshes.faces_packed()
    if not _is_finite(verts):
        raise ValueError("Meshes contain nan or inf.")
    if return_textures and meshes.textures is None:
        raise ValueError("Meshes do not contain textures.")

    points, chosen, weights = sample_surface(
        verts,
        faces,
        meshes.mesh_to_faces_packed_first_idx(),
        meshes.num_faces_per_mesh(),
        meshes.faces_packed_to_mesh_idx(),
        torch.rand(len(meshes), num_samples, 3, dtype=torch.float32, device=verts.device),
    )
    _require_area(chosen, meshes)
    if not (return_normals or return_textures or verts.dtype == torch.float64):
        return points
    drawn = (chosen >= 0)[..., None]
    face = chosen.clamp(min=0)
    if verts.dtype == torch.float64:
        points = (verts[faces[face]] * weights[..., None]).sum(dim=2)
    results: tuple[Tensor, ...] = ()
    if return_normals:
        results += (torch.where(drawn, meshes.faces_normals_packed()[face], 0.0),)
    if return_textures:
        results += (torch.where(drawn, _texture_at(meshes, face, weights), 0.0),)
    return (points, *results) if results else points


def _is_finite(verts: Tensor) -> bool:
    # a finite sum, one quick pass, needs finite terms; only an infinite one has to be looked into
    return bool(verts.detach().sum().isfinite()) or bool(verts.isfinite().all())


def _require_area(chosen: Tensor, meshes: Meshes) -> None:
    undrawn = (chosen[:, :1] < 0).any(1)
    if bool((undrawn & (meshes.num_faces_per_mesh() > 0)).any()):
        raise RuntimeError("Meshes without area, or with one beyond all numbers, cannot be sampled.")


def _texture_at(meshes: Meshes, face: Tensor, weights: Tensor) -> Tensor:
    """Texture of points on faces, read as a picture one pixel wide in which each point is a pixel."""
    pixel = face[:, :, None, None]
    unused = torch.zeros_like(pixel, dtype=weights.dtype)
    fragments = Fragments(pixel, unused, weights[:, :, None, None], unused)
    return meshes.sample_textures(fragments)[:, :, 0, 0]
