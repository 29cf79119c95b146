"""Overlap of soft silhouettes."""

from jaxtyping import Float
from torch import Tensor


def silhouette_iou_loss(
    predicted: Float[Tensor, "*batch height width"],
    target: Float[Tensor, "*batch height width"],
    eps: float = 1e-6,
) -> Float[Tensor, ""]:
    """1 - mean over the batch of sum(A B) / (sum(A + B - A B) + eps).

    Args:
        predicted: alpha in [0, 1].
        target: alpha or mask in [0, 1].
        eps: keeps two empty pictures finite; as the quotient is then 0, they cost 1.

    Returns:
        scalar in [0, 1]: 0 where binary masks are equal and not empty, and for a batch of no pictures. The loss of
        SoftRas and DIB-R (Liu et al., Soft Rasterizer, 2019).
    """
    both = predicted * target
    either = predicted + target - both
    overlap = both.sum((-2, -1)) / (either.sum((-2, -1)) + eps)
    return 1 - overlap.mean() if overlap.numel() else overlap.sum()
