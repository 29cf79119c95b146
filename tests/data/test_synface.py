"""Pictures with their depth in the layout of Unsup3D, written here as its authors have them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from data_layouts import write_synface
from maquette.data.open import DataPlace, open_source
from maquette.data.pictures_config import PicturesConfig
from maquette.data.synface import depth_name, depth_of_brightness, read_synface
from maquette.io.errors import BadInput

NEEDS = frozenset({"depth"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_synface(tmp_path)


def test_pictures_have_their_folders_split_and_their_depth(root: Path) -> None:
    data = read_synface(root)
    assert [p.entry.split for p in data.pictures] == ["train"] * 3 + ["val"] + ["test"] * 2
    assert data.pictures[0].entry.id == "train/image_00000.png"
    assert [p.depth.name for p in data.pictures[:2]] == ["depth_00000.png", "depth_00001.png"]
    assert {p.box for p in data.pictures} == {None}
    assert data.problems == ()


def test_names_without_the_word_and_folders_below() -> None:
    assert depth_name("00001.png") == "00001.png"
    assert depth_name("image/image_1.png") == "image/depth_1.png"


def test_white_is_near_and_black_is_nothing() -> None:
    depth = depth_of_brightness(torch.tensor([0.0, 1e-3, 0.5, 1.0]))
    torch.testing.assert_close(depth, torch.tensor([0.0, 1.1 - 2e-4, 1.0, 0.9]))


def test_batches_have_the_depth_of_their_pictures(root: Path) -> None:
    opened = open_source(DataPlace(data=root), PicturesConfig(size=40), needs=NEEDS)
    assert opened.source.provides == NEEDS
    batch = opened.source.held_batch([4], 1)
    assert batch.truth.depth.shape == (1, 1, 1, 40, 40)
    depth = batch.truth.depth[0, 0, 0]
    assert float(depth[20, 20]) == pytest.approx(1.1 - 0.2 * 0.6, abs=2e-3)
    assert float(depth[0, 0]) == 0
    rows, columns = torch.meshgrid(*[torch.arange(40.0) - 19.5] * 2, indexing="ij")
    assert ((depth > 0) == (rows.square() + columns.square() < 16**2)).all()


def test_mirrored_with_the_picture(root: Path) -> None:
    source = open_source(DataPlace(data=root), PicturesConfig(size=40, flip=1.0), needs=NEEDS).source
    batch = source.training_batch(0, 3, 1)
    held = source.held_batch(batch.index.tolist(), 1)
    assert torch.equal(batch.images.flip(-1), held.images)
    assert torch.equal(batch.truth.depth.flip(-1), held.truth.depth)


def test_of_large_pictures_the_middle_is_used(tmp_path: Path) -> None:
    root = write_synface(tmp_path, {"test": 1}, size=200)
    assert read_synface(root).pictures[0].box == (15, 15, 185, 185)
    source = open_source(DataPlace(data=root), PicturesConfig(size=34), needs=NEEDS).source
    red = source.held_batch([0], 1).images[0, 0, 0, 17] * 200
    np.testing.assert_allclose(red, 15 + 5 * np.arange(34) + 2, atol=1)


def test_what_has_no_depth_is_named(root: Path) -> None:
    (root / "train/depth/depth_00001.png").unlink()
    data = read_synface(root)
    assert len(data.pictures) == 5
    assert [(Path(p.path).name, "depth_00001.png is missing" in p.reason) for p in data.problems] == [
        ("image_00001.png", True)
    ]


def test_a_folder_without_any(root: Path) -> None:
    for path in root.glob("*/depth/*"):
        path.unlink()
    with pytest.raises(BadInput, match="has no picture with its depth"):
        read_synface(root)


def test_a_depth_of_another_size(root: Path) -> None:
    path = root / "test/depth/depth_00001.png"
    Image.new("L", (20, 40)).save(path)
    with pytest.raises(BadInput) as caught:
        read_synface(root)
    assert str(caught.value) == f"{path}: is 20 x 40 pixels, its picture image_00001.png 40 x 40"


def test_other_formats_than_png_and_what_is_no_picture(root: Path) -> None:
    path = root / "val/image/image_00000.png"
    Image.open(path).save(path, format="JPEG")
    assert len(read_synface(root).pictures) == 6
    path.write_bytes(b"none")
    with pytest.raises(BadInput, match=r"val/image/image_00000.png: not a picture in a known format"):
        read_synface(root)


def test_a_depth_that_is_changed_afterwards(root: Path) -> None:
    source = open_source(DataPlace(data=root), PicturesConfig(size=40), needs=NEEDS).source
    Image.new("L", (20, 40)).save(root / "test/depth/depth_00001.png")
    with pytest.raises(BadInput, match=r"depth_00001.png: is not of the size of its picture"):
        source.held_batch([5], 1)
