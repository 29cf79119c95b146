"""Per-face texture squares ("atlas") from texture pictures, as SoftRas and PyTorch3D lay them out.

Each face gets an R x R square. Cell (x, y) stands for one of the R² little triangles that the face is cut
into; with w0, w1, w2 the barycentric coordinates of that triangle's centroid,

    x + y < R:   w0 = (x + 1/3) / R,          w1 = (y + 1/3) / R
    otherwise:   w0 = (R - 1 - x + 2/3) / R,  w1 = (R - 1 - y + 2/3) / R
    w2 = 1 - w0 - w1

(the cells above the diagonal hold the triangles that point the other way). Liu et al., "Soft Rasterizer: A
Differentiable Renderer for Image-based 3D Reasoning", ICCV 2019.
"""

import warnings

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def cell_barycentrics(size: int, device: torch.device | str = "cpu") -> Tensor:
    """Barycentric coordinates of the atlas cells: (size, size, 3), indexed [y, x]."""
    y, x = torch.meshgrid(*[torch.arange(size, device=device)] * 2, indexing="ij")
    xy = torch.stack([x, y], dim=-1).float()
    lower = (x + y < size)[..., None]
    w01 = torch.where(lower, xy + 1.0 / 3.0, size - 1.0 - xy + 2.0 / 3.0) / size
    return torch.cat([w01, 1 - w01.sum(-1, keepdim=True)], dim=-1)


def make_material_atlas(image: Tensor, faces_verts_uvs: Tensor, texture_size: int) -> Tensor:
    """Sample one picture into per-face squares.

    Args:
        image: (H, W, C), first row at v = 0.
        faces_verts_uvs: (F, 3, 2) texture coordinates of each face's corners, in [0, 1].
        texture_size: R, side of the squares.

    Returns:
        (F, R, R, C).
    """
    bary = cell_barycentrics(texture_size, faces_verts_uvs.device)
    positions = torch.einsum("yxk,fkc->fyxc", bary, faces_verts_uvs)
    return _bilinear_interpolation_grid_sample(image, positions)


def _bilinear_interpolation_grid_sample(image: Tensor, grid: Tensor) -> Tensor:
    """(H, W, C) `image` at (N, R, R, 2) places in [0, 1] -> (N, R, R, C); 0 and 1 are pixel centres."""
    count, rows, columns = grid.shape[:3]
    flat = grid.reshape(1, count * rows, columns, 2) * 2.0 - 1.0
    found = F.grid_sample(image.permute(2, 0, 1)[None], flat, mode="bilinear", align_corners=True)
    return found[0].permute(1, 2, 0).reshape(count, rows, columns, image.shape[2])


def make_mesh_texture_atlas(
    material_properties: dict[str, dict[str, Tensor]] | None,
    texture_images: dict[str, Tensor] | None,
    face_material_names: np.ndarray,
    faces_uvs: Tensor,
    verts_uvs: Tensor,
    texture_size: int,
    texture_wrap: str | None,
) -> Tensor:
    """Per-face texture squares of a mesh with several materials.

    Args:
        material_properties: name -> properties; "diffuse_color" fills the faces without a picture.
        texture_images: name -> (H, W, 3) picture, first row on top.
        face_material_names: (F,) strings, "" where a face has no material (it becomes white).
        faces_uvs: (F, 3) indices into `verts_uvs`.
        verts_uvs: (T, 2).
        texture_size: R.
        texture_wrap: "repeat" (the integer part of coordinates outside [0, 1] is dropped, with a warning),
            "clamp", or None.

    Returns:
        (F, R, R, 3) float32.

    Raises:
        ValueError: an index beyond `verts_uvs` (negative ones count from its end), or a colour that is none.
    """
    atlas = torch.ones(len(faces_uvs), texture_size, texture_size, 3, device=faces_uvs.device)
    if not material_properties and not texture_images:
        return atlas
    for name, properties in (material_properties or {}).items():
        if "diffuse_color" in properties:
            color = properties["diffuse_color"]
            if len(color) not in (1, 3):
                raise ValueError(f"the diffuse color of {name!r} has {len(color)} numbers")
            atlas[_faces_of(name, face_material_names, atlas.device)] = color
    count = len(verts_uvs)
    if count == 0:
        return atlas
    if bool(((faces_uvs >= count) | (faces_uvs < -count)).any()):
        raise ValueError("a texture coordinate index is out of range")
    corners = wrap_uvs(verts_uvs[faces_uvs], texture_wrap)
    for name, image in (texture_images or {}).items():
        chosen = _faces_of(name, face_material_names, atlas.device)
        upright = torch.flip(image[:, :, :3], [0]).type_as(corners)
        atlas[chosen] = make_material_atlas(upright, corners[chosen], texture_size)
    return atlas


def _faces_of(name: str, face_material_names: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(face_material_names == name).to(device)


def wrap_uvs(uvs: Tensor, texture_wrap: str | None) -> Tensor:
    """Bring texture coordinates into [0, 1] ("repeat" warns when there is something to do)."""
    if texture_wrap == "repeat" and bool(((uvs > 1) | (uvs < 0)).any()):
        warnings.warn(
            "Texture UV coordinates outside the range [0, 1]. "
            "The integer part will be ignored to form a repeating pattern.",
            stacklevel=3,
        )
        return uvs % 1
    return uvs.clamp(0.0, 1.0) if texture_wrap == "clamp" else uvs
