"""Cutting polygons into triangles."""

import numpy as np

from .ear_clipping import clip_ears
from .errors import say_left_out

_FLAT = 1e-6  # of the polygon's size: triangles turned round by less are rounding
_MOST_CORNERS = 4096  # of a concave polygon; the time grows with the square
_AT_ONCE = 1 << 20


def fan_triangles(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut polygons into fans around their first corner, polygon after polygon.

    Args:
        sizes: (P,) number of corners of each polygon; those with fewer than 3 give no triangle.

    Returns:
        corners: (F, 3) positions in the polygons' corners, laid one after another; polygon: (F,) its index.
    """
    starts = np.cumsum(sizes) - sizes
    cuts = np.maximum(sizes - 2, 0)
    polygon = np.repeat(np.arange(len(sizes)), cuts)
    step = np.arange(cuts.sum()) - np.repeat(np.cumsum(cuts) - cuts, cuts)
    first = starts[polygon]
    return np.stack([first, first + step + 1, first + step + 2], axis=1), polygon


def fan_triangles_of_equal(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """As `fan_triangles` for `count` polygons of one size, in PyTorch3D's order for PLY and OFF.

    All the first triangles come first, then all the second ones, and so on.
    """
    first = np.arange(count) * size
    corners = [np.stack([first, first + i + 1, first + i + 2], axis=1) for i in range(size - 2)]
    return np.concatenate(corners), np.tile(np.arange(count), size - 2)


def cut_polygons(
    sizes: np.ndarray, verts: np.ndarray, index: np.ndarray, by_step: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Cut polygons into triangles: into fans, and where those would leave the polygon, by clipping ears.

    Args:
        sizes: (P,) number of corners of each polygon.
        verts: (V, 3) the vertices.
        index: (C,) the vertex of each corner; polygons with one that does not exist become fans.
        by_step: whether fans of equally large polygons come in the order of `fan_triangles_of_equal`.

    Returns:
        corners, polygon: as `fan_triangles`.
    """
    if (sizes == 3).all():
        return np.arange(index.size).reshape(-1, 3), np.arange(len(sizes))
    equal = by_step and len(sizes) > 0 and sizes[0] >= 3 and (sizes == sizes[0]).all()
    corners, polygon = fan_triangles_of_equal(len(sizes), int(sizes[0])) if equal else fan_triangles(sizes)
    if sizes.max(initial=0) < 4:
        return corners, polygon
    with np.errstate(invalid="ignore", over="ignore"):
        left, normals = _left_by_fans(sizes, verts, index, corners, polygon)
    if left.size:
        _clip(corners, polygon, left, normals, sizes, verts, index)
    return corners, polygon


def _left_by_fans(
    sizes: np.ndarray, verts: np.ndarray, index: np.ndarray, corners: np.ndarray, polygon: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Polygons whose fan has a triangle that is turned round, and (K, 3) the normals of those polygons.

    The signed areas of a fan cover each place as often as the outline winds around it: once inside and nowhere else,
    so that a fan fits exactly when no triangle is turned round.
    """
    large = np.flatnonzero(sizes[polygon] > 3)
    corner, polygon = corners[large], polygon[large]
    vertex = index[corner]
    exists = ((vertex >= 0) & (vertex < len(verts))).all(axis=1)
    x, y, z = np.ascontiguousarray(verts.T, np.float64)[:, np.where(exists[:, None], vertex, 0).T]
    (ux, vx), (uy, vy), (uz, vz) = x[1:] - x[0], y[1:] - y[0], z[1:] - z[0]
    area = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    normal = [np.bincount(polygon, part, len(sizes)) for part in area]
    extent = np.bincount(polygon, vx * vx + vy * vy + vz * vz, len(sizes)) / np.maximum(sizes - 2, 1)
    most = _FLAT * extent * np.sqrt(sum(part * part for part in normal))
    turned = sum(a * n[polygon] for a, n in zip(area, normal, strict=True)) < -most[polygon]
    left = np.setdiff1d(polygon[turned], polygon[~exists])
    return left, np.stack(normal, axis=1)[left]


def _clip(
    corners: np.ndarray,
    polygon: np.ndarray,
    chosen: np.ndarray,
    normals: np.ndarray,
    sizes: np.ndarray,
    verts: np.ndarray,
    index: np.ndarray,
) -> None:
    """Replace the triangles of the chosen polygons."""
    order = np.argsort(polygon, kind="stable")
    first_row, starts = np.searchsorted(polygon[order], chosen), np.cumsum(sizes) - sizes
    for size in np.unique(sizes[chosen]):
        if size > _MOST_CORNERS:
            say_left_out(f"a concave polygon of {size} corners is cut as if it were convex")
            continue
        same = np.flatnonzero(sizes[chosen] == size)
        for some in np.array_split(same, -(-len(same) * size // _AT_ONCE)):
            start = starts[chosen[some]]
            flat = _flattened(verts[index[start[:, None] + np.arange(size)]], normals[some])
            rows = order[first_row[some][:, None] + np.arange(size - 2)]
            corners[rows] = start[:, None, None] + clip_ears(flat)


def _flattened(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(P, n, 3) polygons seen along the axis that is nearest to their normal, counter-clockwise: (P, n, 2)."""
    axis = np.abs(normals).argmax(axis=1)
    kept = np.array([[1, 2], [2, 0], [0, 1]])[axis]
    backwards = np.take_along_axis(normals, axis[:, None], axis=1)[:, 0] < 0
    kept[backwards] = kept[backwards, ::-1]
    return np.take_along_axis(points.astype(np.float64), kept[:, None], axis=2)
