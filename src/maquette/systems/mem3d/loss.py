"""The loss of Mem3D: of cells, of what the memory expects, and of the keys."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, relu

from ...loss import voxel_cross_entropy, voxel_dice
from ...nn.memory import ShapeMemory
from .config import LossConfig
from .network import Mem3DNetwork, Seen

_SURE = 0.01  # probability that a mean of shapes is never surer than


def mem3d_loss(
    network: Mem3DNetwork, seen: Seen, target: Bool[Tensor, "batch x y z"], config: LossConfig
) -> tuple[Float[Tensor, ""], Mapping[str, Float[Tensor, ""]]]:
    """Weighted sum of the terms whose weight is not 0, and these terms.

    Args:
        network: whose memory the triplets are of.
        seen: what it made of the pictures.
        target: solid cells.
        config: the weights.
    """
    logits = seen.logits.float()
    two = torch.stack([torch.zeros_like(logits), logits], dim=1)
    terms = {}
    if config.cross_entropy:
        terms["cross_entropy"] = voxel_cross_entropy(two, target)
    if config.dice:
        terms["dice"] = voxel_dice(two, target)
    if config.prior and seen.prior.cells is not None:
        expected = seen.prior.cells[:, 0].float().clamp(_SURE, 1 - _SURE)
        terms["prior"] = binary_cross_entropy(expected, target.float())
    if config.triplet and network.memory is not None:
        alike = network.memory.likenesses(target) >= config.positive
        terms["triplet"] = triplet_loss(network.memory, seen.key, alike, config.alpha, config.pair)
    weighted = [getattr(config, name) * term for name, term in terms.items()]
    return torch.stack(weighted).sum(), terms


def triplet_loss(
    memory: ShapeMemory,
    key: Float[Tensor, "batch key"],
    alike: Bool[Tensor, "batch slot"],
    alpha: float,
    pair: str = "nearest",
) -> Float[Tensor, ""]:
    """Mean of max(0, S(unlike) - S(like) + alpha), S the similarities to the keys of remembered shapes.

    An object of which there is no like or no unlike shape costs nothing.

    Args:
        memory: whose keys are meant; no gradient reaches them.
        key: of the objects.
        alike: which slots hold a shape that is like the object's.
        alpha: margin.
        pair: "nearest": the most similar like and the most similar unlike key. "hardest": the least similar like one.
    """
    similarity = memory.similarities(key)
    written = memory.ages >= 0
    like, unlike = alike & written, ~alike & written
    if pair == "nearest":
        near = similarity.masked_fill(~like, -torch.inf).amax(1)
    else:
        near = similarity.masked_fill(~like, torch.inf).amin(1)
    far = similarity.masked_fill(~unlike, -torch.inf).amax(1)
    both = like.any(1) & unlike.any(1)
    gap = far.where(both, 0) - near.where(both, 0) + alpha
    return (relu(gap) * both).mean()
