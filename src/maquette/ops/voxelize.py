"""Meshes to solid voxels."""

import torch
from torch import Tensor

from ..kernels.launch import beside, on_compute_device
from ..kernels.voxel_parts import Parts
from ..kernels.voxelize import solid_cells, touched_cells
from ..structures import Meshes
from ..structures.voxels import VoxelGrid
from .solid_parts import solid_parts

__all__ = ["voxelize"]

_COARSENESS = 2.0**-20  # of positions in a grid, as a part of its side: some roundings in float32


def voxelize(
    meshes: Meshes,
    resolution: int,
    side: float = 1.0,
    center: tuple[float, float, float] = (0.0, 0.0, 0.0),
    fill: bool = True,
) -> VoxelGrid:
    """Solid occupancy of meshes on a grid.

    A cell is solid when a face touches it (exact overlap of triangle and open box), or when its centre lies
    inside of any part. A face in a wall between two cells counts for the one inside of a part, or for the
    further one where neither is solid: sheets and boards on walls keep their layers. Coordinates are rounded
    to walls that are nearer than float32 tells apart. A part is a piece of faces that share edges; vertices
    at the same place count as one. Holes that are small against their part are closed (`solid_parts`), then
    the parity of crossings along rays through the centre in x, y and z tells inside from outside: orientation
    of the faces plays no part, and neither do other parts, so overlaps do not cancel and a cavity that is a
    part of its own is filled. So a mesh that is made of many parts, open, inside out, of mixed orientation or
    short of some faces still has a solid inside. A part with large holes is filled where two of the three
    axes find it inside with faces on both sides; all such parts of a mesh together, where all three do. Last,
    cells that are shut in by solid ones are solid too, as the inside of a cabinet made of boards is.

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
    verts = meshes.verts_packed().detach().double()
    # One rounding for each vertex, so that faces that share one stay closed.
    exact = ((verts - verts.new_tensor(center)) / side + 0.5) * resolution
    walls = exact.round()
    cells = torch.where((exact - walls).abs() < resolution * _COARSENESS, walls, exact).float()
    faces, mesh_of_face = meshes.faces_packed(), meshes.faces_packed_to_mesh_idx()
    solid = _solid(cells, faces, mesh_of_face, len(meshes), resolution, fill)
    return VoxelGrid(solid, side=side, center=center)


@on_compute_device
def _solid(
    cells: Tensor, faces: Tensor, mesh_of_face: Tensor, meshes: int, resolution: int, fill: bool
) -> Tensor:
    """(meshes, n, n, n) bool of vertices in cells and packed faces."""
    corners = cells.index_select(0, faces.reshape(-1)).view(-1, 3, 3)  # many times faster than cells[faces]
    touched = beside(lambda: touched_cells(corners, mesh_of_face, meshes, resolution), cells.device)
    parts = _parts(cells, faces, mesh_of_face) if fill else None
    found = touched()
    if not fill and bool(found.in_walls):
        parts = _parts(cells, faces, mesh_of_face)
    return solid_cells(found, meshes, resolution, parts, fill)


def _parts(cells: Tensor, faces: Tensor, mesh_of_face: Tensor) -> Parts:
    found = solid_parts(cells.cpu().numpy(), faces.cpu().numpy(), mesh_of_face.cpu().numpy())
    return Parts(*(torch.from_numpy(array).to(cells.device) for array in found))
