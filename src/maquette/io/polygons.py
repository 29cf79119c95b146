"""Cutting polygons into triangles."""

import numpy as np


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
