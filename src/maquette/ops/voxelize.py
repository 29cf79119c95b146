"""Meshes to solid voxels."""

import torch

from ..kernels.launch import compute_device
from ..kernels.voxelize import solid_cells
from ..structures import Meshes
from ..structures.voxels import VoxelGrid

__all__ = ["voxelize"]


def voxelize(
    meshes: Meshes,
    resolution: int,
    side: float = 1.0,
    center: tuple[float, float, float] = (0.0, 0.0, 0.0),
    fill: bool = True,
) -> VoxelGrid:
    """Solid occupancy of meshes on a grid.

    A cell is solid when a face touches it (exact overlap of triangle and closed box), or when its centre lies
    inside. Inside is found by the parity of crossings along rays through the centre in x, y and z;
    orientation of the faces plays no part. A ray with an odd number of crossings in all has gone through a
    hole and does not vote; the other rays decide by majority, one against one counting as inside. So a mesh
    that is open, inside out, of mixed orientation or short of some faces still has a solid inside. Where
    closed parts overlap, an even number of them cancels, as parity has it.

    Args:
        meshes: N meshes. Faces with coordinates that are not finite are skipped; what lies outside of the
            grid is cut off.
        resolution: cells along each axis, >= 1.
        side: length of an edge of the grid, in the meshes' units.
        center: middle of the grid.
        fill: mark the inside too, not only the surface.

    Returns:
        `VoxelGrid` of N grids of booleans on the device of the meshes.

    Raises:
        ValueError: a resolution below 1.
    """
    if resolution < 1:
        raise ValueError(f"resolution must be at least 1, got {resolution}")
    where = compute_device(meshes.device)
    verts = meshes.verts_packed().detach().to(where, torch.float32)
    # One rounding for each vertex, so that faces that share one stay closed.
    cells = ((verts - verts.new_tensor(center)) / side + 0.5) * resolution
    corners = cells[meshes.faces_packed().to(where)]
    mesh_of_face = meshes.faces_packed_to_mesh_idx().to(where)
    solid = solid_cells(corners, mesh_of_face, len(meshes), resolution, fill)
    return VoxelGrid(solid.to(meshes.device), side=side, center=center)
