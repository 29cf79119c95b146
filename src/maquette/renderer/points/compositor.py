"""Layers of points to one picture, over a background."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from maquette.renderer.compositing import alpha_composite, norm_weighted_sum

Color = Sequence[float] | Tensor


class _Compositor(nn.Module):
    """Composites layers and paints what no point covers.

    Args:
        background_color: C values, or C - 1 in front of an alpha of 1; 0 by default.
    """

    composite: Callable[[Tensor, Tensor, Tensor], Tensor]

    def __init__(self, background_color: Color | None = None) -> None:
        super().__init__()
        self.background_color = background_color

    def forward(self, fragments: Tensor, alphas: Tensor, ptclds: Tensor, **kwargs: Any) -> Tensor:
        """Pictures (N, C, H, W) of indices (N, K, H, W), weights likewise and features (C, P).

        `kwargs` may hold another `background_color`.

        Raises:
            ValueError: a background colour of the wrong shape.
        """
        images = type(self).composite(fragments, alphas, ptclds)
        background = kwargs.get("background_color", self.background_color)
        return images if background is None else _over(background, fragments, images)


class AlphaCompositor(_Compositor):
    """Each point over those behind it, by its alpha; see `alpha_composite`."""

    composite = staticmethod(alpha_composite)


class NormWeightedCompositor(_Compositor):
    """The weighted mean of the points of a pixel, whatever their depths; see `norm_weighted_sum`."""

    composite = staticmethod(norm_weighted_sum)


def _over(background: Color, fragments: Tensor, images: Tensor) -> Tensor:
    color = torch.as_tensor(background, dtype=images.dtype, device=images.device)
    channels = images.shape[1]
    if color.ndim > 1:
        raise ValueError("Wrong shape of background_color")
    if color.ndim == 0:
        color = color.expand(channels)
    if len(color) + 1 == channels:
        color = torch.cat([color, color.new_ones(1)])
    if len(color) != channels:
        raise ValueError(f"Background color has {channels} channels not {len(color)}")
    return torch.where(fragments[:, :1] < 0, color[:, None, None], images)
