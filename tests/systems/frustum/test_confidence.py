"""How far a reconstruction can be trusted."""

import pytest
import torch

from maquette.systems.frustum.confidence import confidence, expected_overlap
from maquette.systems.frustum.grid import Frustum

FRUSTUM = Frustum(torch.tensor([1.5]), torch.tensor([[0.5, 0.5]]))


def test_a_sure_field_overlaps_wholly_and_an_unsure_one_as_its_probability() -> None:
    field = torch.zeros(12, 6, 6)
    field[3:7, 2:4, 2:4] = 1
    assert expected_overlap(field, 0.4, FRUSTUM) == pytest.approx(1)
    assert expected_overlap(0.7 * field, 0.4, FRUSTUM) == pytest.approx(0.7)
    assert expected_overlap(0.3 * field, 0.4, FRUSTUM) == 0


def test_the_overlap_is_that_of_drawn_truths() -> None:
    """The ratio of the means, over solids drawn from the field."""
    field = torch.rand(12, 6, 6) ** 2
    depth = (torch.arange(12) + 0.5) / 12
    volume = (FRUSTUM.points(torch.stack([depth * 0, depth * 0, depth], 1)[None])[0, :, 2] / 1.5)[
        :, None, None
    ] ** 2
    truth, called = torch.rand(2000, 12, 6, 6) < field, field >= 0.4
    both, either = ((x * volume).sum((1, 2, 3)).mean() for x in (truth & called, truth | called))
    assert expected_overlap(field, 0.4, FRUSTUM) == pytest.approx(float(both / either), abs=0.01)


def test_confidence_rises_with_the_overlap() -> None:
    values = [confidence(overlap / 20) for overlap in range(21)]
    assert values == sorted(values)
    assert 0 < values[0] < 0.5 < values[-1] < 1
