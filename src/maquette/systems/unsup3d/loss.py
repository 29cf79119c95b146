"""The loss of Unsup3D: pixels, filtered or not, and features, weighed by how uncertain they are, and smoothness.

"Confidence" is what the paper calls a map of standard deviations: the larger sigma is, the less a difference costs,
and the more the map itself does.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from .config import LossConfig
from .filters import filtered
from .formation import Canonical, Reconstructed
from .network import Raw

_EPSILON = 1e-7
_LEAST = 1e-6  # sum of masks below which there is nothing to take the mean over
Features = Callable[[Float[Tensor, "batch 3 h w"]], Sequence[Float[Tensor, "batch _channel _h _w"]]]


def photometric_loss(
    image: Float[Tensor, "batch 3 h w"],
    target: Float[Tensor, "batch 3 h w"],
    mask: Float[Tensor, "batch 1 h w"] | None = None,
    sigma: Float[Tensor, "batch 1 h w"] | None = None,
) -> Float[Tensor, ""]:
    """Mean over the mask of sqrt(2) l1 / sigma + ln sigma, l1 the mean difference of the three colours.

    The negative logarithm of Laplace's density but for the constant ln(2) / 2 (Wu et al., CVPR 2020, eq. 3).

    Args:
        image: reconstructed, in [-1, 1].
        target: the picture.
        mask: weight of every pixel; 1 when not given. Without any the loss is 0.
        sigma: uncertainty, above 0; without one the mean of l1 is taken.
    """
    cost = (image - target).abs().mean(1, keepdim=True)
    if sigma is not None:
        cost = math.sqrt(2) * cost / (sigma + _EPSILON) + (sigma + _EPSILON).log()
    return masked_mean(cost, mask)


def filtered_loss(
    image: Float[Tensor, "batch 3 h w"],
    target: Float[Tensor, "batch 3 h w"],
    mask: Float[Tensor, "batch 1 h w"] | None = None,
    sigma: Float[Tensor, "batch 1 h w"] | None = None,
) -> Float[Tensor, ""]:
    """Mean of `photometric_loss` over pictures behind the filters of `filters.filtered`, which are linear.

    Outside the mask nothing differs. Arguments as there; the uncertainty of a filtered pixel is that of the pixel.
    """
    difference = image - target if mask is None else (image - target) * mask
    none = torch.zeros_like(difference)
    return torch.stack([photometric_loss(one, none, mask, sigma) for one in filtered(difference)]).mean()


def perceptual_loss(
    features: Float[Tensor, "batch channel h w"],
    target: Float[Tensor, "batch channel h w"],
    mask: Float[Tensor, "batch 1 height width"] | None = None,
    sigma: Float[Tensor, "batch 1 rows columns"] | None = None,
) -> Float[Tensor, ""]:
    """Mean over the mask and the channels of d^2 / (2 sigma^2) + ln sigma, d the difference of features.

    The negative logarithm of Gauss's density but for a constant (Wu et al., CVPR 2020, eq. 7).

    Args:
        features: of the reconstructed picture.
        target: of the picture.
        mask: weight of every pixel, whose mean under each feature is that of the feature.
        sigma: uncertainty, above 0; its mean under each feature where it is finer, without one the mean of d^2 is
            taken.
    """
    cost = (features - target).square()
    if sigma is not None:
        if sigma.shape != cost[:, :1].shape:
            sigma = interpolate(sigma, cost.shape[2:], mode="area")
        cost = cost / (2 * sigma.square() + _EPSILON) + (sigma + _EPSILON).log()
    if mask is not None:
        mask = avg_pool2d(mask, mask.shape[-1] // cost.shape[-1])
    return masked_mean(cost, mask)


def smoothness_loss(depth: Float[Tensor, "batch h w"], bounds: tuple[float, float]) -> Float[Tensor, ""]:
    """Mean step between neighbours along columns and along rows, in widths of the range of depths."""
    along = (depth[:, :, 1:] - depth[:, :, :-1]).abs().mean()
    down = (depth[:, 1:] - depth[:, :-1]).abs().mean()
    return (along + down) / (bounds[1] - bounds[0])


def masked_mean(
    values: Float[Tensor, "batch channel h w"], mask: Float[Tensor, "batch 1 h w"] | None
) -> Float[Tensor, ""]:
    """Mean with weights, which are the same for all channels; 0 where all of them are."""
    if mask is None:
        return values.mean()
    return (values * mask).sum() / (mask.sum() * values.shape[1]).clamp(min=_LEAST)


def unsup3d_loss(
    images: Float[Tensor, "batch 3 size size"],
    raw: Raw,
    found: Canonical,
    made: Reconstructed,
    config: LossConfig,
    bounds: tuple[float, float],
    features: Features | None = None,
    flip: float | None = None,
) -> tuple[Float[Tensor, ""], Mapping[str, Float[Tensor, ""]]]:
    """Weighted sum of the terms, and the terms (Wu et al., CVPR 2020, eq. 4 and section 3.5).

    The reconstruction counts 1, the mirrored one `flip`; features of the masked reconstruction are compared with
    those of the whole picture, and only their loss is masked. Of features of several levels the mean loss is taken.

    Args:
        images: RGB in [0, 1].
        raw: what the networks said, of which uncertainties are read.
        found: the object from the front.
        made: what the camera sees.
        config: weights.
        bounds: least and largest canonical depth.
        features: of pictures in [0, 1], which may go beyond, a map a level; without them the perceptual loss is left
            out.
        flip: weight of the mirrored reconstruction; that of `config` when not given.
    """
    count = len(images)
    target = (2 * images - 1).to(made.image.dtype)
    weights = {"": 1.0, "_flip": config.flip if flip is None else flip}
    halves = {"": slice(0, count), "_flip": slice(count, 2 * count)}
    wanted = None
    if features is not None and config.perceptual:
        with torch.no_grad():
            wanted = features((target + 1) / 2)
    terms: dict[str, Tensor] = {}
    loss = torch.zeros_like(target[:0].sum())
    for side, (name, half) in enumerate(halves.items()):
        image, sigma = made.image[half], _sigma(raw.sigma_pixels, side)
        terms[f"pixels{name}"] = photometric_loss(image, target, made.mask, sigma)
        loss = loss + weights[name] * terms[f"pixels{name}"]
        if config.filtered:
            term = filtered_loss(image, target, made.mask, sigma)
            terms[f"filtered{name}"] = term
            loss = loss + config.filtered * weights[name] * term
        if features is not None and wanted is not None:
            sigma, own = _sigma(raw.sigma_features, side), features((image + 1) / 2)
            pairs = zip(own, wanted, strict=True)
            term = torch.stack([perceptual_loss(*pair, made.mask, sigma) for pair in pairs]).mean()
            terms[f"features{name}"] = term
            loss = loss + config.perceptual * weights[name] * term
    if config.smoothness:
        terms["smoothness"] = smoothness_loss(found.smooth, bounds)
        loss = loss + config.smoothness * terms["smoothness"]
    return loss, terms


def _sigma(maps: Tensor | None, side: int) -> Tensor | None:
    """The uncertainty of the reconstruction (0) or of the mirrored one (1)."""
    if maps is None:
        return None
    return (maps if maps.dtype == torch.float64 else maps.float())[:, side : side + 1]
