"""Files, arrays and tensors become views; transparency becomes masks."""

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.io import BadInput, save_image
from maquette.structures.views import Views
from maquette.systems.pictures import as_views


def test_one_picture_in_many_forms(tmp_path) -> None:
    image = torch.rand(3, 6, 8).mul(255).round() / 255
    path = tmp_path / "a.png"
    save_image(image, path)
    bytes_ = (image * 255).round().byte().permute(1, 2, 0).numpy()
    floats = image.permute(1, 2, 0).double().numpy()
    for given in (path, str(path), [path], bytes_, floats, image, [image], image[None], (bytes_,), path.as_uri(),
                  path.read_bytes(), Image.open(path), [Image.open(path)], Image.open(path).convert("RGBA"),
                  bytes_.transpose(2, 0, 1), bytes_.astype(np.int64), torch.from_numpy(bytes_)):  # fmt: skip
        views = as_views(given)
        assert len(views) == 1
        torch.testing.assert_close(views.images[0], image, rtol=0, atol=1e-6)
        assert not views.has_masks
    assert as_views(path).names == [str(path)]
    assert as_views(views) is views


def test_grey_arrays_and_sixteen_bits() -> None:
    grey = np.linspace(0, 65535, 20).reshape(4, 5).astype(np.uint16)
    for given in (grey, [grey], grey[..., None], grey / 65535):
        views = as_views(given)
        assert views.images[0].shape == (3, 4, 5)
        torch.testing.assert_close(views.images[0][1], torch.from_numpy(grey / 65535).float())


def test_several_pictures_of_any_size() -> None:
    views = as_views([torch.rand(3, 5, 6), np.zeros((7, 8), np.uint8), torch.rand(1, 9, 9)])
    assert [tuple(image.shape) for image in views.images] == [(3, 5, 6), (3, 7, 8), (3, 9, 9)]


def test_transparency_is_the_mask(tmp_path) -> None:
    picture = torch.rand(4, 5, 5)
    picture[3] = 0
    with pytest.raises(BadInput, match="transparent everywhere"):
        as_views(picture)
    picture[3, 2:] = 1
    views = as_views([picture, torch.rand(3, 5, 5), torch.ones(4, 5, 5)])
    assert views.masks is not None
    assert torch.equal(views.masks[0], picture[3:])
    assert torch.equal(views.images[0][:, 2:], picture[:3, 2:])
    assert torch.equal(views.images[0][:, :2], torch.ones(3, 2, 5))
    assert views.masks[1] is None
    assert views.masks[2] is None


def test_views_of_any_float_are_computed_in_one() -> None:
    views = Views([torch.rand(3, 4, 5, dtype=torch.float64), torch.rand(3, 4, 5).half()])
    assert {image.dtype for image in as_views(views).images} == {torch.float32}


def test_a_stray_transparent_pixel_is_no_mask() -> None:
    picture = torch.ones(4, 5, 5)
    picture[3, 0, 0] = 0.98
    assert not as_views(picture).has_masks
    picture[3] = 0.4
    with pytest.raises(BadInput, match="mine: the picture is transparent everywhere"):
        as_views([picture], names=["mine"])


def test_what_is_not_a_picture(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(BadInput, match="not a picture"):
        as_views(tmp_path / "a.png")
    with pytest.raises(ValueError, match="channels"):
        as_views(torch.rand(2, 5, 5))
    with pytest.raises(ValueError, match="at least one picture"):
        as_views([])
    with pytest.raises(ValueError, match="got int"):
        as_views([3])
    assert isinstance(as_views([torch.rand(3, 2, 2)]), Views)
