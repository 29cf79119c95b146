"""Bringing a predicted shape to where the true one is, along the rays of the camera that saw it."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..ops.knn import knn_points

_ROUNDS = 20
_SCALES = (0.5, 2.0)  # least and largest


def fit_along_rays(predicted: Float[Tensor, "n 3"], true: Float[Tensor, "m 3"]) -> tuple[float, float]:
    """Scale and shift in depth that bring points nearest to others, by least squares.

    What one picture cannot tell is how large an object is and how far away: p becomes s p + t z. Both sets choose
    their nearest points in the other one, and s and t follow from these pairs, some times over.

    Args:
        predicted: points in the camera frame, about as large and as far away as they should be.
        true: points in the camera frame.

    Returns:
        s and t.
    """
    scale, shift = 1.0, 0.0
    along = predicted.new_tensor([0.0, 0.0, 1.0])
    for _ in range(_ROUNDS):
        placed = scale * predicted + shift * along
        there = knn_points(placed[None], true[None]).idx[0, :, 0]
        back = knn_points(true[None], placed[None]).idx[0, :, 0]
        p, q = torch.cat([predicted, predicted[back]]).double(), torch.cat([true[there], true]).double()
        cross = float(p[:, 2].sum())
        matrix = torch.tensor([[float((p * p).sum()), cross], [cross, float(len(p))]], dtype=torch.float64)
        found = torch.linalg.solve(matrix, torch.stack([(p * q).sum(), q[:, 2].sum()]).cpu())
        scale = min(max(float(found[0]), _SCALES[0]), _SCALES[1])
        shift = float((q[:, 2] - scale * p[:, 2]).mean())
    return scale, shift


def point_scores(
    predicted: Float[Tensor, "n 3"], true: Float[Tensor, "m 3"], distances: tuple[float, ...]
) -> tuple[float, list[float]]:
    """Chamfer distance, and F-score at some distances.

    Args:
        predicted: points on a surface.
        true: points on another one.
        distances: in the points' units.

    Returns:
        mean distance to the nearest point of the other set, over both directions; and 2 P R / (P + R), where P is
        the share of predicted points that have a true one nearer than the distance, R the reverse.
    """
    there = knn_points(predicted[None], true[None]).dists[0, :, 0].sqrt()
    back = knn_points(true[None], predicted[None]).dists[0, :, 0].sqrt()
    scores = []
    for distance in distances:
        precision, recall = (float((d < distance).float().mean()) for d in (there, back))
        scores.append(2 * precision * recall / max(precision + recall, 1e-12))
    return float(there.mean() + back.mean()) / 2, scores
