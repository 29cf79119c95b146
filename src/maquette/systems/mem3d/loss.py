"""The loss of Mem3D: of cells, of what the memory expects, and of the keys."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, kl_div, relu

from ...loss import voxel_cross_entropy, voxel_dice
from ...nn.memory import ShapeMemory
from .config import LossConfig
from .network import Mem3DNetwork, Seen

_SIMILAR, _LIKE = 0.1, 0.05  # differences of similarity, and of likeness, that are e-fold in weight
_SURE = 0.01  # probability that a mean of shapes is never surer than


def mem3d_loss(
    network: Mem3DNetwork,
    seen: Seen,
    target: Bool[Tensor, "batch x y z"],
    config: LossConfig,
    without: Int[Tensor, " batch"] | None = None,
) -> tuple[Float[Tensor, ""], Mapping[str, Float[Tensor, ""]]]:
    """Weighted sum of the terms whose weight is not 0, and these terms.

    Args:
        network: whose memory the triplets are of.
        seen: what it made of the pictures.
        target: solid cells.
        config: the weights.
        without: number of a shape of which each was told nothing; it is not ranked either.
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
    if network.memory is not None and (config.triplet or config.ranking):
        likeness = network.memory.likenesses(target)
        if config.triplet:
            alike = likeness >= config.positive
            terms["triplet"] = triplet_loss(network.memory, seen.key, alike, config.alpha, config.pair)
        if config.ranking:
            terms["ranking"] = ranking_loss(network.memory, seen.key, likeness, without)
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


def ranking_loss(
    memory: ShapeMemory,
    key: Float[Tensor, "batch key"],
    likeness: Float[Tensor, "batch slot"],
    without: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, ""]:
    """Mean divergence (Kullback and Leibler) of softmax(S / .1) from softmax(likeness / .05), over remembered shapes.

    Not part of the published method. Triplets say of two shapes which is to be nearer; this says it of all at once:
    keys that are all alike, at which triplets cost no more than their margin, are dear.

    Args:
        memory: whose keys are meant; no gradient reaches them.
        key: of the objects.
        likeness: of the object's shape and that in every slot.
        without: number of a shape that does not count for each; -1 for none.
    """
    left_out = (memory.ages < 0).expand_as(likeness)
    if without is not None:
        left_out = left_out | ((memory.shapes == without[:, None]) & (memory.shapes >= 0))
    wanted, found = (
        scores.float().masked_fill(left_out, -1e9).log_softmax(1)
        for scores in (likeness / _LIKE, memory.similarities(key) / _SIMILAR)
    )
    return kl_div(found, wanted, reduction="none", log_target=True).sum(1).mean()
