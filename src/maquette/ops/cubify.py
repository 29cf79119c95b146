"""Voxel grids to meshes of cubes."""

import torch
from torch import Tensor

from ..kernels.cubify import cube_surfaces
from ..structures import Meshes
from ..structures.textures_atlas import TexturesAtlas

__all__ = ["cubify"]

_ALIGNMENTS = ("topleft", "corner", "center")


@torch.no_grad()
def cubify(
    voxels: Tensor,
    thresh: float,
    *,
    feats: Tensor | None = None,
    device: torch.device | str | None = None,
    align: str = "topleft",
) -> Meshes:
    """Make a cube of every occupied voxel, merge their vertices and leave out the sides between two of them.

    Args:
        voxels: (N, D, H, W) occupancies; a voxel of at least `thresh` is occupied.
        thresh: threshold.
        feats: (N, K, D, H, W) colours of the voxels, used when `align` is "center".
        device: where the meshes go; by default where the voxels are.
        align: where the grid lies in [-1, 1]^3, with x along W, y along H and z along D. "topleft": the first
            corner of a cube is at its voxel's grid point, the outermost grid points at -1 and 1; "center":
            cubes are centred on the grid points; "corner": all cubes together fill [-1, 1].

    Returns:
        N meshes, with a `TexturesAtlas` of one colour a face when `feats` are used. An empty grid gives a
        mesh without vertices and faces; where all are empty, as tensors of one axis and length 0.

    Raises:
        ValueError: another `align`.

    Same vertices and faces in the same order as PyTorch3D's function of this name.
    """
    if align not in _ALIGNMENTS:
        raise ValueError("Align mode must be one of (topleft, corner, center).")
    device = voxels.device if device is None else torch.device(device)
    if len(voxels) == 0:
        return Meshes(verts=[], faces=[])
    occupied = (voxels >= thresh).permute(0, 2, 3, 1)
    x, y, z = (_corner_positions(voxels.shape[axis], align).to(voxels.device) for axis in (3, 2, 1))
    colours = feats if align == "center" else None
    cubes = cube_surfaces(occupied, (x, y, z), want_voxels=colours is not None)
    if len(cubes.faces) == 0:
        nothing = [torch.empty(0, dtype=torch.float32, device=device) for _ in voxels]
        return Meshes(verts=nothing, faces=[none.long() for none in nothing])
    verts = list(cubes.verts.to(device).split(cubes.verts_counts))
    faces = list(cubes.faces.to(device).split(cubes.faces_counts))
    textures = None
    if colours is not None:
        rows = colours.permute(0, 3, 4, 2, 1).reshape(-1, colours.shape[1]).to(device)
        atlas = rows.index_select(0, cubes.voxels.to(device))[:, None, None]
        textures = TexturesAtlas(list(atlas.split(cubes.faces_counts)))
    return Meshes(verts=verts, faces=faces, textures=textures)


def _corner_positions(size: int, align: str) -> Tensor:
    """(size + 1,) coordinates of the corners of `size` voxels."""
    corner = torch.arange(size + 1, dtype=torch.float32)
    if align == "center":
        corner = corner - 0.5
    span = size if align == "corner" else max(size - 1, 1)
    return corner * 2.0 / span - 1.0
