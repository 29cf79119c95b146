"""`PictureMap`: numbers as shades."""

import pytest
import torch

from maquette.structures.picture_map import PictureMap


def test_black_and_white_are_the_ends_of_its_range() -> None:
    shades = PictureMap(torch.tensor([[[0.8, 0.9, 1.0, 1.1, 1.3]]]), 0.9, 1.1).shades()
    assert shades[0, 0].tolist() == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (torch.rand(2, 4, 4), {}, "shape"),
        (torch.rand(1, 0, 4), {}, "shape"),
        (torch.full((1, 4, 4), float("nan")), {}, "finite"),
        (torch.rand(1, 4, 4), {"black": 1.0, "white": 1.0}, "below"),
        (torch.rand(1, 4, 4), {"white": float("inf")}, "below"),
        (torch.rand(3, 4, 4), {"deep": True}, "16 bits"),
    ],
)
def test_what_is_no_map(values, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        PictureMap(values, **options)
