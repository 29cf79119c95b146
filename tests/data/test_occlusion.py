"""Objects that are partly hidden: how much, the same at every call, framed by what can be seen."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from batches import rows_of, same
from maquette.data.drawn_views import DrawnViews
from maquette.data.occluders import COUNT, box_pictures, held_occluders, photo_pictures
from maquette.data.occlusion import DRAWS, drawn_hiding
from maquette.data.views_config import ViewsConfig
from tests.data.pack_shapes import small_pack

SIZE = 48
PLAIN = ViewsConfig(size=SIZE, render_size=SIZE, flip=0.0)
TRUTH = frozenset({"voxels", "masks", "depth", "windows", "occlusion"})
SHARES = (0.2, 0.4, 0.6)


@pytest.fixture(scope="module")
def pack():
    return small_pack()


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)).save(folder / "0.png")
    return str(folder)


@pytest.mark.parametrize("framing", ["camera", "object"])
def test_a_batch_is_a_pure_function_of_seed_step_and_place(pack, photos, framing) -> None:
    kinds = ("pieces", "boxes", "photos", "erased")
    config = replace(
        PLAIN,
        framing=framing,
        occlusion=0.8,
        cut_off=0.5,
        occluders=kinds,
        photos=photos,
        noise=0.02,
        jitter=1.0,
    )
    views = DrawnViews(pack, config, seed=3, truth=TRUTH)
    batch = views.training_batch(2, 6, 2)
    assert same(batch, DrawnViews(pack, config, seed=3, truth=TRUTH).training_batch(2, 6, 2))
    assert not torch.equal(batch.images, views.training_batch(3, 6, 2).images)
    for part in range(3):
        assert same(rows_of(batch, slice(2 * part, 2 * part + 2)), views.training_batch(2, 6, 2, (part, 3)))
    before = torch.get_num_threads()
    torch.set_num_threads(1 if before > 1 else 3)
    try:
        assert same(batch, views.training_batch(2, 6, 2))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["pieces", "boxes", "erased"])
def test_the_wanted_share_is_hidden(pack, kind) -> None:
    """With framing "camera" the whole object is seen in the same window, so that pixels can be counted."""
    wanted = 0.35
    config = replace(PLAIN, occlusion=1.0, occluded=(wanted, wanted), occluders=(kind,))
    hidden = DrawnViews(pack, config, truth=TRUTH).training_batch(0, 8, 8)
    whole = DrawnViews(pack, PLAIN, truth=TRUTH).training_batch(0, 8, 8)
    assert torch.equal(hidden.truth.windows, whole.truth.windows)
    share = 1 - hidden.truth.masks.sum((-3, -2, -1)) / whole.truth.masks.sum((-3, -2, -1))
    error = (share - wanted).abs()
    assert error.median() < 0.012
    assert error.quantile(0.95) < 0.035
    assert (hidden.truth.occlusion - share).abs().quantile(0.95) < 0.035
    assert ((hidden.truth.depth > 0) == (hidden.truth.masks > 0)).all()
    background = whole.images[:, :, :, :1, :1]
    changed = (hidden.images - whole.images).abs().amax(2) > 1e-6
    if kind == "erased":
        gone = (whole.truth.masks[:, :, 0] > 0) & (hidden.truth.masks[:, :, 0] == 0)
        torch.testing.assert_close(hidden.images, torch.where(gone[:, :, None], background, hidden.images))
        assert not (changed & (whole.truth.masks[:, :, 0] == 0)).any()
    else:
        assert (changed & (whole.truth.masks[:, :, 0] == 0)).any()


@pytest.mark.parametrize("framing", ["camera", "object"])
def test_nothing_hidden_is_the_held_picture_to_the_bit(pack, framing) -> None:
    views = DrawnViews(pack, replace(PLAIN, framing=framing, occlusion=0.5), truth=TRUTH)
    held = views.held_batch([3, 9], 2)
    assert same(held, DrawnViews(pack, replace(PLAIN, framing=framing), truth=TRUTH).held_batch([3, 9], 2))
    assert same(held, views.hiding(0.0).held_batch([3, 9], 2))
    assert not held.truth.occlusion.any()


def test_pictures_in_which_nothing_is_hidden_stay_as_they_are(pack) -> None:
    config = replace(PLAIN, framing="object", occlusion=0.5)
    some = DrawnViews(pack, config, truth=TRUTH).training_batch(1, 8, 2)
    none = DrawnViews(pack, replace(config, occlusion=0.0), truth=TRUTH).training_batch(1, 8, 2)
    free = some.truth.occlusion == 0
    assert free.any()
    assert not free.all()
    assert torch.equal(some.images[free], none.images[free])
    assert torch.equal(some.cameras, none.cameras)


@pytest.mark.parametrize("kind", ["pieces", "erased"])
def test_the_same_occluder_grows_in_held_pictures(pack, kind) -> None:
    views = DrawnViews(pack, PLAIN, seed=0, truth=TRUTH)
    held = [views.held_batch([2, 5, 9], 3)]
    for share in SHARES:
        hiding = views.hiding(share, kind)
        held.append(hiding.held_batch([2, 5, 9], 3))
        whole = held[0].truth.masks.sum((-3, -2, -1))
        reached = 1 - held[-1].truth.masks.sum((-3, -2, -1)) / whole
        torch.testing.assert_close(reached, torch.full_like(reached, share), atol=0.01, rtol=0)
        again = DrawnViews(pack, PLAIN, seed=7, truth=TRUTH).hiding(share, kind)
        few = again.held_batch([9, 5], 2)
        assert torch.equal(few.images[0], held[-1].images[2, :2])
        assert torch.equal(few.images[1], held[-1].images[1, :2])
    for less, more in pairwise(held[1:]):
        gone, still = less.truth.masks == 0, more.truth.masks > 0
        assert (gone & still).sum() < 0.06 * (gone & (held[0].truth.masks > 0)).sum()


def test_what_can_be_seen_is_framed(pack) -> None:
    config = replace(PLAIN, framing="object", size=64, margin=(0.2, 0.2))
    for share in SHARES:
        batch = DrawnViews(pack, config, truth=TRUTH).hiding(share).held_batch([0, 3, 6, 9], 3)
        for mask in batch.truth.masks.flatten(0, 2) > 0.3:
            ends = [mask.any(1 - axis).nonzero()[:, 0] for axis in (0, 1)]
            longest = max(int(end[-1] - end[0]) + 1 for end in ends)
            assert abs(longest - 64 / 1.4) <= 5
            for end in ends:
                assert abs(float(end[0] + end[-1] + 1) / 2 - 32) <= 3.5


def test_pictures_end_before_the_object_does(pack) -> None:
    config = replace(PLAIN, size=64, render_size=64, cut_off=1.0)
    cut = DrawnViews(pack, config, truth=TRUTH).training_batch(0, 8, 8)
    whole = DrawnViews(pack, replace(config, cut_off=0.0), truth=TRUTH).training_batch(0, 8, 8)
    share = 1 - cut.truth.masks.sum((-3, -2, -1)) / whole.truth.masks.sum((-3, -2, -1))
    assert (share - cut.truth.occlusion).abs().quantile(0.95) < 0.03
    assert 0.25 < share.amax() < 0.33
    masks = cut.truth.masks[:, :, 0] > 0
    touches = (
        masks[..., 0].any(-1) | masks[..., -1].any(-1) | masks[..., 0, :].any(-1) | masks[..., -1, :].any(-1)
    )
    assert touches[share > 0.02].all()
    framed = DrawnViews(pack, replace(config, framing="object"), truth=TRUTH).training_batch(0, 8, 8)
    assert not framed.truth.masks[..., 0].any()
    assert framed.truth.occlusion.amax() > 0.25


def test_shares_follow_from_the_settings() -> None:
    occluders = held_occluders("pieces")
    numbers = np.random.default_rng(0).random((2000, DRAWS))
    config = ViewsConfig(occlusion=0.25, occluded=(0.2, 0.5), cut_off=0.1)
    hiding = drawn_hiding(numbers, occluders, config)
    has = hiding.share > 0
    assert 0.22 < has.mean() < 0.28
    assert ((hiding.share[has] >= 0.2) & (hiding.share[has] <= 0.5)).all()
    assert 0.08 < (hiding.cut > 0).mean() < 0.12
    assert ((hiding.place >= 0) & (hiding.place <= 1)).all()
    assert set(hiding.which.tolist()) == set(range(COUNT))


def test_pictures_of_occluders() -> None:
    rng = np.random.default_rng(0)
    photos = torch.randint(0, 256, (3, 40, 40, 3), dtype=torch.uint8)
    for pictures in (box_pictures(rng), photo_pictures(photos, rng)):
        assert pictures.shape[0] == COUNT
        assert (pictures[..., 3] == 1).all()
        assert ((pictures >= 0) & (pictures <= 1)).all()
    held = held_occluders("erased")
    assert held.erases.all()
    assert (held.pictures[..., :3].amax(-1) <= held.pictures[..., 3] + 1e-6).all()
    assert torch.equal(held.pictures, held_occluders("pieces").pictures)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"occlusion": 1.5}, "occlusion must lie in"),
        ({"occluded": (0.5, 0.9)}, "occluded must rise within"),
        ({"occluded": (0.5, 0.2)}, "occluded must rise within"),
        ({"cut_off": -0.1}, "cut_off must lie in"),
        ({"occlusion": 0.5, "occluders": ()}, "one kind of occluder"),
        ({"occlusion": 0.5, "occluders": ("photos",)}, "need a folder"),
    ],
)
def test_settings_that_hide_nothing_sensible_are_refused(pack, change, says) -> None:
    with pytest.raises(ValueError, match=says):
        DrawnViews(pack, replace(PLAIN, **change))


def test_shares_that_cannot_be_hidden_are_refused(pack) -> None:
    with pytest.raises(ValueError, match="share to hide"):
        DrawnViews(pack, PLAIN).hiding(0.9)
