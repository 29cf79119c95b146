"""Marching cubes on one volume: cells are classified, counted row by row, and written row by row.

Every grid edge that the surface cuts has one vertex, which belongs to the first cell, in the order of (z, y, x), at
that edge. Vertices come in the order of those cells, and in one cell in the order in which its case first mentions
their edges. Last, the vertices at one grid point become one, and triangles that have it twice go: what was closed
stays so.
"""

from functools import cache
from typing import NamedTuple

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device
from maquette.kernels.marching_cubes_tables import CORNERS, EDGE_AXES, EDGES, TRIANGLES, earlier_cells

wp.set_module_options({"max_unroll": 1})

_NEAR = wp.constant(1e-5)  # values and positions closer than this count as equal


class _Tables(NamedTuple):
    """Lookup tables as int32 tensors, and what they hold.

    Where a cell lies is a number: 1 if it is the first along x, plus 2 if along y, plus 4 if along z.
    """

    triangles: Tensor  # (256, 16) edges of the triangles of a case, padded with -1
    counts: Tensor  # (256,) number of triangles
    edges: Tensor  # (12, 4) corner an edge begins at, axis it runs along
    owned: Tensor  # (8, 256) number of edges in use that no earlier cell shares, by where the cell lies
    order: Tensor  # (8, 256) int64: these in the order of their first mention, each a digit e + 1 of 4 bits


@cache
def _tables(device: torch.device) -> _Tables:
    triangles = [row + [-1] * (16 - len(row)) for row in TRIANGLES]
    counts = [len(row) // 3 for row in TRIANGLES]
    edges = [[*CORNERS[begin], axis] for (begin, _), axis in zip(EDGES, EDGE_AXES, strict=True)]
    cells = [earlier_cells(e) for e in range(12)]
    own = [[e for e in range(12) if all(_outside(cell, place) for cell in cells[e])] for place in range(8)]
    mentioned = [[[e for e in dict.fromkeys(row) if e in mine] for row in TRIANGLES] for mine in own]
    owned = [[len(found) for found in cases] for cases in mentioned]
    order = [[sum((e + 1) << 4 * k for k, e in enumerate(found)) for found in cases] for cases in mentioned]
    first, second, third, fourth = (
        torch.tensor(x, dtype=torch.int32, device=device) for x in (triangles, counts, edges, owned)
    )
    return _Tables(first, second, third, fourth, torch.tensor(order, device=device))


def _outside(cell: tuple[int, int, int, int], place: int) -> bool:
    return any(step < 0 and place >> axis & 1 for axis, step in enumerate(cell[:3]))


@wp.func
def _column(volume: wp.array3d(dtype=float), level: float, x: int, y: int, z: int) -> int:
    """Bits of the corners of a cell on its side towards smaller x that lie below the level."""
    a, b = volume[z, y, x], volume[z + 1, y, x]
    c, d = volume[z, y + 1, x], volume[z + 1, y + 1, x]
    return int(a < level) | (int(b < level) << 3) | (int(c < level) << 4) | (int(d < level) << 7)


@wp.func
def _point(
    volume: wp.array3d(dtype=float),
    level: float,
    edges: wp.array2d(dtype=int),
    edge: int,
    x: int,
    y: int,
    z: int,
) -> wp.vec3:
    """Where the surface cuts an edge of the cell at (x, y, z), relative to the cell's first corner."""
    dx, dy, dz = edges[edge, 0], edges[edge, 1], edges[edge, 2]
    axis = edges[edge, 3]
    a = volume[z + dz, y + dy, x + dx]
    b = volume[z + dz + int(axis == 2), y + dy + int(axis == 1), x + dx + int(axis == 0)]
    share = (level - a) / (b - a)
    if wp.abs(level - a) < _NEAR:
        share = 0.0
    elif wp.abs(level - b) < _NEAR:
        share = 1.0
    elif wp.abs(a - b) < _NEAR:
        share = 0.0
    along_x = wp.where(axis == 0, share, 0.0)
    along_y = wp.where(axis == 1, share, 0.0)
    along_z = wp.where(axis == 2, share, 0.0)
    return wp.vec3(float(dx) + along_x, float(dy) + along_y, float(dz) + along_z)


@wp.func
def _is_near(p: wp.vec3, q: wp.vec3) -> bool:
    d = p - q
    return wp.max(wp.max(wp.abs(d[0]), wp.abs(d[1])), wp.abs(d[2])) < _NEAR


@wp.kernel(enable_backward=False)
def _classify(
    start: int,
    volume: wp.array3d(dtype=float),
    level: float,
    num_triangles: wp.array(dtype=int),
    owned: wp.array2d(dtype=int),
    cells: wp.array3d(dtype=wp.uint8),
    counts: wp.array2d(dtype=wp.int64),
) -> None:
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    verts = int(0)
    faces = int(0)
    place = 2 * int(y == 0) + 4 * int(z == 0)
    left = _column(volume, level, 0, y, z)
    for x in range(cells.shape[2]):
        right = _column(volume, level, x + 1, y, z)
        # The corners towards larger x are the bits 1, 2, 5, 6 beside 0, 3, 4, 7.
        case = left | ((right & 17) << 1) | ((right & 136) >> 1)
        left = right
        cells[z, y, x] = wp.uint8(case)
        verts += owned[place + int(x == 0), case]
        faces += num_triangles[case]
    counts[0, row] = wp.int64(verts)
    counts[1, row] = wp.int64(faces)


@wp.kernel(enable_backward=False)
def _write_verts(
    start: int,
    volume: wp.array3d(dtype=float),
    level: float,
    scale: wp.vec3,
    shift: float,
    edges: wp.array2d(dtype=int),
    order: wp.array2d(dtype=wp.int64),
    places: wp.array(dtype=int),
    cells: wp.array3d(dtype=wp.uint8),
    counts: wp.array2d(dtype=wp.int64),
    ends: wp.array2d(dtype=wp.int64),
    ids: wp.array(dtype=int),
    verts: wp.array2d(dtype=float),
    grid_points: wp.array(dtype=int),
) -> None:
    """`grid_points` is the number of the grid point that a vertex lies at, or -1."""
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    vert = int(ends[0, row] - counts[0, row])
    corner = (z * volume.shape[1] + y) * volume.shape[2]
    place = 2 * int(y == 0) + 4 * int(z == 0)
    for x in range(cells.shape[2]):
        own = order[place + int(x == 0), int(cells[z, y, x])]
        while own != wp.int64(0):
            edge = int(own & wp.int64(15)) - 1
            own = own >> wp.int64(4)
            point = _point(volume, level, edges, edge, x, y, z)
            nearest = wp.vec3(wp.round(point[0]), wp.round(point[1]), wp.round(point[2]))
            grid_points[vert] = -1
            if _is_near(point, nearest):
                point = nearest
                layers = int(nearest[2]) * volume.shape[1] + int(nearest[1])
                grid_points[vert] = corner + x + layers * volume.shape[2] + int(nearest[0])
            verts[vert, 0] = (point[0] + float(x)) * scale[0] + shift
            verts[vert, 1] = (point[1] + float(y)) * scale[1] + shift
            verts[vert, 2] = (point[2] + float(z)) * scale[2] + shift
            ids[corner + x + places[edge]] = vert
            vert += 1


@wp.kernel(enable_backward=False)
def _write_faces(
    start: int,
    corner_places: wp.array2d(dtype=int),
    num_triangles: wp.array(dtype=int),
    cells: wp.array3d(dtype=wp.uint8),
    counts: wp.array2d(dtype=wp.int64),
    ends: wp.array2d(dtype=wp.int64),
    ids: wp.array(dtype=int),
    faces: wp.array2d(dtype=wp.int64),
) -> None:
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    face = int(ends[1, row] - counts[1, row])
    corner = (z * (cells.shape[1] + 1) + y) * (cells.shape[2] + 1)
    for x in range(cells.shape[2]):
        case = int(cells[z, y, x])
        for t in range(num_triangles[case]):
            for k in range(3):
                faces[face, k] = wp.int64(ids[corner + x + corner_places[case, 3 * t + k]])
            face += 1


def merge_vertices(verts: Tensor, faces: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Make one vertex of all that are at one place, and leave out triangles that then have it twice.

    Args:
        verts: (V, 3), in an order that stays.
        faces: (F, 3) int64.
        places: (V,) integers; negative for a vertex that is alone in its place.
    """
    number = torch.arange(len(verts), device=verts.device)
    own = torch.where(places < 0, -1 - number, places)
    group = own.unique(return_inverse=True)[1]
    first = torch.full_like(number, len(verts)).scatter_reduce(0, group, number, "amin")[group]
    faces = first[faces]
    faces = faces[(faces != faces.roll(1, 1)).all(1)]
    used, faces = faces.unique(return_inverse=True)
    return verts[used], faces


def _edge_places(edges: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Where the vertex of each edge of a cell is numbered in a table (3, D, H, W), from the cell's first corner."""
    depth, height, width = shape
    strides = edges.new_tensor([1, width, height * width, depth * height * width])
    return (edges * strides).sum(1).int()


@on_compute_device
def extract_surface(
    volume: Tensor, level: float, scale: tuple[float, float, float], shift: float
) -> tuple[Tensor, Tensor]:
    """Triangles of the surface where a volume takes the value `level`.

    Args:
        volume: (D, H, W) float32 values at grid points.
        level: values below it are one side, others the other.
        scale, shift: positions (x, y, z) in grid steps are multiplied by `scale`, then `shift` is added.

    Returns:
        vertices (V, 3) float32 as (x, y, z), faces (F, 3) int64. Vertices closer than 1e-5 of a grid step to a
        grid point are one vertex there.

    Raises:
        ValueError: a volume of 2^31 / 3 values or more.
    """
    device = volume.device
    depth, height, width = (int(s) for s in volume.shape)
    if 3 * depth * height * width >= 1 << 31:
        raise ValueError(f"a volume of {depth} x {height} x {width} values is too large")
    if min(depth, height, width) < 2:
        return volume.new_zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64, device=device)
    volume = volume.contiguous()
    triangles, num_triangles, edges, owned, order = _tables(device)
    cells = torch.empty((depth - 1, height - 1, width - 1), dtype=torch.uint8, device=device)
    rows = (depth - 1) * (height - 1)
    counts = torch.empty((2, rows), dtype=torch.int64, device=device)
    launch(_classify, rows, [volume, level, num_triangles, owned, cells, counts], device)
    ends = counts.cumsum(1)
    num_verts, num_faces = ends[:, -1].tolist()
    verts = torch.empty((num_verts, 3), dtype=torch.float32, device=device)
    faces = torch.empty((num_faces, 3), dtype=torch.int64, device=device)
    if num_faces == 0:
        return verts, faces
    places = _edge_places(edges, (depth, height, width))
    ids = torch.empty(3 * volume.numel(), dtype=torch.int32, device=device)
    grid_points = torch.empty(num_verts, dtype=torch.int32, device=device)
    geometry = [volume, level, wp.vec3(*scale), shift, edges, order, places]
    launch(_write_verts, rows, [*geometry, cells, counts, ends, ids, verts, grid_points], device)
    corner_places = places[triangles.clamp(min=0).long()]
    launch(_write_faces, rows, [corner_places, num_triangles, cells, counts, ends, ids, faces], device)
    if bool((grid_points >= 0).any()):
        return merge_vertices(verts, faces, grid_points.long())
    return verts, faces
