"""Joining batches of point clouds into one batch or one cloud."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .batch import Pointclouds
from .forms import FIELDS


def join_pointclouds_as_batch(pointclouds: Sequence[Pointclouds]) -> Pointclouds:
    """One batch of all clouds of several batches.

    Args:
        pointclouds: batches on one device that all have normals or all have none, and features likewise.

    Raises:
        ValueError: no sequence of batches, several devices, or fields that only some have.
    """
    if isinstance(pointclouds, Pointclouds) or not isinstance(pointclouds, Sequence):
        raise ValueError("Wrong first argument to join_points_as_batch.")
    if any(clouds.device != pointclouds[0].device for clouds in pointclouds):
        raise ValueError("Pointclouds must all be on the same device")
    joined: dict[str, Any] = {field: _join_field(pointclouds, field) for field in FIELDS}
    return Pointclouds(**joined)


def _join_field(pointclouds: Sequence[Pointclouds], field: str) -> list[Tensor] | None:
    lists = [getattr(clouds, f"{field}_list")() for clouds in pointclouds]
    if all(listed is None for listed in lists):
        return None
    if any(listed is None for listed in lists):
        raise ValueError(f"Pointclouds in the batch have some fields '{field}' defined and some set to None.")
    items = [item for listed in lists for item in listed]
    if field == "features" and len({item.shape[1] for item in items}) > 1:
        raise ValueError("Pointclouds must have the same number of features")
    return items


def join_pointclouds_as_scene(pointclouds: Pointclouds | list[Pointclouds]) -> Pointclouds:
    """One cloud of all points of a batch, or of several batches.

    Returns:
        batch of one cloud; a batch of one is returned as it is.

    Raises:
        ValueError: as `join_pointclouds_as_batch`.
    """
    if isinstance(pointclouds, list):
        pointclouds = join_pointclouds_as_batch(pointclouds)
    if len(pointclouds) == 1:
        return pointclouds
    normals, features = pointclouds.normals_packed(), pointclouds.features_packed()
    return Pointclouds(
        points=pointclouds.points_packed()[None],
        normals=None if normals is None else normals[None],
        features=None if features is None else features[None],
    )
