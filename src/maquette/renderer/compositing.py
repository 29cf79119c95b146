"""Features of the points that a pixel sees, as one: over one another, or summed by weight.

All take `pointsidx` (N, K, H, W), indices into the points, nearest first, negative where there is none; `alphas`
(N, K, H, W), their weights; `pt_clds` (C, P), features. All return (N, C, H, W), differentiable in weights and
features.
Follow PyTorch3D's operators of these names.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

_LEAST_WEIGHT = 1e-4

Indices = Int[Tensor, "cloud slot height width"]
Weights = Float[Tensor, "cloud slot height width"]
Features = Float[Tensor, "channel point"]
Pictures = Float[Tensor, "cloud channel height width"]


def alpha_composite(pointsidx: Indices, alphas: Weights, pt_clds: Features) -> Pictures:
    """Sum over k of f_k a_k (1 - a_0) ... (1 - a_k-1): each point over those behind it."""
    alphas = alphas.masked_fill(pointsidx < 0, 0.0)
    passed = (1 - alphas).cumprod(dim=1)
    before = torch.cat([torch.ones_like(passed[:, :1]), passed[:, :-1]], dim=1)
    return _weigh(pointsidx, alphas * before[:, : alphas.shape[1]], pt_clds)


def norm_weighted_sum(pointsidx: Indices, alphas: Weights, pt_clds: Features) -> Pictures:
    """Sum over k of f_k a_k, divided by the sum of a_k, which counts as 1e-4 at least."""
    alphas = alphas.masked_fill(pointsidx < 0, 0.0)
    total = alphas.sum(dim=1, keepdim=True).clamp(min=_LEAST_WEIGHT)
    return _weigh(pointsidx, alphas / total, pt_clds)


def weighted_sum(pointsidx: Indices, alphas: Weights, pt_clds: Features) -> Pictures:
    """Sum over k of f_k a_k."""
    return _weigh(pointsidx, alphas.masked_fill(pointsidx < 0, 0.0), pt_clds)


def _weigh(pointsidx: Tensor, weights: Tensor, features: Tensor) -> Tensor:
    """Layer by layer: all layers' features at once would be K times the picture."""
    clouds, slots, height, width = pointsidx.shape
    total = features.new_zeros(clouds, height, width, len(features))
    if features.shape[1] > 0:
        rows = features.t()
        for k in range(slots):
            layer = rows[pointsidx[:, k].clamp(min=0).long()]
            total = total + layer * weights[:, k, :, :, None]
    return total.permute(0, 3, 1, 2)
