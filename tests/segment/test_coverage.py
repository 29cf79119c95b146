"""Shares of pixels at an outline come out as they were drawn."""

import torch

from maquette.segment.coverage import coverage
from maquette.segment.found import find_object


def disc(side: int, radius: float) -> torch.Tensor:
    line = (torch.arange(side * 8) + 0.5) / 8 - side / 2
    fine = (line[:, None] ** 2 + line**2 <= radius**2).float()
    return fine.view(side, 8, side, 8).mean((1, 3))


def test_shares_are_those_of_a_disc():
    share = disc(32, 9.3)
    inside, outside = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.94, 0.94, 0.94])
    image = share * inside[:, None, None] + (1 - share) * outside[:, None, None]
    found = find_object(image)
    assert found is not None
    told = coverage(image, found.mask)
    assert (told[0] - share).abs().max() < 0.05
    plain = (found.mask > 0.5).float().sum()
    assert abs(told.sum() - share.sum()) < 0.2 * (plain - share.sum())


def test_an_object_of_the_backgrounds_colour_is_its_mask():
    mask = (disc(16, 5) > 0.5).float()[None]
    image = torch.full((3, 16, 16), 0.5)
    told = coverage(image, mask)
    assert (told <= (disc(16, 6.5) > 0)).all()
    assert told[0, 8, 8] == 1
