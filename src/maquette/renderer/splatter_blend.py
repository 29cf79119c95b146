"""Blending by splats: every pixel spreads a little over its neighbours, so that outlines have gradients.

Cole et al., Differentiable Surface Rendering via Non-differentiable Sampling, ICCV 2021. A rasterized entry of
pixel p adds its colour to the nine pixels q around p with weight exp(-|x - q|² / 2 sigma²), x being where its
surface point projects to: always the centre of p, but movable by the vertices. Each q keeps three sums, of
splats in front of its nearest surface, on it, and behind it, and lays them over each other.

Differs from PyTorch3D's in that neighbours are visited one after the other (no nine-fold copies), and that the
surface of a neighbour is looked up in the direction its splat comes from.
"""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..structures.cameras_base import CamerasBase
from ..structures.device import Device
from .blending import BlendParams, background_like

_OFFSETS = tuple(product((-1, 0, 1), repeat=2))  # (dx, dy) from a pixel to its neighbours
_SURPLUS = 0.05  # splats of a flat surface add up to 1.05, so that normalizing them has a gradient


class SplatterBlender(nn.Module):
    """Blends lit fragments by splats.

    Args:
        input_shape: (N, H, W, K) of the fragments to come; not needed, accepted for PyTorch3D's sake.
        device: likewise.
    """

    def __init__(self, input_shape: tuple[int, int, int, int], device: Device) -> None:
        super().__init__()

    def forward(
        self,
        colors: Tensor,
        pixel_coords_cameras: Tensor,
        cameras: CamerasBase,
        background_mask: Tensor,
        blend_params: BlendParams,
    ) -> Tensor:
        """Splat and compose.

        Args:
            colors: (N, H, W, K, 3) colour of every entry.
            pixel_coords_cameras: (N, H, W, K, 3) positions in the world, interpolated from the vertices with
                constant barycentric coordinates: through them gradients reach the vertices.
            cameras: N cameras, or one, that made the fragments.
            background_mask: (N, H, W, K) true where no face is.
            blend_params: `sigma`, the standard deviation of a splat in pixels (0.5 is meant), and
                `background_color` are read.

        Returns:
            (N, H, W, 4) RGBA.

        Raises:
            ValueError: sigma is not positive.
        """
        sigma = blend_params.sigma
        if sigma <= 0.0:
            raise ValueError("Only positive standard deviations make sense.")
        N, H, W, K = background_mask.shape
        screen = cameras.transform_points_screen(
            pixel_coords_cameras.reshape(N, -1, 3), image_size=(H, W), with_xyflip=False
        ).reshape(N, H, W, K, 3)
        screen = torch.where(background_mask[..., None], 1.0, screen)
        seen = (~background_mask)[..., None].to(colors)
        rgba = torch.cat([colors * seen, seen], dim=-1)

        # Unflipped x and y grow to the left and upwards, so this points from a pixel's centre to its surface.
        drift = screen[..., :2].floor() + 0.5 - screen[..., :2]
        depth = screen[..., 2].detach()
        peak = (1 + _SURPLUS) / _gaussian(colors.new_tensor(_OFFSETS), sigma).sum()
        entry = torch.arange(K, device=colors.device)
        sums = [colors.new_zeros((N, H, W, 5)) for _ in range(3)]
        for dx, dy in _OFFSETS:
            weight = peak * seen * _gaussian(drift + drift.new_tensor([dx, dy]), sigma)[..., None]
            splats = _from_neighbour(torch.cat([rgba * weight, weight], dim=-1), dx, dy)
            surface = _surface_entry(_from_neighbour(depth[..., None], dx, dy)[..., 0], depth)
            for i, chosen in enumerate((entry > surface, entry == surface, entry < surface)):
                sums[i] = sums[i] + (splats * chosen[..., None]).sum(dim=-2)

        picture = F.pad(background_like(blend_params, colors), (0, 1)).expand(N, H, W, 4)
        for layer in sums:  # behind the surface, on it, in front of it
            layer = layer[..., :4] / layer[..., 4:].clamp(min=1.0)
            picture = layer + (1 - layer[..., 3:]) * picture
        return picture


def _gaussian(vectors: Tensor, sigma: float) -> Tensor:
    return torch.exp(-(vectors**2).sum(dim=-1) / (2 * sigma**2))


def _from_neighbour(values: Tensor, dx: int, dy: int) -> Tensor:
    """At each pixel (x, y) of (N, H, W, K, C) the values of pixel (x + dx, y + dy); 0 from outside."""
    _, H, W, _, _ = values.shape
    padded = F.pad(values, (0, 0, 0, 0, 1, 1, 1, 1))
    return padded[:, 1 + dy : 1 + dy + H, 1 + dx : 1 + dx + W]


def _surface_entry(of_neighbour: Tensor, of_pixel: Tensor) -> Tensor:
    """Which of a neighbour's entries lies on the pixel's nearest surface, by depth (N, H, W, K): (N, H, W, 1).

    Entries before it are in front of the surface, those after it behind. Negative where the neighbour's first
    entry continues a surface that lies behind the pixel's nearest one.
    """
    gap, entry = (of_neighbour - of_pixel[..., :1]).abs().min(dim=-1, keepdim=True)
    gap_behind, entry_behind = (of_neighbour[..., :1] - of_pixel).abs().min(dim=-1, keepdim=True)
    return torch.where(gap_behind < gap, -entry_behind, entry)
