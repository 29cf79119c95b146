"""Means of scores over samples and over classes.

The two differ where classes are of different sizes, and published tables mix them: 3D-R2N2's values for one to
three views are means over classes, its value for five views a mean over samples. So both are always there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Averages:
    """Means of one score.

    Attributes:
        sample_mean: mean over all samples; NaN when there are none.
        class_mean: unweighted mean of the classes' means.
        classes: mean of each class, in order of their names.
        counts: samples of each class.
    """

    sample_mean: float
    class_mean: float
    classes: Mapping[str, float]
    counts: Mapping[str, int]


def averages(values: Sequence[float], categories: Sequence[str]) -> Averages:
    """Means of one number a sample.

    Args:
        values: finite numbers.
        categories: the class of each.

    Raises:
        ValueError: different lengths.
    """
    members: dict[str, list[float]] = {}
    for value, category in zip(values, categories, strict=True):
        members.setdefault(category, []).append(float(value))
    classes = {name: _mean(members[name]) for name in sorted(members)}
    return Averages(
        sample_mean=_mean(values),
        class_mean=_mean(list(classes.values())),
        classes=classes,
        counts={name: len(members[name]) for name in classes},
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
