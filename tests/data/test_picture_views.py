"""Single pictures on disk: cut, mirrored, masked; pure functions of seed and place; broken ones passed over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from batches import same
from maquette.data.batch import Entry
from maquette.data.picture_views import PictureFile, PictureViews
from maquette.data.pictures_config import PicturesConfig
from maquette.io.errors import BadInput


@pytest.fixture
def files(tmp_path: Path) -> list[PictureFile]:
    """Eight pictures of 12 x 20 pixels that grow brighter to the right, the left half in the mask."""
    pixels = np.tile(np.linspace(0, 255, 20), (12, 1)).astype(np.uint8)
    mask = np.zeros((12, 20), np.uint8)
    mask[:, :10] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    found = []
    for i in range(8):
        Image.fromarray(np.maximum(pixels, i)).save(tmp_path / f"{i}.png")
        entry = Entry(f"{i}.png", "", "train" if i < 6 else "val")
        found.append(PictureFile(entry, tmp_path / f"{i}.png", tmp_path / "mask.png"))
    return found


CONFIG = PicturesConfig(size=8, flip=0.5, shift=0.1)


def test_a_batch_is_a_pure_function_of_seed_and_step(files):
    one, two = (PictureViews(files, CONFIG, seed=3) for _ in range(2))
    one.training_batch(9, 4, 1)
    assert same(one.training_batch(2, 4, 1), two.training_batch(2, 4, 1))
    parts = [one.training_batch(2, 4, 1, part=(i, 2)).images for i in range(2)]
    assert torch.equal(torch.cat(parts), one.training_batch(2, 4, 1).images)
    assert not same(one.training_batch(2, 4, 1), PictureViews(files, CONFIG, seed=4).training_batch(2, 4, 1))


def test_held_pictures_are_the_square_in_the_middle_unchanged(files):
    batch = PictureViews(files, CONFIG).held_batch([6, 7], 1)
    assert batch.images.shape == (2, 1, 3, 8, 8)
    columns = batch.images[0, 0, 0, 4]
    assert torch.all(columns.diff() > 0)
    assert float(columns[0]) == pytest.approx(4.5 / 19, abs=0.03)
    assert batch.truth.masks.shape == (2, 1, 1, 8, 8)
    assert batch.truth.masks[0, 0, 0, 4].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_masks_are_mirrored_with_their_pictures(files):
    batch = PictureViews(files, PicturesConfig(size=8, flip=1.0)).training_batch(0, 6, 1)
    assert torch.all(batch.images[:, 0, 0, 4].diff(dim=1) < 0)
    assert batch.truth.masks[0, 0, 0, 4].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_box_is_cut_out_with_its_margin(files):
    file = PictureFile(files[0].entry, files[0].image, box=(10.0, 2.0, 14.0, 6.0))
    columns = PictureViews([file], PicturesConfig(size=8, margin=0.5)).held_batch([0], 1).images[0, 0, 0, 0]
    assert float(columns[0]) == pytest.approx(8 / 19, abs=0.03)
    assert float(columns[-1]) == pytest.approx(15.5 / 19, abs=0.03)


def test_without_masks_of_all_none_are_given(files):
    source = PictureViews([*files, PictureFile(Entry("x", "", "train"), files[0].image)], CONFIG)
    assert source.provides == frozenset()
    assert source.held_batch([0], 1).truth.masks is None
    assert PictureViews(files, CONFIG).provides == {"masks"}
    assert source.view_count(0) == 1


def test_broken_pictures_are_passed_over_in_training_and_named_elsewhere(files):
    files[2].image.write_bytes(b"nonsense")
    source = PictureViews(files, CONFIG)
    with pytest.warns(UserWarning, match=r"2\.png: .*another picture is used"):
        batch = source.training_batch(0, 6, 1)
    assert 2 not in batch.index.tolist()
    with pytest.raises(BadInput, match=r"2\.png"):
        source.held_batch([2], 1)
    for file in files:
        file.image.write_bytes(b"nonsense")
    with pytest.raises(BadInput):
        source.training_batch(0, 6, 1)


def test_what_there_is_not(files):
    with pytest.raises(BadInput, match="is the one picture of its object, not 2"):
        PictureViews(files, CONFIG).held_batch([0], 2)
    assert PictureViews(files, CONFIG).training_batch(0, 2, 5).images.shape[1] == 1
    Image.new("L", (5, 5), 255).save(files[3].mask.with_name("small.png"))
    wrong = replace(files[3], mask=files[3].mask.with_name("small.png"))
    with pytest.raises(BadInput, match="is not of the size of its picture"):
        PictureViews([wrong], CONFIG).held_batch([0], 1)
    with pytest.raises(ValueError, match="no pictures"):
        PictureViews([], CONFIG)
    with pytest.raises(BadInput, match="no picture in the training split"):
        PictureViews(files[6:], CONFIG).training_batch(0, 2, 1)
    with pytest.raises(ValueError, match="flip must lie in"):
        PicturesConfig(flip=2.0)
    with pytest.raises(ValueError, match="size must lie in"):
        PicturesConfig(size=0)
