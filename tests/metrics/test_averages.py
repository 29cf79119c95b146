"""Means over samples and over classes differ, and both are there."""

import math

import pytest

from maquette.metrics.averages import averages

# Samples and IoU for one and five views of ShapeNet's classes: Choy et al. 2016 with the 70/10/20 split.
TEST_COUNTS = (810, 364, 315, 1501, 1357, 220, 465, 325, 475, 635, 1703, 211, 389)
FIVE_VIEWS = (0.561, 0.527, 0.772, 0.836, 0.550, 0.565, 0.421, 0.717, 0.600, 0.706, 0.580, 0.754, 0.610)
ONE_VIEW = (0.513, 0.421, 0.716, 0.798, 0.466, 0.468, 0.381, 0.662, 0.544, 0.628, 0.513, 0.661, 0.513)


def test_both_means_of_unequal_classes():
    found = averages([1.0, 0.5, 0.0, 0.2], ["chair", "chair", "chair", "lamp"])
    assert found.sample_mean == pytest.approx(0.425)
    assert found.class_mean == pytest.approx(0.35)
    assert found.classes == pytest.approx({"chair": 0.5, "lamp": 0.2})
    assert found.counts == {"chair": 3, "lamp": 1}


@pytest.mark.parametrize(
    ("values", "mean", "published"), [(ONE_VIEW, "class", 0.560), (FIVE_VIEWS, "sample", 0.634)]
)
def test_published_overall_values_mix_the_two(values: tuple, mean: str, published: float):
    samples = [v for v, n in zip(values, TEST_COUNTS, strict=True) for _ in range(n)]
    classes = [str(i) for i, n in enumerate(TEST_COUNTS) for _ in range(n)]
    found = averages(samples, classes)
    assert getattr(found, f"{mean}_mean") == pytest.approx(published, abs=6e-4)
    other = found.class_mean if mean == "sample" else found.sample_mean
    assert abs(other - published) > 2e-3


def test_no_samples_have_no_mean():
    found = averages([], [])
    assert math.isnan(found.sample_mean)
    assert math.isnan(found.class_mean)
    assert found.classes == {}


def test_lengths_must_fit():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        averages([1.0, 2.0], ["a"])
