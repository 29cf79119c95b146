"""Batches of faces: pure functions, splits, and a truth whose parts agree with each other and with the pictures."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from batches import rows_of, same
from maquette.data.batch import Batch, Source
from maquette.data.faces import FaceViews
from maquette.data.faces.drawing import window_of

SIZE = 64


@pytest.fixture(scope="module")
def views() -> FaceViews:
    return FaceViews(30, SIZE, seed=3)


@pytest.fixture(scope="module")
def batch(views) -> Batch:
    return views.held_batch(range(16), 1)


@pytest.fixture(scope="module")
def inside(batch) -> torch.Tensor:
    """Pixels in whose neighbourhood of 5 x 5 all show the face, without steps in depth."""
    truth = batch.truth
    full = avg_pool2d((truth.masks[:, 0] == 1).float(), 5, 1, 2)[:, 0] > 0.999
    depth = truth.depth[:, 0, 0]
    steps = torch.zeros_like(full)
    for axis in (1, 2):
        for by in (1, -1):
            steps |= (depth - depth.roll(by, axis)).abs() > 0.004
    return full & ~steps


def test_faces_are_a_source(views) -> None:
    assert isinstance(views, Source)
    assert views.provides == views.training_batch(0, 2, 1).truth.known


def test_a_training_sample_is_a_pure_function(views) -> None:
    batch = views.training_batch(7, 6, 2)
    assert batch.images.shape == (6, 2, 3, SIZE, SIZE)
    assert same(batch, FaceViews(30, SIZE, seed=3).training_batch(7, 6, 2))
    assert same(rows_of(batch, slice(3, 6)), views.training_batch(7, 6, 2, part=(1, 2)))
    assert not torch.equal(batch.images, FaceViews(30, SIZE, seed=4).training_batch(7, 6, 2).images)


def test_neither_batch_nor_threads_play_a_part(views) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = [views.held_batch([i], 1) for i in (5, 2)]
        torch.set_num_threads(3)
        together = views.held_batch([5, 2], 2)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.cat([one.images for one in alone]), together.images[:, :1])
    assert torch.equal(torch.cat([one.truth.depth for one in alone]), together.truth.depth[:, :1])


def test_people_stay_who_they_are_and_in_their_split(views) -> None:
    more = FaceViews(40, SIZE, seed=9)
    assert more.entries[:30] == views.entries
    assert torch.equal(more.held_batch([4], 1).images, views.held_batch([4], 1).images)
    many = [entry.split for entry in FaceViews(3000).entries]
    assert {split: many.count(split) // 100 for split in ("train", "val", "test")} == pytest.approx(
        {"train": 24, "val": 3, "test": 3}, abs=1
    )


def test_training_draws_the_training_split_alone(views) -> None:
    drawn = {int(i) for step in range(8) for i in views.training_batch(step, 8, 1).index}
    assert {views.entries[i].split for i in drawn} == {"train"}


def test_pictures_are_albedo_in_the_light(batch) -> None:
    truth = batch.truth
    ambient, diffuse = (truth.lights[:, :, i, None, None] for i in (0, 1))
    facing = torch.einsum("bvchw,bvc->bvhw", truth.normals, truth.lights[:, :, 2:])
    shaded = truth.albedo * (ambient + diffuse * facing.clamp(min=0))[:, :, None]
    full = (truth.masks == 1).expand_as(shaded)
    torch.testing.assert_close(batch.images[full], shaded.clamp(max=1)[full], rtol=1e-4, atol=1e-5)
    assert full.float().mean() > 0.5


def test_normals_are_those_of_the_depth(batch, inside) -> None:
    focal, _, middle, _ = window_of(SIZE)
    depth = batch.truth.depth[:, 0, 0]
    ray = (torch.arange(SIZE) + 0.5 - middle) / focal
    points = torch.stack([-ray * depth, -ray[:, None] * depth, depth], dim=-1)  # +X left, +Y up, +Z away
    along_rows = points.roll(-1, 2) - points.roll(1, 2)
    along_columns = points.roll(-1, 1) - points.roll(1, 1)
    normals = torch.linalg.cross(along_rows, along_columns)
    normals = normals / normals.norm(dim=-1, keepdim=True)
    normals = normals * -normals[..., 2:].sign()
    cosine = (normals * batch.truth.normals[:, 0].permute(0, 2, 3, 1)).sum(-1)[inside]
    degrees = torch.rad2deg(cosine.clamp(-1, 1).acos())
    assert degrees.median() < 4
    assert degrees.quantile(0.9) < 15


def test_normals_look_towards_the_camera(batch, inside) -> None:
    normals = batch.truth.normals[:, 0]
    length = normals.norm(dim=1)
    assert torch.equal(length > 0.5, batch.truth.masks[:, 0, 0] > 0)
    assert (length[inside] - 1).abs().max() < 1e-5
    assert (normals[:, 2][inside] < 0).float().mean() > 0.999


def test_depth_is_about_one_where_the_head_is(batch) -> None:
    depth, there = batch.truth.depth, batch.truth.masks > 0
    assert depth[~there].abs().max() == 0
    assert depth[there].min() > 0.88
    assert depth[there].quantile(0.95) < 1.1


def test_no_people_and_no_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="0 people"):
        FaceViews(0)
    with pytest.raises(ValueError, match="1 pixels"):
        FaceViews(5, 1)
