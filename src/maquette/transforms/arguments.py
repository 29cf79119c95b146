"""What `Translate`, `Scale` and the rotations about an axis may be given, made into tensors."""

from typing import Any

import torch
from torch import Tensor

from ..structures.device import Device, get_device


def parse_xyz(
    x: Any,
    y: Any,
    z: Any,
    dtype: torch.dtype,
    device: Device | None,
    name: str,
    repeat_single: bool = False,
) -> Tensor:
    """One triple a transform from a tensor of triples or from three coordinates.

    Args:
        x: (N, 3) triples, with `y` and `z` None; or a number or tensor (N,), as `y` and `z`.
        y: second coordinate, or None.
        z: third coordinate, or None.
        dtype: of the result.
        device: of the result; by default where `x` lives.
        name: who asks, for messages.
        repeat_single: when only `x` is given, it stands for all three coordinates.

    Returns:
        (N, 3).

    Raises:
        ValueError: other shapes, or sizes that do not fit together.
    """
    place = get_device(x, device)
    if torch.is_tensor(x) and x.dim() == 2:
        if x.shape[1] != 3:
            raise ValueError(f"Expected tensor of shape (N, 3); got {x.shape!r} (in {name})")
        if y is not None or z is not None:
            raise ValueError(f"Expected y and z to be None (in {name})")
        return x.to(device=place, dtype=dtype)
    if repeat_single and y is None and z is None:
        y = z = x
    coords = [_vector(coord, dtype, place) for coord in (x, y, z)]
    sizes = [len(coord) for coord in coords]
    if any(size not in (1, max(sizes)) for size in sizes):
        raise ValueError(f"Got non-broadcastable sizes {sizes!r} (in {name})")
    return torch.stack([coord.expand(max(sizes)) for coord in coords], dim=1)


def parse_angle(angle: Any, dtype: torch.dtype, device: Device | None, name: str) -> Tensor:
    """One angle a transform, (N,), from a number or a tensor (N,).

    Raises:
        ValueError: a tensor of more dimensions.
    """
    if torch.is_tensor(angle) and angle.dim() > 1:
        raise ValueError(f"Expected tensor of shape (N,); got {angle.shape!r} (in {name})")
    return _vector(angle, dtype, get_device(angle, device))


def _vector(values: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.as_tensor(values, dtype=dtype, device=device).reshape(-1)
