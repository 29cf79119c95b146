"""A mesh again, as the even surface of the solid that it stands for."""

import torch
from torch.nn.functional import avg_pool3d, pad

from ..ops.marching_cubes import marching_cubes
from ..ops.voxelize import voxelize
from ..structures import Meshes
from .surface import outwards

_FINER = 3  # voxels along a cell
_LEVEL = 0.5 + 0.5 / _FINER  # share of a cell's voxels; of those at the surface all are solid, half too many
_CLEAR = 1e-3  # least distance of shares from the level: at it triangles go, and the surface opens


@torch.no_grad()
def solid_surface(mesh: Meshes, cells: int = 64) -> Meshes:
    """One closed mesh of triangles of about one size around the solid of a mesh (`ops.voxelize`).

    Args:
        mesh: one mesh, of any kind: open, of many parts, with triangles of all sizes.
        cells: along the longest edge of its box; what is thinner than one may be lost.

    Returns:
        a mesh in the same place, without colours, with two faces at every edge that look outwards.

    Raises:
        ValueError: nothing of it is thick enough.
    """
    verts = mesh.verts_packed()
    low, high = verts.amin(dim=0), verts.amax(dim=0)
    middle, side = (low + high) / 2, float((high - low).max()) * (1 + 2 / cells)
    x, y, z = middle.tolist()
    solid = voxelize(mesh, _FINER * cells, side, (x, y, z)).occupancy
    share = pad(avg_pool3d(solid[:, None].float(), _FINER)[0, 0], [1] * 6)
    share = share.masked_fill((share - _LEVEL).abs() < _CLEAR, _LEVEL - _CLEAR)
    found, faces = marching_cubes(
        share.permute(2, 1, 0)[None].contiguous(), _LEVEL, return_local_coords=False
    )
    if not len(faces[0]):
        raise ValueError(f"nothing of the mesh is as thick as one of {cells} cells")
    points = middle + ((found[0] - 0.5) / cells - 0.5) * side  # the first cell is one of the border's
    return Meshes([points], [outwards(points, faces[0])])
