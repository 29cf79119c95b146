from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.data.backgrounds import load_photos
from maquette.data.framing import frame_object
from maquette.data.picture_changes import changed_picture, held_picture
from maquette.data.views_config import ViewsConfig

CONFIG = ViewsConfig(size=32, render_size=32)


@pytest.fixture
def picture() -> torch.Tensor:
    """A red block of 16 x 8 pixels whose right column is half transparent, in 40 x 40."""
    picture = torch.zeros(4, 40, 40)
    picture[0, 12:28, 8:16] = 1
    picture[3, 12:28, 8:16] = 1
    picture[3, 12:28, 15] = 0.5
    return picture


def changed(picture: torch.Tensor, seed: int = 0, photos=None, **settings) -> torch.Tensor:
    return changed_picture(picture, replace(CONFIG, **settings), np.random.default_rng(seed), photos)


def block(image: torch.Tensor) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of what is red."""
    inside = ((image[0] > 0.8) & (image[1] < 0.2)).nonzero()
    return (*inside.amin(0).tolist(), *(inside.amax(0) + 1).tolist())


def test_plain_backgrounds_fill_what_is_fully_transparent(picture: torch.Tensor) -> None:
    image = changed(picture, size=40, render_size=40)
    assert image[:, 20, 15].tolist() == [1, 0, 0]  # half transparent, as the released code leaves it
    assert image[:, 0, 0].min() >= 225 / 255
    assert torch.equal(image[:, 0, 0], image[:, 39, 20])


def test_framed_objects_are_laid_over_plain_backgrounds(picture: torch.Tensor) -> None:
    picture[3, 12:28, 15] = 0.75
    image = changed(picture, framing="object", margin=(0.5, 0.5))
    back = image[:, 0, 0]
    assert back.min() >= 225 / 255
    assert torch.allclose(image[:, 16, 19], 0.75 * torch.tensor([1.0, 0, 0]) + 0.25 * back, atol=1e-3)


@pytest.mark.parametrize("kind", ["gradient", "noise", "photos"])
def test_other_backgrounds_vary_and_shine_through(picture: torch.Tensor, kind: str, tmp_path: Path) -> None:
    Image.effect_noise((50, 40), 80).convert("RGB").save(tmp_path / "a.png")
    photos = load_photos(tmp_path) if kind == "photos" else None
    image = changed(picture, photos=photos, size=40, render_size=40, backgrounds=(kind,))
    assert image[:, 20, 10].tolist() == [1, 0, 0]
    around = image[:, :8].flatten(1)
    assert around.std(dim=1).max() > 0.01
    assert 0 <= around.min() <= around.max() <= 1
    left, half, right = image[1, 20, 14], image[1, 20, 15], image[1, 20, 16]
    assert left == 0
    assert abs(half - right / 2) < 0.15
    assert not torch.equal(changed(picture, 1, photos, size=40, render_size=40, backgrounds=(kind,)), image)


def test_framing_around_the_object(picture: torch.Tensor) -> None:
    solid = picture.clone()
    solid[3, 12:28, 15] = 1
    top, left, bottom, right = block(changed(solid, framing="object", size=32, margin=(0.5, 0.5)))
    assert (top, bottom, left, right) == (8, 24, 12, 20)
    tops = {block(changed(solid, i, framing="object", margin=(0.1, 0.6)))[0] for i in range(20)}
    assert len(tops) > 4
    places = {
        block(changed(solid, i, framing="object", margin=(0.5, 0.5), shift=0.25))[:2] for i in range(20)
    }
    assert len(places) > 8
    assert all(4 <= top <= 12 and 8 <= left <= 16 for top, left in places)


def test_held_pictures_are_framed_as_those_of_users(picture: torch.Tensor) -> None:
    config = replace(CONFIG, framing="object", margin=(0.1, 0.3))
    expected = frame_object(picture[:3], picture[3:], 32, 0.2, (240 / 255,) * 3)
    assert torch.equal(held_picture(picture, config), expected)
    plain = held_picture(picture, replace(CONFIG, render_size=40))
    assert torch.equal(plain[:, 8, 4:11], torch.tensor([[1.0], [0], [0]]).expand(3, 7))
    assert plain[:, 0, 0].tolist() == pytest.approx([240 / 255] * 3)


def test_jitter_and_noise(picture: torch.Tensor) -> None:
    still = changed(picture)
    assert not torch.equal(changed(picture, jitter=0.5), still)
    noisy = changed(picture, noise=0.05)
    where = (still > 0.3) & (still < 0.95)
    assert abs(float((noisy - still)[where].std()) - 0.05) < 0.01
    assert noisy.min() >= 0
    assert noisy.max() <= 1
    assert torch.equal(changed(picture, noise=0.05), noisy)


def test_one_setting_does_not_change_what_another_draws(picture: torch.Tensor) -> None:
    assert block(changed(picture, 3, size=24)) == block(changed(picture, 3, size=24, noise=0.01, jitter=0.01))


def test_empty_pictures_cannot_be_framed(picture: torch.Tensor) -> None:
    picture[3] = 0
    for change in (held_picture, lambda p, c: changed_picture(p, c, np.random.default_rng(0))):
        with pytest.raises(ValueError, match="the mask is empty"):
            change(picture, replace(CONFIG, framing="object"))
