"""`mfid`: how far apart two sets of pictures are, as the Frechet distance of Gaussians of their features.

The formula is that of the FID (Heusel et al., "GANs trained by a two time-scale update rule", NeurIPS 2017). The
features are not: they are those of a backbone of ours (`picture_features`) in the place of Inception-v3's, so
that the numbers can be compared with each other and never with a FID.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

_CHUNK = 4096  # features at once in float64


@dataclass(frozen=True)
class Gaussian:
    """Mean and covariance of features.

    Attributes:
        mean: (feature,), float64.
        covariance: (feature, feature), float64, symmetric, without negative eigenvalues.
    """

    mean: Float[Tensor, " feature"]
    covariance: Float[Tensor, "feature feature"]


def mfid(
    features: Float[Tensor, "picture feature"], others: Float[Tensor, "other feature"]
) -> Float[Tensor, ""]:
    """Frechet distance between the Gaussians of two sets of features; 0 for equal sets.

    With fewer pictures than features the covariances are singular and the distance is too large; it falls as
    the sets grow, so that only distances of sets of the same sizes should be compared.

    Raises:
        ValueError: fewer than two pictures in a set.
    """
    if max(len(features), len(others)) < features.shape[1]:
        return _of_few(features, others)
    return frechet_distance(gaussian_of(features), gaussian_of(others))


def gaussian_of(features: Float[Tensor, "picture feature"]) -> Gaussian:
    """Mean and unbiased covariance of a set of features, in float64, a few thousand rows at a time.

    Raises:
        ValueError: fewer than two pictures.
    """
    count = len(features)
    if count < 2:
        raise ValueError(f"a covariance needs 2 pictures or more, got {count}")
    chunks = features.split(_CHUNK)
    mean = torch.stack([chunk.double().sum(0) for chunk in chunks]).sum(0) / count
    covariance = torch.zeros(len(mean), len(mean), dtype=torch.float64, device=features.device)
    for chunk in chunks:
        apart = chunk.double() - mean
        covariance.addmm_(apart.T, apart, alpha=1 / (count - 1))
    return Gaussian(mean, covariance)


def frechet_distance(a: Gaussian, b: Gaussian) -> Float[Tensor, ""]:
    """|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)) (Dowson and Landau, 1982, eq. 4).

    The trace of the root is the sum of the singular values of S_a^(1/2) S_b^(1/2), which loses no digits where a
    covariance is singular and needs no complex numbers.

    Returns:
        a number >= 0, float64; the square of a distance.
    """
    singular = torch.linalg.svdvals(_root(a.covariance) @ _root(b.covariance))
    spread = a.covariance.trace() + b.covariance.trace() - 2 * singular.sum()
    distance: Tensor = (a.mean - b.mean).square().sum() + spread
    return distance.clamp(min=0)


def _of_few(
    features: Float[Tensor, "picture feature"], others: Float[Tensor, "other feature"]
) -> Float[Tensor, ""]:
    """The same of fewer pictures than features, without the covariances.

    With rows X and Y about their means, over the roots of their numbers less 1, S_a S_b = X^T X Y^T Y has the squared
    singular values of X Y^T as its eigenvalues.
    """
    if min(len(features), len(others)) < 2:
        raise ValueError(f"a covariance needs 2 pictures or more, got {min(len(features), len(others))}")
    means = [rows.double().mean(0) for rows in (features, others)]
    x, y = (
        (rows.double() - mean) / (len(rows) - 1) ** 0.5
        for rows, mean in zip((features, others), means, strict=True)
    )
    spread = x.square().sum() + y.square().sum() - 2 * torch.linalg.svdvals(x @ y.T).sum()
    distance: Tensor = (means[0] - means[1]).square().sum() + spread
    return distance.clamp(min=0)


def _root(covariance: Float[Tensor, "feature feature"]) -> Float[Tensor, "feature feature"]:
    """The symmetric square root; eigenvalues below 0 are rounding."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
