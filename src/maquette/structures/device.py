"""Names of devices to `torch.device` objects."""

from typing import Any

import torch

Device = str | torch.device


def resolve_device(device: Device) -> Device:
    """What "auto" stands for: the current CUDA device where torch sees one, else the CPU; others as they are.

    MPS is taken by name alone: kernels compute on the CPU there, and whether that is faster depends on their share.

    Args:
        device: "auto", or anything that `torch.device` takes.
    """
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def make_device(device: Device) -> torch.device:
    """A `torch.device` from its name or itself; `cuda` without an index is the current CUDA device.

    Args:
        device: name such as "cpu", "cuda:1" or "auto" (`resolve_device`), or a device.

    Returns:
        the device, which compares equal to `.device` of tensors that live there.
    """
    found = torch.device(resolve_device(device))
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
