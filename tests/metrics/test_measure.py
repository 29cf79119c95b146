"""Measures: which value is better, and what files keep of them."""

import math

import pytest

from maquette.metrics.measure import Measure


@pytest.mark.parametrize(("higher", "better"), [(True, [True, False, False]), (False, [False, True, False])])
def test_better(higher: bool, better: list[bool]):
    measure = Measure("x", "x", higher=higher)
    assert [measure.better(value, 1.0) for value in (2.0, 0.5, 1.0)] == better
    assert measure.better(-3.0, None)
    assert not measure.better(math.nan, None)
    assert not measure.better(math.nan, 1.0)


def test_what_files_keep():
    measure = Measure("error", "err", "error of depth", higher=False, digits=1)
    assert measure.text(1.25) == "1.2"
    assert measure.as_json() == {
        "name": "error", "label": "err", "title": "error of depth", "higher": False, "digits": 1,
    }  # fmt: skip
    assert Measure("iou", "IoU").as_json()["title"] == "IoU"
