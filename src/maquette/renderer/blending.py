"""Blending the K faces of each pixel into one RGBA picture.

Three rules: the nearest face alone (`hard_rgb_blend`), the nearest face's colour under a soft outline
(`sigmoid_alpha_blend`), and SoftRas's softmax over depth with a soft outline (`softmax_rgb_blend`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..structures.fragments import Fragments
from ..structures.utils import present

Number = int | float
_BACKGROUND_DEPTH = 1e-10  # inverse depth of the background, and its least weight


class BlendParams(NamedTuple):
    """Constants of blending.

    Attributes:
        sigma: width of a face's soft edge, in squared NDC units. Larger is blurrier. (`SplatterPhongShader`
            reads it as the standard deviation of its splats, in pixels.)
        gamma: temperature of the softmax over inverse depth. Larger makes near faces more transparent.
        background_color: colour of pixels without a face: three numbers or a tensor of as many numbers as
            the colours have channels.
    """

    sigma: float = 1e-4
    gamma: float = 1e-4
    background_color: Tensor | Sequence[float] = (1.0, 1.0, 1.0)


def background_like(blend_params: BlendParams, colors: Tensor) -> Tensor:
    """The background colour as a tensor with the type and device of `colors`."""
    return torch.as_tensor(blend_params.background_color, dtype=colors.dtype, device=colors.device)


def hard_rgb_blend(colors: Tensor, fragments: Fragments, blend_params: BlendParams) -> Tensor:
    """Show the nearest face of each pixel, and the background where there is none.

    Args:
        colors: (N, H, W, K, C) colour of each of the K faces of a pixel.
        fragments: rasterizer output; `pix_to_face` is read.
        blend_params: `background_color` is read.

    Returns:
        (N, H, W, C + 1): colour and alpha, which is 1 on a face and 0 elsewhere.
    """
    covered = fragments.pix_to_face[..., :1] >= 0
    rgb = torch.where(covered, colors[..., 0, :], background_like(blend_params, colors))
    return torch.cat([rgb, covered.to(rgb)], dim=-1)


def soft_alpha(dists: Tensor, pix_to_face: Tensor, sigma: Number | Tensor) -> Tensor:
    """Probability that at least one of a pixel's faces covers it: 1 - prod_k (1 - sigmoid(-d_k / sigma)).

    Computed as 1 - exp(-sum_k softplus(-d_k / sigma)), the same number, whose gradient
    -(1 - alpha) sigmoid(-d_k / sigma) / sigma needs no product of the other factors and is finite everywhere.

    Args:
        dists: (..., K) squared distances, negative inside a face.
        pix_to_face: (..., K) face indices; entries below 0 do not count.
        sigma: width of the soft edge, in the unit of `dists`.

    Returns:
        (...) alpha in [0, 1].
    """
    softplus = -F.logsigmoid(dists / sigma)
    return -torch.expm1(-torch.where(pix_to_face >= 0, softplus, 0.0).sum(dim=-1))


def sigmoid_alpha_blend(colors: Tensor, fragments: Fragments, blend_params: BlendParams) -> Tensor:
    """Colour of the nearest face under a soft silhouette (Liu et al., Soft Rasterizer, ICCV 2019).

    Args:
        colors: (N, H, W, K, C) colour of each of the K faces of a pixel.
        fragments: rasterizer output; `pix_to_face` and `dists` are read.
        blend_params: `sigma` is read.

    Returns:
        (N, H, W, C + 1): colour of the nearest face, and alpha of `soft_alpha`.
    """
    alpha = soft_alpha(present(fragments.dists), fragments.pix_to_face, blend_params.sigma)
    return torch.cat([colors[..., 0, :], alpha[..., None].to(colors)], dim=-1)


def softmax_rgb_blend(
    colors: Tensor,
    fragments: Fragments,
    blend_params: BlendParams,
    znear: Number | Tensor = 1.0,
    zfar: Number | Tensor = 100,
) -> Tensor:
    """Blend all faces of a pixel by coverage and depth (Liu et al., Soft Rasterizer, ICCV 2019).

    Face k weighs p_k exp((z_k - m) / gamma) with p_k = sigmoid(-d_k / sigma), z_k = (zfar - depth_k) /
    (zfar - znear) and m the largest z of the pixel; the background weighs max(exp((e - m) / gamma), e) with
    e = 1e-10. Subtracting m keeps every exponent at or below 0.

    Args:
        colors: (N, H, W, K, C) colour of each of the K faces of a pixel.
        fragments: rasterizer output; `pix_to_face`, `dists` and `zbuf` are read.
        blend_params: `sigma`, `gamma` and `background_color` are read.
        znear: depth of the near plane, a number or one of each view (N,).
        zfar: depth of the far plane, likewise.

    Returns:
        (N, H, W, C + 1): blended colour, and alpha of `soft_alpha`.
    """
    covered = fragments.pix_to_face >= 0
    znear, zfar = _per_view(znear), _per_view(zfar)
    inverse_depth = torch.where(covered, (zfar - fragments.zbuf) / (zfar - znear), 0.0)
    largest = inverse_depth.max(dim=-1, keepdim=True).values.clamp(min=_BACKGROUND_DEPTH)

    coverage = torch.where(covered, torch.sigmoid(-present(fragments.dists) / blend_params.sigma), 0.0)
    weights = coverage * torch.exp((inverse_depth - largest) / blend_params.gamma)
    behind = torch.exp((_BACKGROUND_DEPTH - largest) / blend_params.gamma).clamp(min=_BACKGROUND_DEPTH)

    background = behind * background_like(blend_params, colors)
    rgb = ((weights[..., None] * colors).sum(dim=-2) + background) / (weights.sum(-1, keepdim=True) + behind)
    alpha = soft_alpha(present(fragments.dists), fragments.pix_to_face, blend_params.sigma)
    return torch.cat([rgb, alpha[..., None].to(rgb)], dim=-1)


def _per_view(plane: Number | Tensor) -> Number | Tensor:
    return plane[:, None, None, None] if isinstance(plane, Tensor) and plane.ndim else plane
