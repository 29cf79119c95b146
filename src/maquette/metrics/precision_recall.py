"""Precision and recall of a set of pictures: how good they are, and how much of what there is they show."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NEIGHBOURS = 3
_ENTRIES = 2**21  # of a block of distances: 16 MiB in float64
_ROUNDING = 1e-12  # of squared distances, as a share of the squared lengths
_LEAST = 1e-30  # squared distance that is divided by


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1].

    Attributes:
        precision: of made pictures among real ones.
        recall: of real pictures among made ones.
    """

    precision: float
    recall: float


def precision_recall(
    real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"], k: int = NEIGHBOURS
) -> PrecisionRecall:
    """How many of each set lie within the other set's manifold (Kynkaanniemi et al., "Improved precision and recall
    metric for assessing generative models", NeurIPS 2019, eq. 1 and 2).

    The manifold of a set is the union of balls around its features; each reaches as far as the k-th nearest of the
    others of that set. A feature on the surface of a ball is inside. Distances are taken in float64, a block
    at a time; features that are equal but for rounding are at distance 0.

    Args:
        real: features of real pictures.
        made: of made ones; the sets should be of about the same size.
        k: which neighbour; the paper's choice is 3.

    Raises:
        ValueError: k is not positive, or a set has no more than k pictures.
    """
    for name, features in (("real", real), ("made", made)):
        if not 1 <= k < len(features):
            raise ValueError(
                f"k = {k} neighbours need more than {max(k, 1)} {name} pictures, got {len(features)}"
            )
    centre = real.double().mean(0)
    real, made = real.double() - centre, made.double() - centre
    return PrecisionRecall(
        within_manifold(made, real, k).double().mean().item(),
        within_manifold(real, made, k).double().mean().item(),
    )


def within_manifold(
    features: Float[Tensor, "picture feature"], others: Float[Tensor, "other feature"], k: int = NEIGHBOURS
) -> Bool[Tensor, " picture"]:
    """Whether each feature lies in the ball of any of the others, which reaches to its k-th nearest among them.

    Args:
        features: to be judged.
        others: the set that spans the manifold, more than k.
        k: which neighbour.
    """
    reach = _squared_reach(others, k)
    return torch.cat([(_squared(rows, others) <= reach).any(1) for rows in _blocks(features, len(others))])


def realism(
    made: Float[Tensor, "made feature"], real: Float[Tensor, "real feature"], k: int = NEIGHBOURS
) -> Float[Tensor, " made"]:
    """How real each made picture looks (eq. 3 there): from 1 on it lies within a ball of real pictures.

    The largest ratio of a ball's reach to the distance from its middle, of the half of the balls that reach less far.

    Args:
        made: features of made pictures.
        real: of real ones, more than k.
        k: which neighbour.
    """
    reach = _squared_reach(real, k)
    near = reach <= reach.median()
    balls, reach = real[near], reach[near]
    blocks = _blocks(made, len(balls))
    ratios = [(reach / _squared(rows, balls).clamp(min=_LEAST)).max(1).values for rows in blocks]
    return torch.cat(ratios).sqrt()


def _squared_reach(features: Float[Tensor, "picture feature"], k: int) -> Float[Tensor, " picture"]:
    """Squared distance of each feature to the k-th nearest of the others; the nearest of all is itself."""
    blocks = _blocks(features, len(features))
    return torch.cat([_squared(rows, features).kthvalue(k + 1, dim=1).values for rows in blocks])


def _blocks(features: Float[Tensor, "picture feature"], others: int) -> tuple[Tensor, ...]:
    blocks: tuple[Tensor, ...] = features.split(max(1, _ENTRIES // others))
    return blocks


def _squared(
    a: Float[Tensor, "picture feature"], b: Float[Tensor, "other feature"]
) -> Float[Tensor, "picture other"]:
    """|a|^2 + |b|^2 - 2 a.b of each pair, in float64."""
    a, b = a.double(), b.double()
    lengths = a.square().sum(1)[:, None] + b.square().sum(1)
    squared = torch.addmm(lengths, a, b.T, alpha=-2)
    return squared.masked_fill_(squared <= _ROUNDING * lengths, 0)
