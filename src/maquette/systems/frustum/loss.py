"""What the frustum's network is trained to make small."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from .config import LossConfig
from .rays import Rays

_LEAST = 1e-4  # probabilities are kept this far from 0 and 1 where logarithms are taken


def frustum_loss(
    rays: Rays,
    solid: Float[Tensor, "n depth"],
    front: Float[Tensor, " n"],
    image: Tensor,
    images: int,
    cells: int,
    config: LossConfig,
) -> tuple[Float[Tensor, ""], Mapping[str, Float[Tensor, ""]]]:
    """The weighted sum of the terms, and each of them.

    Args:
        rays: what was told of the rays near the objects; the others are empty.
        solid: solid part of their cells.
        front: where they first meet the object, in cells; negative where they do not.
        image: (n,) which image each ray belongs to.
        images: number of images.
        cells: number of cells of all frustums.
        config: the weights.
    """
    found = rays.solid()
    entropy = F.binary_cross_entropy(found.clamp(_LEAST, 1 - _LEAST), solid, reduction="sum") / cells
    both, either = (
        torch.zeros(images, device=found.device).index_add(0, image, values.sum(1))
        for values in (found * solid, found + solid)
    )
    dice = 1 - (2 * both / either.clamp_min(_LEAST)).mean()
    seen = front >= 0
    rays, solid, front = rays[seen], solid[seen], front[seen]
    terms = {
        "cross_entropy": entropy,
        "dice": dice,
        "front": front_loss(rays.front, front),
        "run": run_loss(rays.run, solid, front),
    }
    weights = (config.cross_entropy, config.dice, config.front, config.run)
    total = torch.stack([w * term for w, term in zip(weights, terms.values(), strict=True) if w]).sum()
    return total, terms


def front_loss(logits: Float[Tensor, "n depth"], front: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Cross-entropy of the cells next to where the surface is, each the nearer the more.

    Args:
        logits: of the cells.
        front: place of the surface in cells: i + .5 is the middle of cell i.
    """
    last = logits.shape[1] - 1
    place = (front - 0.5).clamp(0, last)
    low = place.floor().long()
    chances = logits.log_softmax(dim=1)
    below, above = (chances.gather(1, cell[:, None])[:, 0] for cell in (low, (low + 1).clamp_max(last)))
    share = place - low
    return -((1 - share) * below + share * above).mean()


def run_loss(
    run: Float[Tensor, "n run"], solid: Float[Tensor, "n depth"], front: Float[Tensor, " n"]
) -> Float[Tensor, ""]:
    """Cross-entropy of the cells from the true surface on; those behind the frustum are empty.

    Args:
        run: log-odds.
        solid: solid part of the rays' cells.
        front: place of the surface in cells.
    """
    depths = solid.shape[1]
    at = front.floor().long()[:, None] + torch.arange(run.shape[1], device=run.device)
    target = solid.gather(1, at.clamp(0, depths - 1)) * (at < depths)
    return F.binary_cross_entropy_with_logits(run, target)
