"""Drawn grounds: the same for the same numbers, of many kinds; behind held objects and in training pictures."""

from pathlib import Path

import pytest
import torch

from maquette.data.backgrounds import HELD_GREY
from maquette.data.batch import Batch, Truth
from maquette.data.before_grounds import before_grounds
from maquette.data.drawn_grounds import SIDE, draw_grounds
from maquette.data.open import DataPlace, open_source
from maquette.data.photo_bank import photo_bank
from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput


def test_a_ground_is_a_function_of_seed_and_place() -> None:
    grounds = draw_grounds(6, seed=4)
    assert grounds.shape == (6, SIDE, SIDE, 3)
    assert torch.equal(draw_grounds(3, seed=4), grounds[:3])
    assert not torch.equal(draw_grounds(3, seed=5), grounds[:3])
    spread = grounds.float().std(dim=(1, 2, 3))
    assert (spread > 2).sum() >= 5
    assert len({ground.numpy().tobytes() for ground in grounds}) == 6


def test_a_bank_is_drawn_or_a_folder(tmp_path: Path) -> None:
    assert torch.equal(photo_bank("grounds:3"), draw_grounds(3))
    with pytest.raises(BadInput, match="no such folder"):
        photo_bank(str(tmp_path / "none"))
    with pytest.raises(ValueError, match="use 1 to"):
        photo_bank("grounds:0")


def test_held_objects_keep_their_colours_before_a_ground_of_their_own() -> None:
    masks = torch.zeros(2, 1, 1, 32, 32)
    masks[..., 8:24, 8:24] = 1
    images = torch.where(masks[:, :, 0, None] > 0, 0.3, HELD_GREY).expand(2, 1, 3, 32, 32)
    batch = Batch(images, torch.tensor([0, 1]), Truth(masks=masks))
    made = before_grounds(batch)
    assert torch.allclose(made[:, :, 8:24, 8:24], torch.tensor(0.3))
    assert (made - images[:, 0]).abs()[:, :, :8].mean() > 0.05
    assert not torch.equal(made[0], made[1])
    again = before_grounds(batch)
    assert torch.equal(made, again)


def test_training_pictures_stand_before_them() -> None:
    config = ViewsConfig(size=48, framing="object", backgrounds=("photos",), photos="grounds:4")
    source = open_source(DataPlace(shapes="families:6"), config, needs=frozenset({"masks"})).source
    batch = source.training_batch(0, 4, 1)
    behind = batch.images[:, 0] * (1 - batch.truth.masks[:, 0])
    assert behind.flatten(1).std(dim=1).min() > 0.01
