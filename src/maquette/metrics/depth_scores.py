"""How far a depth map is from the true one: SIDE and MAD (Wu et al., CVPR 2020, section 4.1)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

_LEAST = 1e-6  # sum of a mask below which nothing is compared
_WHOLE = 0.99


def eroded(mask: Float[Tensor, "batch h w"]) -> Float[Tensor, "batch h w"]:
    """1 where all of a pixel's 3 x 3 neighbours are in the mask, else 0; beyond the picture none are."""
    return (avg_pool2d(mask[:, None], 3, stride=1, padding=1)[:, 0] > _WHOLE).to(mask.dtype)


def depth_errors(
    depth: Float[Tensor, "batch h w"],
    true: Float[Tensor, "batch h w"],
    mask: Float[Tensor, "batch h w"] | None = None,
) -> Float[Tensor, "batch h w"]:
    """(D - mean D)^2 with D = ln depth - ln true, a factor on all depths being of no account; 0 outside the mask.

    Args:
        depth: in any unit, above 0.
        true: the same.
        mask: 1 where they are compared; everywhere when not given.
    """
    mask = torch.ones_like(depth) if mask is None else mask
    difference = (depth.log() - true.log()).where(mask > 0, 0.0)  # a depth of 0 says that none is known
    mean = _mean(difference, mask)[:, None, None]
    return (difference - mean).square() * mask


def scale_invariant_depth_error(
    depth: Float[Tensor, "batch h w"],
    true: Float[Tensor, "batch h w"],
    mask: Float[Tensor, "batch h w"] | None = None,
) -> Float[Tensor, " batch"]:
    """SIDE of each map: the root of the mean over the mask of `depth_errors`; tables show it times 100.

    Returns:
        at least 0; 0 too where the mask is empty.
    """
    errors = depth_errors(depth, true, mask)
    return _mean(errors, torch.ones_like(errors) if mask is None else mask).sqrt()


def normal_angles(
    normals: Float[Tensor, "batch h w 3"],
    true: Float[Tensor, "batch h w 3"],
    mask: Float[Tensor, "batch h w"] | None = None,
) -> Float[Tensor, "batch h w"]:
    """Angle between unit vectors in degrees, in [0, 180]; 0 outside the mask."""
    angles = (normals * true).sum(-1).clamp(-1, 1).acos() * (180 / math.pi)
    return angles if mask is None else angles * mask


def mean_angle_deviation(
    normals: Float[Tensor, "batch h w 3"],
    true: Float[Tensor, "batch h w 3"],
    mask: Float[Tensor, "batch h w"] | None = None,
) -> Float[Tensor, " batch"]:
    """MAD of each map: the mean over the mask of `normal_angles`, in degrees; 0 where the mask is empty."""
    angles = normal_angles(normals, true, mask)
    return _mean(angles, torch.ones_like(angles) if mask is None else mask)


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum((1, 2)) / mask.sum((1, 2)).clamp(min=_LEAST)
