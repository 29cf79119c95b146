"""Where masks come from, and what is refused."""

import json
from dataclasses import replace

import pytest
import torch

from maquette.io import BadInput, CameraFile, CameraView, save_image, write_cameras
from maquette.io.errors import LeftOut
from maquette.systems.molding.pictures import load_pictures, picture_mesh, plain_background_mask

from .scenes import ellipsoid, views_of, write_folder

HEIGHT, WIDTH = 12, 16


def square(top: int, left: int, size: int = 4) -> torch.Tensor:
    mask = torch.zeros(HEIGHT, WIDTH)
    mask[top : top + size, left : left + size] = 1
    return mask


def picture(mask: torch.Tensor, background: float = 0.0, colour: float = 0.8) -> torch.Tensor:
    return torch.where(mask > 0, colour, background).expand(3, -1, -1).contiguous()


def view(folder, image=None, mask=None, size=(HEIGHT, WIDTH)) -> CameraView:
    K = torch.tensor([[20.0, 0, size[1] / 2], [0, 20.0, size[0] / 2], [0, 0, 1]], dtype=torch.float64)
    R, t = torch.eye(3, dtype=torch.float64), torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
    files = [None if name is None else folder / name for name in (image, mask)]
    return CameraView(*files, width=size[1], height=size[0], K=K, R=R, t=t)


def load_one(folder, image=None, mask=None):
    write_cameras(CameraFile((view(folder, image, mask),)), folder / "cameras.json")
    return load_pictures(folder)


def test_a_mask_file_wins_over_transparency_and_background(tmp_path):
    rgba = torch.cat((picture(square(1, 1)), square(2, 2)[None]))
    save_image(rgba, tmp_path / "a.png")
    save_image(square(6, 6), tmp_path / "m.png")
    found = load_one(tmp_path, "a.png", "m.png")
    assert torch.equal(found.masks[0], square(6, 6))
    torch.testing.assert_close(found.images[0], rgba[:3], atol=1 / 255, rtol=0)


def test_transparency_wins_over_the_background(tmp_path):
    save_image(torch.cat((picture(square(1, 1)), square(2, 2)[None])), tmp_path / "a.png")
    assert torch.equal(load_one(tmp_path, "a.png").masks[0], square(2, 2))


def test_an_opaque_alpha_channel_says_nothing(tmp_path):
    save_image(torch.cat((picture(square(1, 1)), torch.ones(1, HEIGHT, WIDTH))), tmp_path / "a.png")
    assert torch.equal(load_one(tmp_path, "a.png").masks[0], square(1, 1))


@pytest.mark.parametrize("background", [0.0, 0.4, 1.0])
def test_what_stands_out_from_a_plain_background(tmp_path, background):
    save_image(picture(square(5, 3), background), tmp_path / "a.png")
    assert torch.equal(load_one(tmp_path, "a.png").masks[0], square(5, 3))


def test_a_grey_picture(tmp_path):
    save_image(picture(square(5, 3))[:1], tmp_path / "a.png")
    found = load_one(tmp_path, "a.png")
    assert found.images.shape == (1, 3, HEIGHT, WIDTH)
    assert torch.equal(found.masks[0], square(5, 3))


def test_masks_alone_have_no_colours(tmp_path):
    save_image(square(5, 3), tmp_path / "m.png")
    found = load_one(tmp_path, mask="m.png")
    assert found.images is None
    assert found.names == ("m.png",)
    assert found.choose([0]).images is None


def test_plain_background_takes_the_largest_piece_and_fills_holes():
    mask = square(2, 2, 6)
    mask[4:6, 4:6] = 0
    speck = mask.clone()
    speck[10, 13:15] = 1
    found = plain_background_mask(picture(speck))
    assert torch.equal(found.float(), square(2, 2, 6))


def test_plain_background_ignores_small_differences():
    image = picture(square(2, 2), background=0.5, colour=0.7)
    image[1, 8:, 8:] += 0.09
    assert torch.equal(plain_background_mask(image).float(), square(2, 2))


def test_no_plain_background():
    colourful = torch.rand(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    assert plain_background_mask(colourful) is None
    assert plain_background_mask(torch.full((3, HEIGHT, WIDTH), 0.3)) is None


def refused(folder, match, **files):
    with pytest.raises(BadInput, match=match) as caught:
        load_one(folder, **files)
    assert "\n" not in str(caught.value)


def test_refuses_a_picture_without_an_object(tmp_path):
    save_image(torch.full((3, HEIGHT, WIDTH), 0.3), tmp_path / "a.png")
    refused(tmp_path, r"a\.png: has no mask, and no object was found in it", image="a.png")


def test_refuses_an_all_black_mask(tmp_path):
    save_image(torch.zeros(HEIGHT, WIDTH), tmp_path / "m.png")
    refused(tmp_path, r"m\.png: the mask is all black", mask="m.png")


def test_refuses_a_wholly_transparent_picture(tmp_path):
    save_image(torch.zeros(4, HEIGHT, WIDTH), tmp_path / "a.png")
    refused(tmp_path, r"a\.png: its mask is empty", image="a.png")


def test_refuses_a_view_with_neither_picture_nor_mask(tmp_path):
    refused(tmp_path, "cameras.json: view 0: has neither a picture nor a mask")


def test_refuses_a_missing_camera_file_picture_and_mask(tmp_path):
    with pytest.raises(BadInput, match=r"cameras\.json"):
        load_pictures(tmp_path)
    refused(tmp_path, r"a\.png", image="a.png")
    refused(tmp_path, r"m\.png", mask="m.png")


def test_refuses_no_views(tmp_path):
    tree = {"maquette_cameras": 1, "convention": "opencv", "views": []}
    (tmp_path / "cameras.json").write_text(json.dumps(tree))
    with pytest.raises(BadInput, match="views: must not be empty"):
        load_pictures(tmp_path)


def test_refuses_a_mask_of_another_size_than_its_view(tmp_path):
    save_image(picture(square(1, 1)), tmp_path / "a.png")
    save_image(torch.ones(5, 5), tmp_path / "m.png")
    refused(tmp_path, r"m\.png: is 5 x 5 pixels, but its view says 16 x 12", image="a.png", mask="m.png")


def mixed(folder, second: torch.Tensor) -> None:
    """A view, and one of another size."""
    for name, mask in (("m", square(3, 5)), ("n", second)):
        save_image(picture(mask), folder / f"{name}.png")
    views = (view(folder, "m.png"), view(folder, "n.png", size=second.shape))
    write_cameras(CameraFile(views), folder / "cameras.json")


def test_views_of_different_sizes_are_laid_on_canvases_of_one(tmp_path):
    mask = torch.zeros(8, 6)
    mask[2:5, 2:4] = 1
    mixed(tmp_path, mask)
    found = load_pictures(tmp_path)
    assert found.masks.shape == (2, 16, 16)
    assert found.images.shape == (2, 3, 16, 16)
    assert torch.equal(found.masks[0, :12], square(3, 5))
    assert not found.masks[0, 12:].any()
    large = torch.zeros(16, 16)
    large[4:10, 4:8] = 1
    assert torch.equal(found.masks[1], large)  # twice as large
    place = torch.tensor([[0.0, 0.0, 1.0]])
    middles = found.cameras.transform_points_screen(place, image_size=((16, 16),))[:, 0, :2]
    torch.testing.assert_close(middles, torch.tensor([[8.0, 6.0], [6.0, 8.0]]))


def test_refuses_a_part_of_the_object_among_views_of_different_sizes(tmp_path):
    mask = torch.zeros(8, 6)
    mask[2:5, 2:6] = 1
    mixed(tmp_path, mask)
    with pytest.raises(BadInput, match=r"view 1: shows a part of the object alone; views of different sizes"):
        load_pictures(tmp_path)


def test_a_folder_is_what_was_rendered_into_it(tmp_path):
    mesh, cameras = ellipsoid(), views_of(3)
    views = write_folder(tmp_path, mesh, cameras, (24, 32))
    bounds = ((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
    write_cameras(CameraFile(views, bounds, "+Z"), tmp_path / "cameras.json")
    found = load_pictures(tmp_path)
    assert (found.up, found.bounds) == ("+Z", bounds)
    assert found.names == ("00.png", "01.png", "02.png")
    points = mesh.verts_packed()
    torch.testing.assert_close(
        found.cameras.transform_points_screen(points, image_size=((24, 32),))[..., :2],
        cameras.transform_points_screen(points, image_size=((24, 32),))[..., :2],
        atol=1e-4,
        rtol=1e-5,
    )
    again = picture_mesh(mesh, cameras, 24)
    torch.testing.assert_close(again.masks, found.masks[:, :, 4:28])
    some = found.choose([2, 0])
    assert some.names == ("02.png", "00.png")
    assert len(some) == len(some.cameras) == 2
    assert torch.equal(some.masks[1], found.masks[0])
    assert torch.equal(some.images[0], found.images[2])
    assert torch.equal(some.cameras.T, found.cameras.T[[2, 0]])


def test_one_view_without_picture_leaves_no_colours(tmp_path):
    views = write_folder(tmp_path, ellipsoid(2), views_of(2), (16, 16))
    write_cameras(CameraFile((views[0], replace(views[1], image=None))), tmp_path / "cameras.json")
    assert load_pictures(tmp_path).images is None


@pytest.mark.parametrize("source", ["mask", "alpha"])
def test_specks_far_from_the_object_do_not_count(tmp_path, source):
    """As everywhere else: one white pixel in a corner would be molded to."""
    wanted = torch.zeros(80, 80)
    wanted[20:50, 20:50] = 1
    speck = wanted.clone()
    speck[76, 76] = 1
    save_image(speck[None], tmp_path / "m.png")
    save_image(torch.cat((picture(wanted), speck[None])), tmp_path / "a.png")
    mask = "m.png" if source == "mask" else None
    write_cameras(CameraFile((view(tmp_path, "a.png", mask, (80, 80)),)), tmp_path / "cameras.json")
    with pytest.warns(LeftOut, match=r"(m|a)\.png: 1 specks of the mask, 1 pixels far from the object"):
        found = load_pictures(tmp_path).masks[0]
    assert torch.equal(found, wanted)
