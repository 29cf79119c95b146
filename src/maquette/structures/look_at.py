"""Where a camera stands and what it looks at."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .device import Device
from .tensor_properties import convert_to_tensors_and_broadcast

_PARALLEL = 1e-5  # sine of the angle below which two directions count as parallel


def camera_position_from_spherical_angles(
    distance: Any, elevation: Any, azimuth: Any, degrees: bool = True, device: Device = "cpu"
) -> Tensor:
    """Positions around the origin: distance * (cos e sin a, sin e, cos e cos a).

    Args:
        distance: number or (N,).
        elevation: angle e above the plane y = 0, number or (N,).
        azimuth: angle a from +Z towards +X in that plane, number or (N,).
        degrees: whether angles are in degrees; in radians otherwise.
        device: where the result lives.

    Returns:
        (N, 3).
    """
    distance, elevation, azimuth = convert_to_tensors_and_broadcast(
        distance, elevation, azimuth, device=device
    )
    unit = math.pi / 180.0 if degrees else 1.0
    level = torch.cos(elevation * unit)
    azimuth = azimuth * unit
    direction = (level * torch.sin(azimuth), torch.sin(elevation * unit), level * torch.cos(azimuth))
    return torch.stack([distance * part for part in direction], dim=1).view(-1, 3)


def look_at_rotation(
    camera_position: Any, at: Any = ((0, 0, 0),), up: Any = ((0, 1, 0),), device: Device = "cpu"
) -> Tensor:
    """Rotations from the world to cameras that look at points: X_camera = X_world R + T.

    Unlike PyTorch3D's, the result is a rotation for every input. Where a camera looks along `up`, the axis Z
    of the world stands in for it, or X when the camera looks along Z: seen from above, that axis points down
    in the picture; seen from below, up. A camera at the very point it looks at looks along +Z.

    Args:
        camera_position: (1, 3) or (N, 3), in world coordinates, as `at` and `up`.
        at: point that appears in the middle of the picture.
        up: direction that points upwards in the picture, of any length.
        device: where the result lives.

    Returns:
        (N, 3, 3); columns are the axes of the camera: left, up, forwards.

    Raises:
        ValueError: vectors of another dimension.
    """
    camera_position, at, up = convert_to_tensors_and_broadcast(camera_position, at, up, device=device)
    for name, vector in (("camera_position", camera_position), ("at", at), ("up", up)):
        if vector.shape[-1] != 3:
            raise ValueError(f"Expected arg {name} to have shape (N, 3); got {vector.shape!r}")
    return _rotation(camera_position, at, up, front=None)


def look_at_view_transform(
    dist: Any = 1.0,
    elev: Any = 0.0,
    azim: Any = 0.0,
    degrees: bool = True,
    eye: Any = None,
    at: Any = ((0, 0, 0),),
    up: Any = ((0, 1, 0),),
    device: Device = "cpu",
) -> tuple[Tensor, Tensor]:
    """Rotation and translation of cameras that look at points: X_camera = X_world R + T.

    Unlike PyTorch3D's, the result is a rotation for every input. At elevations of 90 and -90 degrees it is
    the limit of those nearby, so that the azimuth still turns the picture; see also `look_at_rotation`.

    Args:
        dist: distance of the camera from `at`, number or (N,).
        elev: angle above the plane y = 0, number or (N,).
        azim: angle from +Z towards +X in that plane, number or (N,).
        degrees: whether angles are in degrees; in radians otherwise.
        eye: positions of the cameras, (1, 3) or (N, 3), instead of distance and angles.
        at: (1, 3) or (N, 3), points that appear in the middle of the pictures.
        up: (1, 3) or (N, 3), directions that point upwards in the pictures.
        device: where the results live.

    Returns:
        R (N, 3, 3) and T (N, 3).
    """
    if eye is not None:
        eye, at, up = convert_to_tensors_and_broadcast(eye, at, up, device=device)
        R = look_at_rotation(eye, at, up, device=device)
    else:
        dist, elev, azim, at, up = convert_to_tensors_and_broadcast(dist, elev, azim, at, up, device=device)
        eye = camera_position_from_spherical_angles(dist, elev, azim, degrees=degrees, device=device) + at
        front = camera_position_from_spherical_angles(1.0, 0.0, azim, degrees=degrees, device=device)
        R = _rotation(eye, at, up, front)
    T = -torch.bmm(R.transpose(1, 2), eye[:, :, None].to(R.dtype))[:, :, 0]
    return R, T


def _rotation(eye: Tensor, at: Tensor, up: Tensor, front: Tensor | None) -> Tensor:
    """Camera axes as columns. `front`: direction in which cameras near the pole lean, where it is known."""
    dtype = torch.promote_types(torch.promote_types(eye.dtype, at.dtype), up.dtype)
    dtype = dtype if dtype.is_floating_point else torch.get_default_dtype()
    offset, up = at.to(dtype) - eye.to(dtype), F.normalize(up.to(dtype), dim=1, eps=_PARALLEL)
    nowhere = (offset == 0).all(dim=1, keepdim=True)
    z = F.normalize(torch.where(nowhere, _axis(2, offset), offset), dim=1, eps=0.0)
    up = torch.where(_sine(up, z) < _PARALLEL, _substitute_up(z, up, front), up)
    x = F.normalize(torch.linalg.cross(up, z), dim=1, eps=0.0)
    return torch.stack((x, torch.linalg.cross(z, x), z), dim=2)


def _substitute_up(z: Tensor, up: Tensor, front: Tensor | None) -> Tensor:
    """Directions across z that stand for `up` where that is nearly parallel to z."""
    along_up = (z * up).sum(dim=1, keepdim=True)
    if front is None:
        front = F.normalize((along_up * up - z).detach(), dim=1)
    axis = torch.where(z[:, 2:].abs() < 0.5, _axis(2, z), _axis(0, z))
    across = torch.where(_sine(front.to(z), z) < 0.5, axis, front.to(z))
    return torch.where(along_up < 0, -across, across)


def _axis(index: int, like: Tensor) -> Tensor:
    return torch.eye(3, dtype=like.dtype, device=like.device)[index]


def _sine(a: Tensor, b: Tensor) -> Tensor:
    """Sine of the angle between unit vectors (N, 3), without gradient."""
    sine: Tensor = torch.linalg.cross(a.detach(), b.detach()).norm(dim=1, keepdim=True)
    return sine
