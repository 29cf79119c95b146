"""Soft silhouettes of meshes straight from the fused kernel."""

import torch
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.silhouette import soft_silhouette
from maquette.renderer.mesh.clip import ClipFrustum, clip_faces
from maquette.renderer.mesh.packed import pack_clipped, pack_meshes
from maquette.renderer.utils import parse_image_size
from maquette.structures.meshes import Meshes


def soft_silhouettes(
    meshes_ndc: Meshes,
    image_size: int | tuple[int, int],
    sigma: float = 1e-4,
    blur_radius: float = 9.21e-4,
    perspective_correct: bool = True,
    z_clip_value: float | None = None,
) -> Float[Tensor, "mesh height width"]:
    """Soft opacity of each mesh's picture; every face within the blur radius of a pixel counts.

    Args:
        meshes_ndc: N meshes with x and y in NDC and z the view depth, as `MeshRasterizer.transform` gives them.
        image_size: pixels of a square picture, or (height, width).
        sigma: softness, a squared NDC length.
        blur_radius: squared NDC distance up to which a face reaches; ln(1e4 - 1) sigma loses less than 1e-4.
        perspective_correct: whether x and y were divided by the depth, which matters to clipped faces alone.
        z_clip_value: view depth before which faces are cut off.

    Returns:
        alpha in [0, 1], float32 also under autocast.
    """
    size = parse_image_size(image_size)
    with torch.autocast(meshes_ndc.device.type, enabled=False):
        packed = pack_meshes(meshes_ndc)
        if z_clip_value is not None and packed.reaches_before(z_clip_value):
            frustum = ClipFrustum(
                perspective_correct=perspective_correct, cull=False, z_clip_value=z_clip_value
            )
            faces = packed.verts[packed.faces]
            packed = pack_clipped(clip_faces(faces, packed.first, packed.count, frustum))
        groups = (packed.first, packed.count, packed.face_to_mesh)
        return soft_silhouette(packed.verts, packed.faces, *groups, size, sigma, blur_radius)
