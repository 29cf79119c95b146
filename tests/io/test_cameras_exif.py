"""COLMAP and NeRF count pixels as they are stored: pictures that EXIF turns do not fit their cameras."""

import pytest
from PIL import Image

from camera_scene import write_scene
from maquette.io import BadInput, write_cameras, write_colmap, write_transforms
from maquette.io.any_cameras_parse import parse_any_cameras

FORMATS = {
    "colmap": lambda cameras, folder: write_colmap(cameras, folder / "sparse" / "0", folder / "images"),
    "nerf": lambda cameras, folder: write_transforms(cameras, folder / "transforms.json"),
}


def mark(path, orientation):
    """Store the same pixels, to be turned when they are shown."""
    with Image.open(path) as picture:
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(path, exif=exif)


@pytest.mark.parametrize("kind", ["image", "mask"])
@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("orientation", range(10))
def test_pictures_that_exif_turns_are_refused(tmp_path, to, orientation, kind):
    cameras = write_scene(tmp_path)
    FORMATS[to](cameras, tmp_path)
    file = getattr(cameras.views[1], kind)
    mark(file, orientation)
    if orientation in range(2, 9):
        with pytest.raises(BadInput, match=rf"EXIF turns it \(orientation {orientation}\)") as caught:
            parse_any_cameras(tmp_path)
        assert caught.value.path == str(file)
        assert "\n" not in str(caught.value)
    else:
        assert len(parse_any_cameras(tmp_path).views) == 3


def test_those_of_nerf_without_a_size_too(tmp_path):
    cameras = write_scene(tmp_path)
    write_transforms(cameras, tmp_path / "transforms.json")
    text = (tmp_path / "transforms.json").read_text()
    (tmp_path / "transforms.json").write_text(text.replace('"w": 48', '"w": null'))
    assert parse_any_cameras(tmp_path).views[0].width == 48
    mark(cameras.views[0].image, 3)
    with pytest.raises(BadInput, match="EXIF turns it"):
        parse_any_cameras(tmp_path)


def test_cameras_json_is_of_upright_pictures(tmp_path):
    cameras = write_scene(tmp_path)
    write_cameras(cameras, tmp_path / "cameras.json")
    mark(cameras.views[1].image, 3)
    assert len(parse_any_cameras(tmp_path).views) == 3
