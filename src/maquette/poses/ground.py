"""The floor or table that an object stands on: the level plane that most of the points near it lie in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..io.cameras_parse import ViewData

_DRAWS = 500  # of three points
_NEAR = 0.6  # of the cameras' mean distance from the middle; points farther away do not count
_THICK = 0.006  # the same, up to which a point lies in a plane
_SHARE, _LEAST = 0.2, 60  # of the points near the middle that lie in a floor's plane, and how many at least
_TILT_DEG = 25.0  # between a floor's normal and what is up in the pictures

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Ground:
    """The plane normal . x = height.

    Attributes:
        normal: (3,) of length 1, up.
        height: along it.
    """

    normal: Array
    height: float


def find_ground(
    views: Sequence[ViewData],
    xyz: Float[Array, "point 3"],
    middle: Float[Array, " 3"],
    up: Float[Array, " 3"],
) -> Ground | None:
    """Draw planes through three points each, and fit the one that holds most (Fischler and Bolles, CACM 1981).

    Args:
        views: cameras, all of which are above a floor.
        xyz: points of the scene.
        middle: near which the floor is looked for.
        up: of the pictures, on the mean; of any length.

    Returns:
        The plane; None where no level one holds a fifth of the points near the middle.
    """
    places = np.stack([-view.R.T @ view.t for view in views])
    size, length = float(np.linalg.norm(places - middle, axis=1).mean()), float(np.linalg.norm(up))
    near = xyz[np.linalg.norm(xyz - middle, axis=1) < _NEAR * size] if len(xyz) else xyz
    if len(near) < _LEAST or length < 1e-6:
        return None
    planes = _drawn(near, up / length)
    if not len(planes):
        return None
    inside = np.abs(near @ planes[:, :3].T - planes[:, 3]) < _THICK * size
    best = inside[:, inside.sum(0).argmax()]
    if best.sum() < max(_LEAST, _SHARE * len(near)):
        return None
    ground = _fitted(near[best], up)
    return ground if bool((places @ ground.normal > ground.height).all()) else None


def _drawn(points: Array, up: Array) -> Array:
    """(P, 4) normals, up, and heights of planes that are about level."""
    three = points[np.random.default_rng(0).integers(len(points), size=(_DRAWS, 3))]
    normals = np.cross(three[:, 1] - three[:, 0], three[:, 2] - three[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    normals *= np.sign(normals @ up)[:, None]
    planes = np.concatenate([normals, (normals * three[:, 0]).sum(1, keepdims=True)], axis=1)
    return np.asarray(planes[normals @ up > np.cos(np.radians(_TILT_DEG))])


def _fitted(points: Array, up: Array) -> Ground:
    mean = points.mean(0)
    normal = np.linalg.svd(points - mean, full_matrices=False)[2][2]
    normal = normal * np.sign(normal @ up)
    return Ground(normal, float(normal @ mean))
