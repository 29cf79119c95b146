"""Meshes of fewer faces."""

import fast_simplification
import numpy as np
import torch

from ..structures import Meshes

__all__ = ["simplify"]


def simplify(meshes: Meshes, faces: int) -> Meshes:
    """Reduce every mesh to about `faces` faces by collapsing edges of least quadric error.

    Args:
        meshes: N meshes; those of no more than `faces` faces are passed on as they are.
        faces: number of faces to reach, >= 1. The result may keep a few more where no edge can be collapsed.

    Returns:
        N new meshes without textures, on the same device. Not differentiable.

    Raises:
        ValueError: `faces` below 1.

    The work is done by the library fast-simplification (quadric edge collapse after Garland and Heckbert,
    1997).
    """
    if faces < 1:
        raise ValueError(f"faces must be at least 1, got {faces}")
    pairs = zip(meshes.verts_list(), meshes.faces_list(), strict=True)
    reduced = [_simplify_one(verts, triangles, faces) for verts, triangles in pairs]
    return Meshes(verts=[v for v, _ in reduced], faces=[f for _, f in reduced])


def _simplify_one(verts: torch.Tensor, faces: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    if len(faces) <= count:
        return verts.detach(), faces
    points = np.ascontiguousarray(verts.detach().cpu().numpy())
    triangles = np.ascontiguousarray(faces.cpu().numpy(), dtype=np.int32)
    new_points, new_triangles = fast_simplification.simplify(points, triangles, target_count=count)
    return (
        torch.as_tensor(new_points).to(verts),
        torch.as_tensor(new_triangles.astype(np.int64)).to(faces.device),
    )
