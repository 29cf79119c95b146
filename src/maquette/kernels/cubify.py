"""Surfaces of occupied voxels as triangle meshes, written row by row.

A row is a line of grid corners along the last axis, with the voxels that begin at them. One pass counts what each
row adds, a running sum gives each row its place, and two passes write vertices and faces there. A corner is a
vertex where some but not all of the eight voxels around it are occupied.
"""

from typing import NamedTuple

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device

# Two triangles for each side of a cube, in the order x-, y+, z-, y-, x+, z+; corners are numbered 4 x + 2 y + z.
_TRIANGLES = [
    [[0, 1, 2], [1, 3, 2]],
    [[2, 3, 6], [3, 7, 6]],
    [[0, 2, 6], [0, 6, 4]],
    [[0, 5, 1], [0, 4, 5]],
    [[6, 7, 5], [6, 5, 4]],
    [[1, 7, 3], [1, 5, 7]],
]


@wp.func
def _is_open(occupied: wp.array4d(dtype=wp.uint8), n: int, y: int, x: int, z: int, side: int) -> bool:
    """Whether the voxel beyond one side of the voxel at padded position (y, x, z) is empty."""
    if side == 0:
        x -= 1
    elif side == 1:
        y += 1
    elif side == 2:
        z -= 1
    elif side == 3:
        y -= 1
    elif side == 4:
        x += 1
    else:
        z += 1
    return occupied[n, y, x, z] == wp.uint8(0)


@wp.func
def _around(occupied: wp.array4d(dtype=wp.uint8), n: int, y: int, x: int, z: int) -> int:
    """Number of occupied voxels among the four around a corner in one layer."""
    a = int(occupied[n, y, x, z]) + int(occupied[n, y, x + 1, z])
    return a + int(occupied[n, y + 1, x, z]) + int(occupied[n, y + 1, x + 1, z])


@wp.kernel(enable_backward=False)
def _count(
    start: int,
    occupied: wp.array4d(dtype=wp.uint8),
    counts: wp.array2d(dtype=wp.int64),
) -> None:
    row = start + wp.tid()
    width = occupied.shape[2] - 1
    height = occupied.shape[1] - 1
    depth = occupied.shape[3] - 1
    x = row % width
    y = (row // width) % height
    n = row // (width * height)
    verts = int(0)
    faces = int(0)
    below = _around(occupied, n, y, x, 0)
    for z in range(depth):
        above = _around(occupied, n, y, x, z + 1)
        around = below + above
        below = above
        if around > 0 and around < 8:
            verts += 1
        if y + 1 < height and x + 1 < width and z + 1 < depth:
            if occupied[n, y + 1, x + 1, z + 1] != wp.uint8(0):
                for side in range(6):
                    if _is_open(occupied, n, y + 1, x + 1, z + 1, side):
                        faces += 2
    counts[0, row] = wp.int64(verts)
    counts[1, row] = wp.int64(faces)


@wp.kernel(enable_backward=False)
def _write_verts(
    start: int,
    occupied: wp.array4d(dtype=wp.uint8),
    ends: wp.array2d(dtype=wp.int64),
    counts: wp.array2d(dtype=wp.int64),
    xs: wp.array(dtype=float),
    ys: wp.array(dtype=float),
    zs: wp.array(dtype=float),
    verts: wp.array2d(dtype=float),
    ids: wp.array2d(dtype=int),
) -> None:
    row = start + wp.tid()
    width = occupied.shape[2] - 1
    height = occupied.shape[1] - 1
    depth = occupied.shape[3] - 1
    x = row % width
    y = (row // width) % height
    n = row // (width * height)
    first_row = n * width * height
    first_vert = int(ends[0, first_row] - counts[0, first_row])
    vert = int(ends[0, row] - counts[0, row])
    below = _around(occupied, n, y, x, 0)
    for z in range(depth):
        above = _around(occupied, n, y, x, z + 1)
        around = below + above
        below = above
        if around > 0 and around < 8:
            verts[vert, 0] = xs[x]
            verts[vert, 1] = ys[y]
            verts[vert, 2] = zs[z]
            ids[row, z] = vert - first_vert
            vert += 1


@wp.kernel(enable_backward=False)
def _write_faces(
    start: int,
    occupied: wp.array4d(dtype=wp.uint8),
    ends: wp.array2d(dtype=wp.int64),
    counts: wp.array2d(dtype=wp.int64),
    corners: wp.array2d(dtype=int),
    ids: wp.array2d(dtype=int),
    faces: wp.array2d(dtype=wp.int64),
    voxels: wp.array(dtype=wp.int64),
) -> None:
    row = start + wp.tid()
    width = occupied.shape[2] - 1
    height = occupied.shape[1] - 1
    depth = occupied.shape[3] - 1
    x = row % width
    y = (row // width) % height
    n = row // (width * height)
    if y + 1 == height or x + 1 == width:
        return
    face = int(ends[1, row] - counts[1, row])
    for z in range(depth - 1):
        if occupied[n, y + 1, x + 1, z + 1] != wp.uint8(0):
            for side in range(6):
                if _is_open(occupied, n, y + 1, x + 1, z + 1, side):
                    for t in range(2):
                        for k in range(3):
                            corner = corners[2 * side + t, k]
                            at = row + ((corner >> 1) & 1) * width + (corner >> 2)
                            faces[face, k] = wp.int64(ids[at, z + (corner & 1)])
                        if voxels.shape[0] > 0:
                            at_voxel = ((n * (height - 1) + y) * (width - 1) + x) * (depth - 1) + z
                            voxels[face] = wp.int64(at_voxel)
                        face += 1


class Cubes(NamedTuple):
    """Surfaces of N grids, packed.

    verts: (sum V_n, 3) float32.
    faces: (sum F_n, 3) int64 indices into the grid's own vertices.
    voxels: (sum F_n,) int64 voxel of each face in the flattened (N, Y, X, Z) grid; empty unless asked for.
    verts_counts, faces_counts: V_n and F_n.
    """

    verts: Tensor
    faces: Tensor
    voxels: Tensor
    verts_counts: list[int]
    faces_counts: list[int]


@on_compute_device
def cube_surfaces(occupied: Tensor, axes: tuple[Tensor, Tensor, Tensor], want_voxels: bool) -> Cubes:
    """Triangles of all sides of occupied voxels that face an empty one or the outside.

    Args:
        occupied: (N, Y, X, Z) bool.
        axes: float32 coordinates of the grid's corners along x (X + 1), y (Y + 1) and z (Z + 1).
        want_voxels: also say which voxel each face belongs to.

    Returns:
        vertices in the order of (y, x, z), faces in that of their voxels and then x-, y+, z-, y-, x+, z+.
    """
    batch, height, width, depth = (int(s) for s in occupied.shape)
    device = occupied.device
    padded = torch.zeros((batch, height + 2, width + 2, depth + 2), dtype=torch.uint8, device=device)
    padded[:, 1:-1, 1:-1, 1:-1] = occupied
    rows = batch * (height + 1) * (width + 1)
    counts = torch.empty((2, rows), dtype=torch.int64, device=device)
    launch(_count, rows, [padded, counts], device)
    ends = counts.cumsum(1)
    per_mesh = counts.view(2, batch, -1).sum(2).tolist()
    num_verts, num_faces = (sum(x) for x in per_mesh)
    verts = torch.empty((num_verts, 3), dtype=torch.float32, device=device)
    faces = torch.empty((num_faces, 3), dtype=torch.int64, device=device)
    voxels = torch.empty(num_faces if want_voxels else 0, dtype=torch.int64, device=device)
    ids = torch.empty((rows, depth + 1), dtype=torch.int32, device=device)
    corners = torch.tensor(_TRIANGLES, dtype=torch.int32, device=device).view(12, 3)
    if num_faces:
        launch(_write_verts, rows, [padded, ends, counts, *axes, verts, ids], device)
        launch(_write_faces, rows, [padded, ends, counts, corners, ids, faces, voxels], device)
    return Cubes(verts, faces, voxels, *per_mesh)
