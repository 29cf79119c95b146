"""One minus a soft overlap of what is told and what is true, whatever the places are: pixels or cells."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def soft_dice(
    log_odds: Float[Tensor, "batch ..."],
    truth: Float[Tensor, "batch ..."] | Bool[Tensor, "batch ..."],
    smooth: float = 0.0,
) -> Float[Tensor, ""]:
    """1 - (1/N) sum over the batch of (2 sum p t + s) / (sum p + sum t + s), p the logistic function of the log odds.

    The overlap is that of each sample as a whole (Milletari et al., V-Net, 2016, without the squares), so that
    thin things count as much as full ones. With Dice D their IoU is D / (2 - D).

    Args:
        log_odds: of a place that belongs to the thing.
        truth: t, in [0, 1].
        smooth: s; without it a sample without truth costs 1.

    Returns:
        scalar, float32 for halves, in [0, 1]; 0 of an empty batch.
    """
    told = torch.sigmoid(log_odds.float() if log_odds.itemsize < 4 else log_odds).flatten(1)
    true = truth.flatten(1).to(told.dtype)
    both, either = (told * true).sum(1), told.sum(1) + true.sum(1)
    overlap = (2 * both + smooth) / (either + smooth).clamp_min(1e-12)
    return 1 - overlap.mean() if overlap.numel() else overlap.sum()
