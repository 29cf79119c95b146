"""Cameras turned, described by what they look at, and joined into batches."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..transforms import Transform3d
from .cameras_base import CamerasBase


def camera_to_eye_at_up(world_to_view_transform: Transform3d) -> tuple[Tensor, Tensor, Tensor]:
    """Where cameras stand, a point in front of them, and what is up, as `look_at_view_transform` wants it.

    Args:
        world_to_view_transform: N rigid motions from the world to the view frame.

    Returns:
        positions (N, 3), points (N, 3) at distance 1 in front of them, and directions (N, 3).
    """
    view_to_world = world_to_view_transform.inverse()
    matrix = view_to_world.get_matrix()
    marks = matrix.new_tensor([[0, 0, 0], [0, 0, 1], [0, 1, 0]])
    eye, at, above = view_to_world.transform_points(marks).reshape(-1, 3, 3).unbind(1)
    return eye, at, above - eye


def rotate_on_spot(R: Tensor, T: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor]:
    """Turn cameras where they stand: the new rotation from the world to the view is R rotation^T.

    With `axis_angle_to_matrix((x, y, z))`, a small positive x turns a camera upwards, y to its right, and z
    counterclockwise about the direction of view, as seen by the camera.

    Args:
        R: (3, 3) or (N, 3, 3), of the cameras.
        T: (3,) or (N, 3), of the cameras.
        rotation: (3, 3) or (M, 3, 3), M = N or one of them 1.

    Returns:
        R (max(N, M), 3, 3) and T (max(N, M), 3) of the turned cameras.

    Raises:
        ValueError: other shapes.
    """
    R = R[None] if R.ndim == 2 else R
    T = T[None] if T.ndim == 1 else T
    rotation = rotation[None] if rotation.ndim == 2 else rotation
    if R.ndim != 3 or R.shape[1:] != (3, 3):
        raise ValueError("Invalid R")
    if T.ndim != 2 or T.shape[1] != 3:
        raise ValueError("Invalid T")
    if rotation.ndim != 3 or rotation.shape[1:] != (3, 3):
        raise ValueError("Invalid rotation")
    turned = R @ rotation.transpose(1, 2)
    minus_position = R @ T[:, :, None]
    return turned, (turned.transpose(1, 2) @ minus_position)[:, :, 0]


def join_cameras_as_batch(cameras_list: Sequence[Any]) -> CamerasBase:
    """One batch of the cameras in a sequence.

    Args:
        cameras_list: cameras, one or more each, of one kind and on one device.

    Raises:
        ValueError: no cameras, different kinds or devices, or parameters that only some of them have or that
            have to be the same and are not.
    """
    first = cameras_list[0]
    if not all(isinstance(cameras, CamerasBase) for cameras in cameras_list):
        raise ValueError("cameras in cameras_list must inherit from CamerasBase")
    if not all(type(cameras) is type(first) for cameras in cameras_list):
        raise ValueError("All cameras must be of the same type")
    if not all(cameras.device == first.device for cameras in cameras_list):
        raise ValueError("All cameras in the batch must be on the same device")
    kwargs = {}
    for field in first._FIELDS:
        values = [getattr(cameras, field) for cameras in cameras_list]
        if any(value is not None for value in values):
            kwargs[field.removeprefix("_")] = _join_field(field, values, field in first._SHARED_FIELDS)
    joined: CamerasBase = type(first)(**kwargs, device=first.device)
    return joined


def _join_field(field: str, values: list[Any], shared: bool) -> Any:
    if any(value is None for value in values):
        raise ValueError(f"Attribute {field} is inconsistently present")
    if shared:
        if any(value != values[0] for value in values):
            raise ValueError(f"Attribute {field} is not constant across inputs")
        return values[0]
    if not all(torch.is_tensor(value) for value in values):
        raise ValueError(f"Field {field} type is not supported for batching")
    return torch.cat(values)
