"""Names of devices to `torch.device` objects."""

from typing import Any

import torch

Device = str | torch.device


def make_device(device: Device) -> torch.device:
    """A `torch.device` from its name or itself; `cuda` without an index is the current CUDA device.

    Args:
        device: name such as "cpu" or "cuda:1", or a device.

    Returns:
        the device, which compares equal to `.device` of tensors that live there.
    """
    found = torch.device(device)
    if found.type == "cuda" and found.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return found


def get_device(x: Any, device: Device | None = None) -> torch.device:
    """The device asked for, else the one where `x` lives, else the CPU.

    Args:
        x: a tensor, or anything else.
        device: overrides the place of `x`.
    """
    if device is not None:
        return make_device(device)
    return x.device if torch.is_tensor(x) else torch.device("cpu")
