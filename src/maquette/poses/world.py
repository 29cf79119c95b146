"""The world of cameras that were found: turned upright, moved and scaled to where this package expects objects."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ..io.camera_up import mean_up
from ..io.cameras_parse import ViewData
from ..io.colmap_model import SparsePoints
from .ground import find_ground

DISTANCE = 2.7  # of the cameras from the middle, on the mean: as `maquette render` has them
AGREES = 0.5  # length of the mean up of the pictures, from which on they agree
_CROSSING = 0.02  # least spread of the optical axes' directions for their crossing to be the middle
_WITHIN = (2, 98)  # percentiles of points that make their box


class Upright(NamedTuple):
    """A scene in its upright world.

    Attributes:
        views, points: in it.
        agreement: how well the pictures agree about up, in [0, 1].
        ground: y of the floor or table that up was taken from; None where there is none.
    """

    views: tuple[ViewData, ...]
    points: SparsePoints
    agreement: float
    ground: float | None


def put_upright(views: Sequence[ViewData], points: SparsePoints, on_object: bool) -> Upright:
    """Turn up to +Y and the first camera's side to +Z, move the middle to the origin, and scale the cameras' mean
    distance from it to 2.7.

    Up is that of the floor or table among the points (`find_ground`), where there is one; else the pictures' mean.

    The middle is that of the points' box where all of them lie on the object; else where the optical axes come
    nearest to one another; the points' median where these are almost parallel.

    Args:
        views: at least one.
        points: of the same world.
        on_object: whether the points lie on the object alone.
    """
    places = np.stack([-view.R.T @ view.t for view in views])
    middle = _middle(views, places, points, on_object)
    up = mean_up(views)
    ground = None if on_object else find_ground(views, points.xyz, middle, up)
    turn = _turn(up if ground is None else ground.normal, places[0] - middle)
    scale = DISTANCE / max(float(np.linalg.norm(places - middle, axis=1).mean()), 1e-12)
    moved = tuple(replace(view, R=view.R @ turn.T, t=scale * (view.t + view.R @ middle)) for view in views)
    xyz = scale * (points.xyz - middle) @ turn.T
    height = None if ground is None else scale * (ground.height - float(ground.normal @ middle))
    return Upright(moved, replace(points, xyz=xyz), float(np.linalg.norm(up)), height)


def _middle(
    views: Sequence[ViewData], places: np.ndarray, points: SparsePoints, on_object: bool
) -> np.ndarray:
    if on_object and len(points):
        low, high = np.percentile(points.xyz, _WITHIN, axis=0)
        middle: np.ndarray = (low + high) / 2
        return middle
    across = [np.eye(3) - np.outer(view.R[2], view.R[2]) for view in views]
    total = np.mean(across, axis=0)
    if np.linalg.eigvalsh(total)[0] > _CROSSING:
        on_axes = np.mean([a @ c for a, c in zip(across, places, strict=True)], axis=0)
        return np.linalg.solve(total, on_axes)
    if len(points):
        median: np.ndarray = np.median(points.xyz, axis=0)
        return median
    ahead: np.ndarray = places.mean(0) + np.mean([view.R[2] for view in views], axis=0)
    return ahead


def _turn(up: np.ndarray, first: np.ndarray) -> np.ndarray:
    """(3, 3) that takes `up` to +Y and, around it, `first` to the half plane of +Z."""
    length = float(np.linalg.norm(up))
    y = up / length if length > 1e-6 else np.array([0.0, 1.0, 0.0])
    z = first - (first @ y) * y
    if np.linalg.norm(z) < 1e-6 * max(float(np.linalg.norm(first)), 1e-12):
        z = np.linalg.svd(y[None])[2][1]
    z = z / np.linalg.norm(z)
    turn: np.ndarray = Rotation.from_matrix(np.stack([np.cross(y, z), y, z])).as_matrix()
    return turn
