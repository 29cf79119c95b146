"""Finding the object in pictures of every kind."""

import time

import numpy as np
import pytest
import torch

from maquette.data.before_grounds import before_grounds
from maquette.data.open import DataPlace, open_source
from maquette.data.views_config import ViewsConfig
from maquette.segment import UNSURE, find_object

SIZE = 96


def disc(size: int = SIZE, radius: float = 0.3, centre: tuple[float, float] = (0.5, 0.5)) -> torch.Tensor:
    y, x = torch.meshgrid(*[(torch.arange(size) + 0.5) / size] * 2, indexing="ij")
    return torch.hypot(x - centre[0], y - centre[1]) < radius


def paint(mask: torch.Tensor, colour=(0.7, 0.2, 0.1), background=0.95) -> torch.Tensor:
    back = torch.as_tensor(background, dtype=torch.float32)
    back = back.expand(3, *mask.shape) if back.dim() == 0 else back
    return torch.where(mask, torch.tensor(colour)[:, None, None], back).contiguous()


def iou(found, mask: torch.Tensor) -> float:
    ours = found.mask[0] > 0.5
    return float((ours & mask).sum() / (ours | mask).sum())


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("background", [0.0, 0.5, 0.95])
def test_plain_background(background):
    found = find_object(paint(disc(), background=background))
    assert found.how == "plain"
    assert iou(found, disc()) > 0.97
    assert found.confidence > 0.9


@pytest.mark.parametrize("near", [0.025, 0.045])
def test_a_mask_of_an_object_of_nearly_the_backgrounds_colour_is_doubtful(near):
    """Half of it is missing, or would be with a little more noise; the network is asked, too."""
    image = paint(disc(), colour=(0.6 + near,) * 3, background=0.6)
    half = disc()
    half[:, SIZE // 2 :] = False
    image = torch.where(half, torch.tensor([0.1, 0.2, 0.4])[:, None, None], image)
    plain, found = find_object(image, by="plain"), find_object(image)
    assert 0 <= plain.confidence < UNSURE
    assert found.how == "network"
    assert iou(plain, disc()) < 0.8 or found.confidence > plain.confidence
    assert iou(found, disc()) > 0.8 or found.confidence < UNSURE


def test_noisy_gradient_behind_the_object():
    y, x = torch.meshgrid(*[torch.linspace(0, 1, SIZE)] * 2, indexing="ij")
    back = torch.stack([0.6 + 0.3 * x, 0.7 + 0.2 * y, 0.8 - 0.2 * x * y])
    image = (paint(disc(), background=back) + 0.01 * noise(3, SIZE, SIZE)).clamp(0, 1)
    found = find_object(image)
    assert found.how == "plain"
    assert iou(found, disc()) > 0.95


def test_a_soft_shadow_is_not_the_object():
    mask = disc(radius=0.2, centre=(0.5, 0.4))
    y, x = torch.meshgrid(*[(torch.arange(SIZE) + 0.5) / SIZE] * 2, indexing="ij")
    shadow = 1 - 0.25 * torch.exp(-(((x - 0.5) / 0.25) ** 2 + ((y - 0.7) / 0.12) ** 2))
    found = find_object(paint(mask, background=0.9 * shadow.expand(3, -1, -1)))
    assert iou(found, mask) > 0.93


def test_openings_show_the_background_and_specks_are_dropped():
    ring = disc(radius=0.4) & ~disc(radius=0.2)
    image = paint(ring)
    image[:, 3:5, 3:5] = 0.2
    found = find_object(image)
    assert iou(found, ring) > 0.95
    assert found.mask[0, 3, 3] == 0


def test_an_object_that_touches_the_edge():
    mask = disc(radius=0.35, centre=(0.5, 0.8))
    found = find_object(paint(mask))
    assert iou(found, mask) > 0.95
    assert found.confidence < find_object(paint(disc())).confidence


def test_a_small_object():
    mask = disc(400, radius=0.02)
    assert iou(find_object(paint(mask)), mask) > 0.8


def busy_scene(size: int = SIZE) -> torch.Tensor:
    """A red disc in front of green and blue blocks."""
    generator = torch.Generator().manual_seed(1)
    blocks = torch.rand(3, 8, 8, generator=generator) * torch.tensor([0.2, 0.8, 0.8])[:, None, None]
    back = torch.nn.functional.interpolate(blocks[None], (size, size))[0]
    return paint(disc(size), colour=(0.9, 0.2, 0.1), background=back)


def test_grabcut_where_the_background_is_not_plain():
    found = find_object(busy_scene(), "grabcut")
    assert iou(found, disc()) > 0.9
    assert UNSURE < found.confidence <= 0.7


def test_drawn_objects_before_drawn_rooms_are_found_by_the_network():
    config = ViewsConfig(size=160, framing="object", margin=(0.1, 0.4))
    source = open_source(DataPlace(shapes="families:12"), config, needs=frozenset({"masks"})).source
    batch = source.held_batch(range(12), 1)
    images, true = before_grounds(batch), batch.truth.masks[:, 0] > 0.5
    found = [find_object(image, "network") for image in images]
    scores = torch.tensor([iou(one, mask[0]) for one, mask in zip(found, true, strict=True)])
    assert all(one.how == "network" for one in found)
    assert scores.median() > 0.8
    assert scores.mean() > 0.7


def unsure(network, images):
    """Half a probability everywhere around the middle."""
    told = torch.full_like(images[:, :1], 0.3)
    told[..., 30:60, 30:60] = 0.6
    told[..., 40:50, 40:50] = 0.9
    return told


def test_where_the_network_is_unsure_colours_help(monkeypatch):
    monkeypatch.setattr("maquette.segment.found.network_masks", unsure)
    found = find_object(busy_scene())
    assert found.how == "network"
    assert iou(found, disc()) > 0.95
    assert UNSURE < found.confidence <= 1


def test_where_colours_do_not_agree_either_grabcut_may_be_surer(monkeypatch):
    monkeypatch.setattr("maquette.segment.found.network_masks", unsure)
    monkeypatch.setattr("maquette.segment.found.sharpened", lambda pixels, told: None)
    found = find_object(busy_scene())
    assert found.how == "grabcut"
    assert iou(found, disc()) > 0.9
    assert find_object(busy_scene(), "network").confidence < UNSURE


def test_a_way_by_its_name():
    assert find_object(busy_scene(), "plain") is None
    assert find_object(busy_scene(), "grabcut").how == "grabcut"
    with pytest.raises(ImportError):
        find_object(busy_scene(), "rembg")


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_mask_is_doubtful(seed):
    """Blocks of all colours on a disc, and others around it."""
    blocks = torch.rand(2, 3, 14, 14, generator=torch.Generator().manual_seed(seed))
    on, around = torch.nn.functional.interpolate(blocks, (SIZE, SIZE))
    found = find_object(torch.where(disc(radius=0.2), on, around), "grabcut")
    assert iou(found, disc(radius=0.2)) < 0.8
    assert 0 <= found.confidence < UNSURE


def test_the_same_mask_every_time():
    first, second = (find_object(busy_scene()) for _ in range(2))
    assert torch.equal(first.mask, second.mask)


def test_bars_beside_a_photograph_are_not_its_background():
    image = busy_scene()
    image[:, :14], image[:, -14:] = 0, 0
    found = find_object(image)
    assert iou(found, disc()) > 0.85


@pytest.mark.parametrize(
    "image",
    [
        torch.full((3, 40, 50), 0.4),
        torch.rand(3, 1, 1),
        torch.zeros(3, 2, 300),
        torch.linspace(0, 1, 60)[:, None].expand(3, 60, 50),
        torch.linspace(0, 1, 50).expand(3, 60, 50),
    ],
    ids=["one colour", "one pixel", "a line", "rows of one colour", "columns of one colour"],
)
def test_nothing_to_find(image):
    assert find_object(image) is None


def test_large_pictures_take_bounded_time():
    mask = disc(3000)
    image = paint(mask)
    began = time.perf_counter()
    found = find_object(image)
    assert time.perf_counter() - began < 5
    assert found.mask.shape == (1, 3000, 3000)
    assert iou(found, mask) > 0.98


def test_any_size_works():
    for height, width in [(32, 32), (33, 70), (200, 31)]:
        rows = slice(height // 4, 3 * height // 4)
        mask = torch.zeros(height, width, dtype=torch.bool)
        mask[rows, width // 4 : 3 * width // 4] = True
        assert iou(find_object(paint(mask)), mask) > 0.9
    rng = np.random.default_rng(0)
    for height, width in [(9, 9), (32, 500), (64, 64)]:
        image = torch.from_numpy(rng.random((3, height, width), np.float32))
        found = find_object(image)
        assert found is None or found.mask.shape == (1, height, width)
