"""Mixtures of von Mises distributions: what a picture says of its azimuth.

A direction z in the plane stands for a von Mises distribution: its angle is the mean, its length k the concentration,
the density of an angle a is exp(z . (cos a, sin a)) / (2 pi I0(k)) (Mardia and Jupp, Directional Statistics, 2000,
section 3.5.4). That networks tell viewpoints so, and several for what looks alike from two sides: Prokudin, Gehler
and Nowozin, ECCV 2018.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

Logits = Float[Tensor, "picture mode"]
Directions = Float[Tensor, "picture mode 2"]
_LEAST = 1e-6  # of a length that something is divided by


def log_density(
    logits: Logits, directions: Directions, angle: Float[Tensor, "picture angle"]
) -> Float[Tensor, "picture angle"]:
    """Logarithm of the density of angles, by a logarithm of I0 that no concentration makes overflow.

    Args:
        logits: of the modes' weights.
        directions: of the modes.
        angle: radians.

    Returns:
        nats; of no knowledge at all -ln(2 pi) = -1.838.
    """
    length = _length(directions)
    log_i0 = torch.special.i0e(length).log() + length
    towards = torch.stack([angle.cos(), angle.sin()], dim=1)
    each = directions @ towards - log_i0[..., None]
    shares = logits.log_softmax(1)[..., None]
    return torch.logsumexp(shares + each, dim=1) - math.log(2 * math.pi)


def likeliest(logits: Logits, directions: Directions) -> Float[Tensor, " picture"]:
    """Radians of the mode's mean at which the density is largest."""
    means = torch.atan2(directions[..., 1], directions[..., 0])
    best = log_density(logits, directions, means).argmax(1)
    return means[torch.arange(len(means), device=means.device), best]


def resultant_length(logits: Logits, directions: Directions) -> Float[Tensor, " picture"]:
    """Length of the mean of (cos a, sin a): 1 for one angle, 0 for nothing known or two opposite angles.

    Of one von Mises distribution it is I1(k) / I0(k).
    """
    length = _length(directions)
    ratio = torch.special.i1e(length) / torch.special.i0e(length)
    mean = ((logits.softmax(1) * ratio / length)[..., None] * directions).sum(1)
    found: Tensor = mean.square().sum(1).sqrt()
    return found.clamp(max=1.0)


def _length(directions: Directions) -> Float[Tensor, "picture mode"]:
    """With a gradient of 0 at 0."""
    return directions.square().sum(-1).clamp_min(_LEAST**2).sqrt()
