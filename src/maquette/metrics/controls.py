"""Whether predictions follow their pictures, or are what a guess without looking would be.

Two guesses: another object of the same category, and the mean of the category's training grids. A network that has
learnt only what chairs look like on average scores no better than they do.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .voxel_iou import voxel_iou

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True)
class OtherTarget:
    """IoU with the own target against IoU with that of another object of the category, drawn at random.

    Attributes:
        compared: samples whose category has another sample.
        share_won: of these, the share whose own target overlaps more; NaN when there are none.
        own: their mean IoU with their own target.
        other: their mean IoU with the other one.
    """

    compared: int
    share_won: float
    own: float
    other: float


@dataclass(frozen=True)
class MeanGrid:
    """Mean IoU of predictions against that of the mean training grid of each sample's category.

    Attributes:
        compared: samples whose category has training shapes.
        predicted: their mean IoU.
        fixed: that of the mean grid at the protocol's threshold.
        best: that of the mean grid at the threshold that suits it best on these very samples.
        best_threshold: that threshold.
    """

    compared: int
    predicted: float
    fixed: float
    best: float
    best_threshold: float

    @property
    def ahead(self) -> float:
        """By how much predictions beat the mean grid at its best."""
        return self.predicted - self.best


def other_target(
    solid: Bool[Tensor, "sample x y z"],
    targets: Bool[Tensor, "sample x y z"],
    categories: Sequence[str],
    seed: int = 0,
) -> OtherTarget:
    """Compare each prediction with its own target and with another of its category.

    Args:
        solid: predicted solid cells.
        targets: true solid cells.
        categories: one word a sample.
        seed: of the draw.
    """
    others = _draw_others(categories, seed)
    here = [i for i, other in enumerate(others) if other >= 0]
    own = voxel_iou(solid[here], targets[here])
    other = voxel_iou(solid[here], targets[[others[i] for i in here]])
    if not here:
        return OtherTarget(0, math.nan, math.nan, math.nan)
    return OtherTarget(len(here), float((own > other).float().mean()), float(own.mean()), float(other.mean()))


def _draw_others(categories: Sequence[str], seed: int) -> list[int]:
    """For each sample the index of another of its category; -1 where there is none."""
    random = np.random.default_rng(seed)
    members: dict[str, list[int]] = {}
    for i, category in enumerate(categories):
        members.setdefault(category, []).append(i)
    others = []
    for i, category in enumerate(categories):
        rest = [j for j in members[category] if j != i]
        others.append(rest[int(random.integers(len(rest)))] if rest else -1)
    return others


def mean_grid(
    solid: Bool[Tensor, "sample x y z"],
    targets: Bool[Tensor, "sample x y z"],
    categories: Sequence[str],
    means: Mapping[str, Float[Tensor, "x y z"]],
    threshold: float,
) -> MeanGrid | None:
    """Compare predictions with the mean training grids of their categories.

    Args:
        solid: predicted solid cells.
        targets: true solid cells.
        categories: one word a sample.
        means: mean of the training grids of each category that has any.
        threshold: the protocol's.

    Returns:
        None when no sample's category has a mean.
    """
    here = [i for i, category in enumerate(categories) if category in means]
    if not here:
        return None
    scores = dict.fromkeys((threshold, *THRESHOLDS), 0.0)
    for i in here:
        guess, target = means[categories[i]][None].to(targets.device), targets[i : i + 1]
        for t in scores:
            scores[t] += float(voxel_iou(guess, target, t)) / len(here)
    best = max(scores, key=lambda t: scores[t])
    predicted = float(voxel_iou(solid[here], targets[here]).mean())
    return MeanGrid(len(here), predicted, scores[threshold], scores[best], best)


def mean_of(grids: Bool[Tensor, "sample x y z"]) -> Float[Tensor, "x y z"]:
    """Share of the grids in which each cell is solid."""
    return grids.to(torch.float32).mean(0)
