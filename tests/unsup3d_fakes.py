"""What the networks of Unsup3D might say, and features without a network."""

import torch
from torch import Tensor

from maquette.systems.unsup3d.network import Raw

SIZE = 32


def some_raw(count: int = 2, scale: float = 1.0) -> Raw:
    """Raw outputs within their ranges, of which the depth may be of any size."""
    return Raw(
        scale * torch.randn(count, 1, SIZE, SIZE),
        torch.rand(count, 3, SIZE, SIZE) * 2 - 1,
        torch.rand(count, 4) * 2 - 1,
        torch.rand(count, 6) * 2 - 1,
        torch.rand(count, 2, SIZE, SIZE) + 0.1,
        torch.rand(count, 2, SIZE // 4, SIZE // 4) + 0.1,
    )


def coarse(images: Tensor) -> list[Tensor]:
    """Features 4 pixels apart that need no network."""
    return [torch.nn.functional.avg_pool2d(images, 4)]
