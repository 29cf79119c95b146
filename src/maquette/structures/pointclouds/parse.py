"""What the constructor of `Pointclouds` is given, checked."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class CloudSizes:
    """Device and number of points of every cloud."""

    device: torch.device
    counts: list[int]


def parse_points(points: list[Tensor] | Tensor) -> CloudSizes:
    """Check points given as a list or a padded tensor.

    Raises:
        ValueError: neither list nor tensor, wrong shape, or several devices.
    """
    if isinstance(points, list):
        return _parse_points_list(points)
    if torch.is_tensor(points):
        if points.dim() != 3 or points.shape[2] != 3:
            raise ValueError("Points tensor has incorrect dimensions.")
        return CloudSizes(points.device, [points.shape[1]] * points.shape[0])
    raise ValueError(
        "Points must be either a list or a tensor with shape (batch_size, P, 3)"
        " where P is the maximum number of points in a cloud."
    )


def _parse_points_list(points: list[Tensor]) -> CloudSizes:
    if not points:
        return CloudSizes(torch.device("cpu"), [])
    device = points[0].device
    for item in points:
        if len(item) > 0 and (item.dim() != 2 or item.shape[1] != 3):
            raise ValueError("Clouds in list must be of shape Px3 or empty")
        if item.device != device:
            raise ValueError("All points must be on the same device")
    return CloudSizes(device, [len(item) for item in points])


def parse_attribute(
    values: list[Tensor] | Tensor | None, sizes: CloudSizes
) -> tuple[list[Tensor] | None, Tensor | None, int | None]:
    """Check normals or features against the points.

    Args:
        values: list of tensors (P_n, C), where an empty cloud may have anything, or a tensor (N, P, C).
        sizes: of the points.

    Returns:
        (list, padded, number of channels): the form that was given, None for the other; all None without
        values.

    Raises:
        ValueError: sizes, channels or devices that do not fit.
    """
    if values is None or not sizes.counts:
        return None, None, None
    if isinstance(values, list):
        return _parse_attribute_list(values, sizes)
    if torch.is_tensor(values):
        _check_padded_attribute(values, sizes)
        return None, values, values.shape[2]
    raise ValueError(
        "Auxiliary input must be either a list or a tensor with shape (batch_size, P, C)"
        " where P is the maximum number of points in a cloud."
    )


def _check_padded_attribute(values: Tensor, sizes: CloudSizes) -> None:
    if values.dim() != 3:
        raise ValueError("Auxiliary input tensor has incorrect dimensions.")
    if len(values) != len(sizes.counts):
        raise ValueError("Points and inputs must be the same length.")
    if values.shape[1] != max(sizes.counts):
        raise ValueError("Inputs tensor must have the right maximum number of points in each cloud.")
    _check_device(values, sizes.device)


def _check_device(values: Tensor, device: torch.device) -> None:
    if values.device != device:
        raise ValueError("All auxiliary inputs must be on the same device as the points.")


def _parse_attribute_list(
    values: list[Tensor], sizes: CloudSizes
) -> tuple[list[Tensor] | None, None, int | None]:
    if len(values) != len(sizes.counts):
        raise ValueError("Points and auxiliary input must be the same length.")
    used = [
        count > 0 or (item is not None and item.ndim == 2)
        for item, count in zip(values, sizes.counts, strict=True)
    ]
    channels = None
    for item, count, is_used in zip(values, sizes.counts, used, strict=True):
        if not is_used:
            continue
        if len(item) != count:
            raise ValueError("A cloud has mismatched numbers of points and inputs")
        if item.dim() != 2:
            raise ValueError("A cloud auxiliary input must be of shape PxC or empty")
        if channels not in (None, item.shape[1]):
            raise ValueError("The clouds must have the same number of channels")
        _check_device(item, sizes.device)
        channels = item.shape[1]
    if channels is None:
        return None, None, None
    if not all(used):
        nothing = torch.zeros((0, channels), device=sizes.device)
        values = [item if is_used else nothing for item, is_used in zip(values, used, strict=True)]
    return values, None, channels
