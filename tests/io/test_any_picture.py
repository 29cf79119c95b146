"""Whatever a person has as a picture or a mask becomes a tensor, or is refused by name."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.io import BadInput
from maquette.io.any_picture import mask_tensor, picture_tensor

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
FLOATS = torch.from_numpy(RGB).permute(2, 0, 1) / 255


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "HSV"]
)
def test_pillow_pictures_of_every_mode(mode: str) -> None:
    grey = Image.fromarray(RGB).convert("L")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "I":
        picture = Image.fromarray(np.asarray(grey).astype(np.int32) * 257)
    elif mode == "F":
        picture = Image.fromarray(np.asarray(grey, np.float32) / 255)
    else:
        picture = Image.fromarray(RGB).convert(mode)
    made = picture_tensor(picture)
    assert made.dtype == torch.float32
    assert made.shape[1:] == (6, 8)
    assert made.shape[0] == (
        4 if mode in ("LA", "RGBA") else 3 if mode in ("P", "RGB", "CMYK", "YCbCr", "HSV") else 1
    )
    if mode in ("L", "I;16", "I", "F"):
        torch.testing.assert_close(made[0], torch.from_numpy(np.asarray(grey) / np.float32(255)))


def test_a_pillow_picture_is_turned_as_its_file_is(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(tmp_path / "turned.png", exif=exif)
    from_file = picture_tensor(tmp_path / "turned.png")
    assert from_file.shape == (3, 8, 6)
    assert torch.equal(picture_tensor(Image.open(tmp_path / "turned.png")), from_file)


def test_arrays_have_channels_last_and_tensors_first_where_both_are_possible() -> None:
    square = torch.rand(3, 3, 3)
    assert torch.equal(picture_tensor(square), square)
    assert torch.equal(picture_tensor(square.numpy()), square.permute(2, 0, 1))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("https://example.org/a.png", "is an address; download the picture first"),
        ("s3://bucket/a.png", "is an address"),
        ("data:image/png;base64,iVBO", "is an address"),
        ("file://elsewhere/a.png", "is on another machine"),
        (b"no picture", "the picture: not a picture in a known format"),
    ],
)
def test_what_cannot_be_read(given: object, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        picture_tensor(given)


def test_a_file_that_ends_early() -> None:
    with BytesIO() as file:
        Image.fromarray(np.repeat(np.repeat(RGB, 50, 0), 50, 1)).save(file, "JPEG")
        broken = file.getvalue()[:-2000]
    with pytest.raises(BadInput, match="mine: the picture cannot be decoded"):
        picture_tensor(Image.open(BytesIO(broken)), "mine")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (3, "mine must be a file, its bytes, a Pillow picture, an array or a tensor, got int"),
        (RGB.astype(np.float32), "mine must lie in .0, 1., got values from .* divide it by 255"),
        (RGB.astype(np.int32) * 2, "mine must lie in"),
        (np.array(["a"]), "must hold numbers"),
        (torch.zeros(2, 5, 5), "1, 3 or 4 channels"),
        (torch.full((3, 4, 4), torch.nan), "values from nan"),
    ],
)
def test_what_is_no_picture(given: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        picture_tensor(given, "mine")


def test_soft_masks_stay_soft_and_empty_ones_are_told_by_their_users() -> None:
    soft = torch.tensor([[[0.25, 0.75]]])
    assert torch.equal(mask_tensor(soft), soft)
    assert torch.equal(mask_tensor(torch.tensor([[[0.0, 0.25]]])), torch.tensor([[[0.0, 1.0]]]))
    with pytest.raises(BadInput, match="the mask is all black"):
        mask_tensor(Image.new("L", (4, 4)))
    assert not mask_tensor(torch.zeros(4, 4)).any()


def test_transparency_is_a_mask() -> None:
    picture = np.zeros((4, 5, 4), np.uint8)
    picture[1:3, 1:4, 3] = 255
    assert int(mask_tensor(picture).sum()) == 6
