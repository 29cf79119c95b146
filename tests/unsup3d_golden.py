"""Stored values of the official Unsup3D, and its formula for weights.

The copies in golden/unsup3d hold inputs whole and long results thinned out (`name~`: every n-th number). With the
variable MAQUETTE_UNSUP3D_GOLDEN naming a folder with the whole files, the same tests compare all there is.
"""

import math
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from maquette.nn.backbones.backbone import MEAN, STD

COPIES = Path(__file__).parent / "golden" / "unsup3d"
FOLDER = Path(os.environ.get("MAQUETTE_UNSUP3D_GOLDEN", COPIES))
WHOLE = FOLDER != COPIES
THIN = "~"


class Golden:
    """The arrays of one file; those of float64 where there are such."""

    def __init__(self, name: str) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        for ending in ("", "_f64"):
            path = FOLDER / f"unsup3d_{name}{ending}.npz"
            if path.exists():
                with np.load(path) as stored:
                    self.arrays.update({key: stored[key] for key in stored.files})

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def __getitem__(self, key: str) -> Tensor:
        """An array that is stored whole; numbers as float64."""
        tensor = torch.as_tensor(np.array(self.arrays[key]))
        return tensor.double() if tensor.is_floating_point() else tensor

    @property
    def keys(self) -> set[str]:
        """Names of what is to be compared or was put in."""
        return {key.removesuffix(THIN) for key in self.arrays if not key.startswith("noise_")}

    def pair(self, key: str, value: Tensor) -> tuple[Tensor, Tensor]:
        """Our numbers and the stored ones, in a row; of a thinned array those that are stored."""
        ours = value.detach().double().flatten()
        if key in self.arrays:
            assert tuple(np.squeeze(self.arrays[key]).shape) == tuple(value.squeeze().shape), key
            return ours, self[key].double().flatten()
        theirs = self[key + THIN].double().flatten()
        return ours[:: step(len(ours))], theirs

    def error(self, key: str, value: Tensor) -> float:
        """Norm of the difference over the norm of what is stored."""
        ours, theirs = self.pair(key, value)
        assert ours.shape == theirs.shape, key
        return float((ours - theirs).norm() / theirs.norm().clamp(min=1e-12))


def step(count: int) -> int:
    """Which numbers of a long array are stored: one in so many."""
    return max(1, count // 200)


def fill(network: nn.Module, seed: int) -> None:
    """The formula's weights, in the order of the parameters."""
    with torch.no_grad():
        for k, parameter in enumerate(network.parameters()):
            offset, scale = offset_and_scale(parameter)
            values = offset + scale * uniform(parameter.numel(), k, seed)
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).view(parameter.shape))


def offset_and_scale(parameter: Tensor) -> tuple[float, float]:
    """Of the formula: a convolution's weights, a bias, or, where the values are ones, a normalisation's weights."""
    if parameter.ndim > 1:
        return 0.0, math.sqrt(6 / (parameter.numel() / parameter.shape[0]))
    return (1.0, 0.2) if bool((parameter == 1).all()) else (0.0, 0.1)


def uniform(count: int, k: int, seed: int) -> np.ndarray:
    """Numbers in (-1, 1) of tensor number k."""
    mask = np.uint64(0xFFFFFFFF)
    x = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B1)
    x = (x + np.uint64(k * 0x85EBCA6B + seed * 0xC2B2AE35)) & mask
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x7FEB352D)) & mask
    x ^= x >> np.uint64(15)
    x = (x * np.uint64(0x846CA68B)) & mask
    x ^= x >> np.uint64(16)
    return (x + 0.5) / 2.0**31 - 1


class StandIn(nn.Module):
    """The small network whose features took the place of VGG16's."""

    def __init__(self, golden: Golden) -> None:
        super().__init__()
        self.golden = golden

    def forward(self, images: Tensor) -> list[Tensor]:
        mean, std = (torch.tensor(x, dtype=images.dtype).view(3, 1, 1) for x in (MEAN, STD))
        x = (images - mean) / std
        for level in (1, 2, 3):
            if level > 1:
                x = nn.functional.max_pool2d(x, 2)
            weight, bias = (self.golden[f"standin_conv{level}_{part}"].to(x) for part in ("weight", "bias"))
            x = nn.functional.conv2d(x, weight, bias, padding=1).relu()
        return [x]
