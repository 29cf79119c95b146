"""Views drawn on the fly: pure functions of (seed, step, place), R2N2's cameras, voxels, flips, held pictures."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from batches import rows_of, same
from maquette.data.batch import Batch
from maquette.data.drawn_views import DrawnViews
from maquette.data.pack_scene import scene_of
from maquette.data.picture_specs import OBJECT_DRAWS, VIEW_DRAWS, held_specs, training_specs
from maquette.data.views_config import ViewsConfig
from maquette.kernels.draw import draw
from maquette.renderer import MeshRasterizer, RasterizationSettings
from maquette.renderer.views import cameras_from_r2n2
from tests.data.pack_shapes import small_pack

SIZE = 40
PLAIN = ViewsConfig(size=SIZE, render_size=44)


@pytest.fixture(scope="module")
def pack():
    return small_pack()


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> ViewsConfig:
    """Settings with all that there is."""
    folder = tmp_path_factory.mktemp("photos")
    for i in range(2):
        pixels = np.random.default_rng(i).integers(0, 256, (32, 48, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return ViewsConfig(
        size=SIZE,
        framing="object",
        shift=0.1,
        backgrounds=("plain", "gradient", "noise", "photos"),
        photos=str(folder),
        colours="mixed",
        texture=0.5,
        lights=True,
        jitter=1.0,
        flip_voxels=True,
        noise=0.02,
    )


@pytest.mark.parametrize("full", [False, True])
def test_a_batch_is_a_pure_function_of_seed_and_step(pack, everything, full) -> None:
    config = everything if full else PLAIN
    views = DrawnViews(pack, config, seed=3)
    batch = views.training_batch(5, 6, 2)
    assert batch.images.shape == (6, 2, 3, SIZE, SIZE)
    assert batch.images.amin() >= 0
    assert batch.images.amax() <= 1
    views.training_batch(0, 6, 2)
    assert same(batch, views.training_batch(5, 6, 2))
    assert same(batch, DrawnViews(pack, config, seed=3).training_batch(5, 6, 2))
    assert not torch.equal(batch.images, views.training_batch(6, 6, 2).images)
    assert not torch.equal(batch.images, DrawnViews(pack, config, seed=4).training_batch(5, 6, 2).images)
    for part in range(3):
        assert same(rows_of(batch, slice(2 * part, 2 * part + 2)), views.training_batch(5, 6, 2, (part, 3)))


def test_threads_change_nothing(pack, everything) -> None:
    views = DrawnViews(pack, everything)
    batch = views.training_batch(1, 5, 1)
    before = torch.get_num_threads()
    torch.set_num_threads(1 if before > 1 else 3)
    try:
        assert same(batch, views.training_batch(1, 5, 1))
    finally:
        torch.set_num_threads(before)


class _Steps(Dataset):
    def __init__(self, views: DrawnViews) -> None:
        self.views = views

    def __len__(self) -> int:
        return 4

    def __getitem__(self, step: int) -> Batch:
        return self.views.training_batch(step, 4, 2)


def test_forked_workers_give_the_same_batches(pack, everything) -> None:
    views = DrawnViews(pack, everything)
    views.training_batch(0, 4, 2)
    loader = DataLoader(_Steps(views), batch_size=None, num_workers=2, multiprocessing_context="fork")
    for step, batch in enumerate(loader):
        assert same(batch, views.training_batch(step, 4, 2))


def test_an_epoch_shows_each_training_shape_once(pack) -> None:
    views = DrawnViews(pack, PLAIN)
    seen = torch.cat([views.training_batch(step, 4, 1).index for step in range(4)])
    assert sorted(seen.tolist()) == sorted(2 * list(range(8)))
    assert sorted(seen[:8].tolist()) == list(range(8))


def test_sources_can_be_weighted(pack) -> None:
    entries = tuple(
        replace(entry, source="rare" if i < 2 else "common") for i, entry in enumerate(pack.entries)
    )
    views = DrawnViews(replace(pack, entries=entries), replace(PLAIN, source_weights=(("rare", 3.0),)))
    seen = torch.cat([views.training_batch(step, 8, 1).index for step in range(12)])
    assert int((seen < 2).sum()) == 48


def test_cameras_are_r2n2s(pack) -> None:
    """The silhouette is that of the renderer's cameras for the azimuth, elevation and ratio that are told."""
    views = DrawnViews(pack, replace(PLAIN, size=64, render_size=64, plain=(1.0, 1.0), flip=0.0))
    for batch in (views.training_batch(0, 3, 2), views.held_batch([0, 5, 9], 2)):
        for k, index in enumerate(batch.index.tolist()):
            cameras = cameras_from_r2n2(*batch.truth.cameras[k].unbind(1))
            mesh = pack.shape(index).mesh.extend(2)
            seen = MeshRasterizer(cameras, RasterizationSettings(64))(mesh).pix_to_face[..., 0] >= 0
            background = batch.images[k, :, :, :1, :1]
            drawn = (batch.images[k] - background).abs().amax(1) > 0.25
            assert (seen & drawn).sum() / (seen | drawn).sum() > 0.9
        azimuth, elevation, ratio = batch.truth.cameras.unbind(-1)
        assert ((azimuth >= 0) & (azimuth < 360) & (elevation >= 25) & (elevation < 30)).all()
        assert ((ratio >= 0.65) & (ratio < 0.95)).all()


def test_voxels_are_the_packs_and_turn_with_mirrored_pictures(pack) -> None:
    kept = DrawnViews(pack, replace(PLAIN, flip=1.0)).training_batch(0, 8, 2)
    assert torch.equal(kept.truth.voxels, pack.solid(kept.index))
    turned = DrawnViews(pack, replace(PLAIN, flip=1.0, flip_voxels=True)).training_batch(0, 8, 2)
    assert torch.equal(turned.truth.voxels, pack.solid(turned.index).flip(1))
    assert torch.equal(kept.images, turned.images)


def test_a_mirrored_picture_is_a_picture_of_the_mirrored_shape(pack) -> None:
    config = replace(PLAIN, size=64, render_size=64, plain=(1.0, 1.0), flip_voxels=True)
    mirrored = DrawnViews(pack, replace(config, flip=1.0)).training_batch(2, 4, 2)
    verts = pack.verts * torch.tensor([-1.0, 1, 1])
    plain = DrawnViews(replace(pack, verts=verts), replace(config, flip=0.0))
    scene = plain._scene_on("cpu")
    low, high = np.array([[0, 360], [25, 30], [0.65, 0.95]]).T
    for k, index in enumerate(mirrored.index.tolist()):
        for view in range(2):
            numbers = (mirrored.truth.cameras[k, view].double().numpy() - low) / (high - low)
            specs, _ = held_specs(np.array([index]), numbers[None], config, scene)
            image, _, _ = draw(scene, replace(specs, behind=torch.ones_like(specs.behind)), 64)
            assert (image[0] - mirrored.images[k, view]).abs().mean() < 2e-3


def test_a_stretched_picture_is_a_picture_of_the_stretched_shape(pack) -> None:
    """Cameras are told as of the shape itself; meshes and the sides of the voxels' boxes are stretched."""
    truth = frozenset({"voxels", "sides", "meshes"})
    config = replace(PLAIN, size=64, render_size=64, plain=(1.0, 1.0), flip=0.0, stretch=2.0)
    batch = DrawnViews(pack, config, truth=truth).training_batch(2, 4, 2)
    factors = batch.truth.sides / pack.sides[batch.index][:, None]
    assert ((factors > 0.5) & (factors <= 1)).all()
    assert factors.unique().numel() == 12
    assert torch.equal(batch.voxels, pack.solid(batch.index))
    whole = DrawnViews(pack, replace(config, stretch=1.0), truth=truth).training_batch(2, 4, 2)
    assert torch.equal(whole.cameras, batch.cameras)
    for k, mesh in enumerate(batch.truth.meshes):
        own = whole.truth.meshes[k].verts_packed()
        torch.testing.assert_close(mesh.verts_packed(), own * factors[k])
        cameras = cameras_from_r2n2(*batch.cameras[k].unbind(1))
        seen = MeshRasterizer(cameras, RasterizationSettings(64))(mesh.extend(2)).pix_to_face[..., 0] >= 0
        drawn = (batch.images[k] - batch.images[k, :, :, :1, :1]).abs().amax(1) > 0.25
        assert (seen & drawn).sum() / (seen | drawn).sum() > 0.9


def test_held_pictures_never_change(pack, everything) -> None:
    for config in (PLAIN, everything):
        views = DrawnViews(pack, config, seed=0)
        held = views.held_batch([9, 2], 5)
        assert same(held, DrawnViews(pack, config, seed=7).held_batch([9, 2], 5))
        few = views.held_batch([2], 3)
        assert torch.equal(few.images, held.images[1:, :3])
        assert torch.equal(few.truth.cameras, held.truth.cameras[1:, :3])
        assert torch.equal(held.truth.voxels, pack.solid(torch.tensor([9, 2])))
        assert held.index.tolist() == [9, 2]
        corner = held.images[:, :, :, 0, 0]
        torch.testing.assert_close(corner, torch.full_like(corner, 240 / 255))
        again = views.held_batch([2, 2], 1)
        assert torch.equal(again.images[0], again.images[1])


def test_objects_are_framed_within_the_margins(pack) -> None:
    config = replace(PLAIN, framing="object", size=64, margin=(0.2, 0.2), plain=(1.0, 1.0))
    for batch, reach in (
        (DrawnViews(pack, config).training_batch(0, 8, 2), 0),
        (DrawnViews(pack, config).held_batch([0, 4], 2), 0),
        (DrawnViews(pack, replace(config, shift=0.15)).training_batch(0, 8, 2), 0.15),
    ):
        for image in batch.images.flatten(0, 1):
            inside = (image - image[:, :1, :1]).abs().amax(0) > 0.1
            for axis in (0, 1):
                ends = inside.any(1 - axis).nonzero()[:, 0]
                middle, length = float(ends[0] + ends[-1] + 1) / 2 - 32, int(ends[-1] - ends[0]) + 1
                assert abs(middle) <= 64 / 1.4 * reach + 1.5
                assert length <= 64 / 1.4 + 2


def test_an_object_keeps_its_colours_in_all_its_pictures(pack) -> None:
    config = replace(PLAIN, colours="random", plain=(1.0, 1.0), flip=0.0)
    batch = DrawnViews(pack, config).training_batch(0, 8, 2)
    colours = [
        {
            tuple((pixel * 20 / pixel.max()).round().int().tolist())
            for pixel in image.flatten(1).T
            if pixel.min() < 0.9
        }
        for image in batch.images.flatten(0, 1)
    ]
    shared = [len(colours[2 * i] & colours[2 * i + 1]) for i in range(8)]
    assert min(shared) >= 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"size": 50}, "cannot be cut out"),
        ({"ratio": (0.1, 0.5)}, "ratio must rise within"),
        ({"backgrounds": ()}, "at least one kind"),
        ({"stretch": 0.5}, "stretch must lie in"),
        ({"stretch": 1.2}, "knows the sides"),
        ({"backgrounds": ("photos",)}, "need a folder"),
    ],
)
def test_settings_that_cannot_be_drawn_are_refused(pack, change, says) -> None:
    with pytest.raises(ValueError, match=says):
        DrawnViews(pack, replace(PLAIN, **change))


def test_batches_that_cannot_be_are_refused(pack) -> None:
    views = DrawnViews(pack, PLAIN)
    with pytest.raises(ValueError, match="equal parts"):
        views.training_batch(0, 5, 1, (0, 2))
    held = DrawnViews(pack.take([8, 9]), PLAIN)
    assert held.held_batch([0], 1).images.shape == (1, 1, 3, SIZE, SIZE)
    with pytest.raises(ValueError, match="no shape of the training split"):
        held.training_batch(0, 1, 1)


@pytest.mark.parametrize(("number", "corner"), [(0.0, 0), (0.999, 3)])
def test_corners_of_crops_are_those_of_the_published_code(pack, number, corner) -> None:
    """Of 44 - 40 + 1 places the last is never drawn."""
    views = np.full((1, VIEW_DRAWS), 0.5)
    views[:, 5:7] = number
    specs, _ = training_specs(
        np.array([0]), np.full((1, OBJECT_DRAWS), 0.9), views, replace(PLAIN, flip=0.0), scene_of(pack)
    )
    assert specs.window[0, 2:].tolist() == [22 - corner, 22 - corner]


def test_the_same_pictures_with_less_said(pack) -> None:
    whole = DrawnViews(pack, PLAIN, truth=frozenset({"voxels", "meshes", "masks"}))
    less = whole.only(frozenset({"voxels"}), 16)
    ours, theirs = less.training_batch(3, 2, 1), whole.training_batch(3, 2, 1)
    assert ours.truth.known == less.provides == {"voxels", "cameras"}
    assert theirs.truth.known == {"voxels", "cameras", "meshes", "masks"}
    assert torch.equal(ours.images, theirs.images)
    assert ours.voxels.shape[1:] == (16, 16, 16)
    assert theirs.voxels.shape[1:] == (32, 32, 32)
