from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from batches import same
from data_layouts import CHAIRS, write_r2n2
from maquette.data.r2n2 import R2N2Dataset, read_r2n2
from maquette.data.stored_views import StoredViews
from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput

SMALL = ViewsConfig(size=22, render_size=32)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Many small operations: threads that wait for each other would take most of the time."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(count)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> R2N2Dataset:
    return read_r2n2(write_r2n2(tmp_path_factory.mktemp("data"), {CHAIRS: list("abcdefghij")}, views=4))


@pytest.fixture
def chequered(tmp_path: Path) -> R2N2Dataset:
    """One training object of 137 x 137 pictures: red tells the column, green the row; alpha is 0 on their edge."""
    root = write_r2n2(tmp_path, {CHAIRS: ["a", "b"]}, views=2)
    row, column = np.mgrid[:137, :137].astype(np.uint8)
    alpha = np.pad(np.full((113, 113), 255, np.uint8), 12)
    alpha[20, 20] = 1
    picture = np.stack([column, row, np.zeros_like(row), alpha], axis=2)
    for path in root.rglob("*.png"):
        Image.fromarray(picture).save(path)
    return read_r2n2(root)


def test_a_batch_has_what_networks_read(dataset: R2N2Dataset) -> None:
    views = StoredViews(dataset, SMALL)
    batch = views.training_batch(step=0, count=6, views=3)
    assert (batch.images.shape, batch.images.dtype) == ((6, 3, 3, 22, 22), torch.float32)
    assert (batch.truth.voxels.shape, batch.truth.voxels.dtype) == ((6, 32, 32, 32), torch.bool)
    assert batch.truth.cameras.shape == (6, 3, 3)
    assert {views.entries[i].split for i in batch.index.tolist()} == {"train"}
    assert torch.equal(batch.truth.voxels[0], dataset.voxels(int(batch.index[0])).occupancy[0])


def test_every_object_once_an_epoch_in_a_new_order(dataset: R2N2Dataset) -> None:
    views = StoredViews(dataset, SMALL)
    orders = [views.training_batch(step, 8, 1).index.tolist() for step in range(3)]
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert orders[0] != orders[1]
    assert views.training_batch(0, 16, 1).index.tolist() == orders[0] + orders[1]


def test_a_sample_depends_on_seed_step_and_place_alone(dataset: R2N2Dataset) -> None:
    views = StoredViews(dataset, SMALL, seed=3)
    whole = views.training_batch(5, 6, 2)
    views.training_batch(9, 4, 1)
    assert same(StoredViews(dataset, SMALL, seed=3).training_batch(5, 6, 2), whole)
    halves = [views.training_batch(5, 6, 2, part=(i, 2)) for i in range(2)]
    assert torch.equal(torch.cat([half.images for half in halves]), whole.images)
    assert not torch.equal(StoredViews(dataset, SMALL, seed=4).training_batch(5, 6, 2).images, whole.images)
    assert not torch.equal(views.training_batch(6, 6, 2).images, whole.images)
    with pytest.raises(ValueError, match=r"cannot be cut into equal parts \(0, 4\)"):
        views.training_batch(0, 6, 1, part=(0, 4))


def shown(views: StoredViews, steps: int, count: int) -> list[list[int]]:
    """The pictures of each training sample, told apart by their azimuth."""
    found = []
    for step in range(steps):
        batch = views.training_batch(step, 8, count)
        for index, cameras in zip(batch.index.tolist(), batch.truth.cameras, strict=True):
            every = views.dataset.placements(index)[:, 0]
            found.append([every.tolist().index(azimuth) for azimuth in cameras[:, 0].tolist()])
    return found


def test_views_are_drawn_with_replacement_unless_told_otherwise(dataset: R2N2Dataset) -> None:
    drawn = shown(StoredViews(dataset, SMALL), 5, 4)
    assert set(np.concatenate(drawn)) == {0, 1, 2, 3}
    assert any(len(set(views)) < 4 for views in drawn)
    without = StoredViews(dataset, replace(SMALL, replacement=False))
    assert all(sorted(views) == [0, 1, 2, 3] for views in shown(without, 5, 4))
    assert all(sorted(views[:4]) == [0, 1, 2, 3] for views in shown(without, 1, 6))


def test_backgrounds_crops_and_flips_of_training(chequered: R2N2Dataset) -> None:
    views = StoredViews(chequered, ViewsConfig())
    corners, flips, backs = set(), 0, []
    for step in range(20):
        batch = views.training_batch(step, 1, 3)
        for image in batch.images[0]:
            red = (image[0] * 255).round().int()
            mirrored = bool(red[63, 60] > red[63, 66])
            flips += mirrored
            straight = image.flip(-1) if mirrored else image
            red, green = (straight[:2] * 255).round().int()
            corners.add((int(red[63, 63]) - 63, int(green[63, 63]) - 63))
            left, top = int(red[63, 63]) - 63, int(green[63, 63]) - 63
            assert straight[0, 20 - top, 20 - left] == pytest.approx(20 / 255)  # alpha is 1, not 0
            backs.append(straight[:, 0, 0])
            assert torch.equal(straight[:, 0, 0], straight[:, 126, 126])
        assert torch.equal(batch.truth.voxels[0], chequered.voxels(0).occupancy[0])
    lefts, tops = zip(*corners, strict=True)
    assert set(lefts) | set(tops) == set(range(10))
    assert 16 <= flips <= 44
    drawn = torch.stack(backs) * 255
    assert drawn.min() >= 225 - 1e-3
    assert drawn.max() <= 255 + 1e-3
    assert drawn.min() < 229
    assert drawn.max() > 251
    assert drawn.std(dim=1).min() > 0  # a colour, not a grey


def test_held_pictures_are_the_first_ones_unchanged(chequered: R2N2Dataset) -> None:
    views = StoredViews(chequered, ViewsConfig())
    batch = views.held_batch([1, 0], 2)
    assert batch.index.tolist() == [1, 0]
    assert torch.equal(batch.truth.cameras[1], chequered.placements(0))
    red, green, blue = (batch.images[0, 0] * 255).round().int()
    assert (red[63, 63], green[63, 63], blue[63, 63]) == (68, 68, 0)  # 5 pixels off each side
    assert {int(red[0, 0]), int(green[0, 0]), int(blue[0, 0])} == {240}
    assert torch.equal(views.held_batch([1], 1).images[0, 0], batch.images[0, 0])
    assert same(views.held_batch([1, 0], 2), batch)


def test_mirrored_voxels_go_with_mirrored_pictures(dataset: R2N2Dataset) -> None:
    always = StoredViews(dataset, replace(SMALL, flip=1.0, flip_voxels=True))
    never = StoredViews(dataset, replace(SMALL, flip=0.0))
    one, other = (views.training_batch(2, 4, 2) for views in (always, never))
    assert torch.equal(one.images, other.images.flip(-1))
    assert torch.equal(one.truth.voxels, other.truth.voxels.flip(1))
    assert not torch.equal(one.truth.voxels, other.truth.voxels)
    assert torch.allclose(one.truth.cameras[..., 0], (180 - other.truth.cameras[..., 0]) % 360)


def test_mirrored_cameras_see_mirrored_voxels_in_mirrored_pictures() -> None:
    from maquette.renderer.views import cameras_from_r2n2

    azimuth, elevation, ratio = torch.tensor([37.0]), torch.tensor([27.0]), torch.tensor([0.8])
    points = torch.tensor([[0.3, 0.1, -0.2], [-0.1, -0.3, 0.25]])
    plain = cameras_from_r2n2(azimuth, elevation, ratio).transform_points_ndc(points)
    mirrored = cameras_from_r2n2(180 - azimuth, elevation, ratio).transform_points_ndc(
        points * torch.tensor([-1.0, 1.0, 1.0])
    )
    assert torch.allclose(plain * torch.tensor([-1.0, 1.0, 1.0]), mirrored, atol=1e-5)


def test_pictures_of_another_size_are_scaled(dataset: R2N2Dataset) -> None:
    batch = StoredViews(dataset, ViewsConfig(size=44, render_size=64)).held_batch([0], 1)
    plain = StoredViews(dataset, SMALL).held_batch([0], 1)
    assert batch.images.shape == (1, 1, 3, 44, 44)
    assert torch.nn.functional.avg_pool2d(batch.images[0], 2).sub(plain.images[0]).abs().mean() < 0.06


def test_too_many_views_and_nothing_to_train_on(dataset: R2N2Dataset) -> None:
    with pytest.raises(BadInput, match="has 4 pictures, not 5"):
        StoredViews(dataset, SMALL).held_batch([0], 5)
    held = [i for i, entry in enumerate(dataset.entries) if entry.split == "test"]
    some = R2N2Dataset(
        dataset.root, *(tuple(f[i] for i in held) for f in (dataset.entries, dataset.models)), ()
    )
    with pytest.raises(BadInput, match="no object in the training split"):
        StoredViews(some, SMALL).training_batch(0, 1, 1)


def test_a_broken_picture_is_named_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    data = read_r2n2(write_r2n2(tmp_path, {CHAIRS: ["a", "b"]}, views=2))
    path = data.picture_file(0, 0)
    path.write_bytes(path.read_bytes()[:60])
    views = StoredViews(data, replace(SMALL, replacement=False))
    with pytest.warns(UserWarning, match=r"00\.png: .*another picture of the object is used"):
        batch = views.training_batch(0, 1, 2)
    assert torch.equal(batch.truth.cameras[0], data.placements(0)[[1, 1]])
    with pytest.warns(UserWarning, match="another picture"):
        assert same(views.training_batch(0, 1, 2), batch)
    data.picture_file(0, 1).unlink()
    with pytest.raises(BadInput, match=r"0[01]\.png"):
        views.training_batch(0, 1, 2)


def test_a_picture_without_an_object_is_named(tmp_path: Path) -> None:
    root = write_r2n2(tmp_path, {CHAIRS: ["a", "b"]}, views=1)
    views = StoredViews(read_r2n2(root), replace(SMALL, framing="object"))
    assert views.held_batch([0], 1).images.shape == (1, 1, 3, 22, 22)
    for path in root.rglob("*.png"):
        Image.new("RGBA", (32, 32)).save(path)
    for batch in (lambda: views.held_batch([0], 1), lambda: views.training_batch(0, 1, 1)):
        with pytest.raises(BadInput, match=r"a/rendering/00\.png: the mask is empty"):
            batch()


@pytest.mark.parametrize(
    "change", [{"size": 33}, {"size": 0}, {"backgrounds": ()}, {"backgrounds": ("photos",)}]
)
def test_settings_of_which_no_picture_can_be_made_are_refused(dataset: R2N2Dataset, change: dict) -> None:
    with pytest.raises(ValueError, match=r"cannot be cut out|background"):
        StoredViews(dataset, replace(SMALL, **change))


def test_photographs_behind_the_objects(dataset: R2N2Dataset, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), (0, 51, 0)).save(tmp_path / "a.png")
    settings = replace(SMALL, backgrounds=("photos",), photos=str(tmp_path), flip=0.0)
    image = StoredViews(dataset, settings).training_batch(0, 1, 1).images[0, 0]
    assert image[:, 0, 0].tolist() == pytest.approx([0, 0.2, 0], abs=1e-3)


def test_another_object_takes_the_place_of_one_that_cannot_be_read(tmp_path: Path) -> None:
    root = write_r2n2(tmp_path, {CHAIRS: list("abcde")}, views=2)
    whole = StoredViews(read_r2n2(root), SMALL, seed=1).training_batch(0, 4, 2)
    data = read_r2n2(root)
    for path in (
        data.picture_file(2, 0),
        data.picture_file(2, 1),
        root / "ShapeNetVox32" / CHAIRS / "b" / "model.binvox",
    ):
        path.write_bytes(b"nothing")
    views = StoredViews(data, SMALL, seed=1)
    with pytest.warns(UserWarning, match="another object is used"):
        batch = views.training_batch(0, 4, 2)
    with pytest.warns(UserWarning, match="another object is used"):
        half = views.training_batch(0, 4, 2, part=(1, 2))
    assert torch.equal(half.images, batch.images[2:])
    assert set(batch.index.tolist()) == {0, 3}
    sound = [place for place, index in enumerate(whole.index.tolist()) if index in (0, 3)]
    assert torch.equal(batch.images[sound], whole.images[sound])
    for path in root.rglob("*.png"):
        path.unlink()
    with pytest.raises(BadInput, match=r"\.png"):
        views.training_batch(0, 4, 2)
