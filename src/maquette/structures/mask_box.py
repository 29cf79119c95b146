"""Where in a picture something is: the box around what a mask covers, and how much of it two masks share."""

from jaxtyping import Bool
from torch import Tensor


def covered_range(line: Bool[Tensor, " place"]) -> tuple[int, int] | None:
    """First covered place, and one past the last; None where none is."""
    places = line.nonzero()[:, 0]
    return (int(places[0]), int(places[-1]) + 1) if len(places) else None


def mask_box(mask: Bool[Tensor, "height width"]) -> tuple[int, int, int, int] | None:
    """Box around what a mask covers, as `mask[top:bottom, left:right]`.

    Returns:
        (top, bottom, left, right) in pixels; None where the mask covers nothing.
    """
    rows, columns = covered_range(mask.any(dim=1)), covered_range(mask.any(dim=0))
    return None if rows is None or columns is None else (*rows, *columns)


def reaches_border(mask: Bool[Tensor, "height width"]) -> bool:
    """Whether a mask covers a pixel at its picture's border."""
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def mask_overlap(one: Bool[Tensor, "*pixels"], other: Bool[Tensor, "*pixels"]) -> float:
    """Intersection over union of two masks; 0 where both are empty."""
    return float((one & other).sum() / (one | other).sum().clamp(min=1))
