"""Copies of pictures for structure from motion: size, masks, transparency, bad pictures."""

import pytest
import torch

from maquette.io import BadInput, load_image, save_image
from maquette.poses.photos import prepare_photo


def disc(size, share=0.3):
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in size), indexing="ij")
    return (x * x + y * y < share).float()


def test_a_large_picture_is_reduced_and_a_small_one_enlarged(tmp_path):
    save_image(torch.rand(3, 300, 600), tmp_path / "a.jpg")
    photo = prepare_photo(tmp_path / "a.jpg", None, False, tmp_path, 400)
    assert (photo.size, photo.copy_size, photo.masked, photo.fov_deg) == ((600, 300), (400, 200), False, None)
    assert load_image(tmp_path / "images" / photo.copy).shape == (3, 200, 400)
    save_image(torch.rand(1, 100, 200), tmp_path / "b.png")
    photo = prepare_photo(tmp_path / "b.png", None, False, tmp_path, 400)
    assert (photo.copy, photo.copy_size) == ("0001.png", (400, 200))
    assert not (tmp_path / "masks").exists()


@pytest.mark.parametrize("kind", ["transparent", "given", "found"])
def test_features_keep_to_the_object(tmp_path, kind):
    inside = disc((600, 600))
    image = torch.where(inside > 0, 0.2, 0.9).expand(3, -1, -1)
    image = torch.cat([image, inside[None]]) if kind == "transparent" else image
    save_image(image, tmp_path / "a.png")
    save_image(inside[None], tmp_path / "m.png")
    mask = tmp_path / "m.png" if kind == "given" else None
    photo = prepare_photo(tmp_path / "a.png", mask, kind == "found", tmp_path, 600)
    assert photo.masked
    kept = load_image(tmp_path / "masks" / f"{photo.copy}.png")[0] > 0.5
    assert not (kept & (inside == 0)).any()
    assert 0.9 < kept.sum() / inside.sum() < 1
    assert (photo.mask is None) == (kind == "transparent")
    if kind == "found":
        assert abs((load_image(photo.mask)[0] > 0.5).sum() / inside.sum() - 1) < 0.05


def test_what_cannot_be_used_is_refused(tmp_path):
    save_image(torch.rand(3, 8, 90), tmp_path / "tiny.png")
    save_image(torch.rand(3, 90, 90), tmp_path / "a.png")
    save_image(torch.ones(1, 40, 90), tmp_path / "m.png")
    save_image(torch.zeros(1, 90, 90), tmp_path / "black.png")
    save_image(torch.full((3, 90, 90), 0.5), tmp_path / "plain.png")
    for file, mask, words in (
        ("tiny.png", None, "at least 32 pixels"),
        ("a.png", "m.png", "is 90 x 40 pixels, but its picture is 90 x 90"),
        ("a.png", "black.png", "all black"),
        ("gone.png", None, "gone.png"),
    ):
        with pytest.raises(BadInput, match=words):
            prepare_photo(tmp_path / file, mask and tmp_path / mask, False, tmp_path, 100)
    with pytest.raises(BadInput, match="no object was found"):
        prepare_photo(tmp_path / "plain.png", None, True, tmp_path, 100)
