"""Pixel2Mesh's regulariser on the change of Laplacian coordinates."""

from torch import Tensor

from ..structures import Meshes
from ._reduce import mean_over_meshes, zero_loss
from .mesh_laplacian_smoothing import uniform_laplacian_coordinates


def mesh_laplacian_change_loss(before: Meshes, after: Meshes) -> Tensor:
    """(1/N) sum over meshes of the mean over vertices of |d'_i - d_i|^2.

    d_i is vertex i minus the mean of its neighbours, before and after a deformation (Wang et al., Pixel2Mesh,
    2018, equation 4). It lets a mesh move as it likes as long as neighbours move alike.

    Args:
        before: N meshes.
        after: the same meshes with moved vertices, as made by `before.offset_verts`.

    Returns:
        scalar, differentiable in the vertices of both; a zero of shape (1,) for an empty batch.

    Raises:
        ValueError: the batches have different numbers of meshes, vertices or faces.
    """
    if len(before) != len(after) or before.verts_packed().shape != after.verts_packed().shape:
        raise ValueError("before and after must be the same meshes with moved vertices.")
    if before.faces_packed().shape != after.faces_packed().shape:
        raise ValueError("before and after must have the same faces.")
    if after.isempty():
        return zero_loss(after)
    moved = after.offset_verts(-before.verts_packed())
    change = uniform_laplacian_coordinates(moved).square().sum(1)
    return mean_over_meshes(change, after.verts_packed_to_mesh_idx(), after.num_verts_per_mesh())
