"""One bad mask among those of one object is found again; good ones stay."""

import torch

from maquette.segment.consistent import consistent
from maquette.segment.found import Found

SIDE = 64


def scene(column: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A red square with a green patch before blue, and its mask."""
    image = torch.zeros(3, SIDE, SIDE)
    image[2] = 0.7
    mask = torch.zeros(1, SIDE, SIDE)
    mask[:, 20:44, column : column + 24] = 1
    image = torch.where(mask > 0, torch.tensor([0.8, 0.1, 0.1])[:, None, None], image)
    image[:, 28:36, column + 8 : column + 16] = torch.tensor([0.1, 0.7, 0.1])[:, None, None]
    return image, mask


def scenes(how: str = "network") -> tuple[list[torch.Tensor], list[torch.Tensor], list[Found]]:
    images, masks = zip(*(scene(column) for column in (4, 12, 20, 30)), strict=True)
    return list(images), list(masks), [Found(mask, how, 0.9) for mask in masks]


def test_good_masks_stay() -> None:
    images, _, found = scenes()
    assert consistent(images, found, lambda image, way: None) == tuple(found)


def test_a_mask_of_the_background_gives_way_to_the_one_that_goes_with_the_others() -> None:
    images, masks, found = scenes()
    found[2] = Found(1 - masks[2], "network", 0.9)
    asked = []

    def find(image, way):
        asked.append(way)
        mask = masks[2] if way == "grabcut" else torch.roll(masks[2], 30, 2)
        return Found(mask, way, 0.5)

    made = consistent(images, found, find)
    assert asked == ["plain", "grabcut"]
    assert (made[2].how, made[2].repaired) == ("grabcut", True)
    assert torch.equal(made[2].mask, masks[2])
    assert [made[i] for i in (0, 1, 3)] == [found[i] for i in (0, 1, 3)]


def test_a_mask_that_nothing_betters_stays() -> None:
    images, masks, found = scenes()
    found[0] = Found(1 - masks[0], "network", 0.9)
    made = consistent(images, found, lambda image, way: None)
    assert made[0] is found[0]


def test_given_masks_and_few_pictures_are_left_alone() -> None:
    images, masks, _ = scenes()
    given = [Found(mask, "given", 1.0) for mask in masks]
    given[1] = Found(1 - masks[1], "alpha", 1.0)

    def never(image, way):
        raise AssertionError

    assert consistent(images, given, never) == tuple(given)
    two = [Found(1 - masks[0], "network", 1.0), Found(masks[1], "network", 1.0)]
    assert consistent(images[:2], two, never) == tuple(two)
