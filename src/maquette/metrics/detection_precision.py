"""Average precision of detections: the area under the curve of precision over recall."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def detection_precision(
    scores: Float[Tensor, " detection"], hits: Bool[Tensor, " detection"], positives: int
) -> float:
    """AP of one class over a whole data set, at all points (PASCAL VOC from 2010 on).

    Detections are taken in the order of their scores; precision at a recall is the largest one that is reached at it
    or any higher recall.

    Args:
        scores: of the detections, in any order.
        hits: which of them find an object, each object once at most.
        positives: objects that there are, >= 1.

    Returns:
        in [0, 1]; 0 without detections.
    """
    if not len(scores):
        return 0.0
    found = hits[scores.argsort(descending=True, stable=True)].double()
    true = found.cumsum(0)
    precision = true / torch.arange(1, len(true) + 1, device=true.device)
    best = precision.flip(0).cummax(0).values.flip(0)
    return float((best * found).sum() / positives)


def box_iou(boxes: Float[Tensor, "box 4"], other: Float[Tensor, " 4"]) -> Float[Tensor, " box"]:
    """Intersection over union of boxes (left, top, right, bottom) with another one; 0 where both are empty."""
    low, high = torch.maximum(boxes[:, :2], other[:2]), torch.minimum(boxes[:, 2:], other[2:])
    shared = (high - low).clamp_min(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (other[2:] - other[:2]).prod()
    return shared / (areas - shared).clamp_min(1e-12)
