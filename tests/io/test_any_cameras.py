"""Every format is recognised and written, and gives the same cameras."""

import json

import pytest
import torch
from PIL import Image

from camera_scene import scene_views, silhouettes, write_scene
from maquette.io import BadInput, load_image, load_mask, read_any_cameras, write_cameras
from maquette.io.any_cameras_parse import known_cameras, parse_any_cameras
from maquette.io.camera_folder import write_camera_folder

KINDS = {"json": "cameras.json", "colmap": "COLMAP", "nerf": "transforms.json"}


@pytest.fixture
def source(tmp_path):
    """A scene with `cameras.json`."""
    folder = tmp_path / "source"
    write_cameras(write_scene(folder), folder / "cameras.json")
    return folder


@pytest.mark.parametrize("to", KINDS)
def test_a_scene_in_every_format_and_back(source, tmp_path, to):
    done = []
    written = write_camera_folder(parse_any_cameras(source), tmp_path / "new", to, watch=done.append)
    assert done == [1, 2, 3]
    assert known_cameras(tmp_path / "new").kind == KINDS[to]
    found = read_any_cameras(tmp_path / "new")
    assert found.up == "+Y"
    for new, told, old in zip(found.views, written.views, scene_views(), strict=True):
        for name in ("K", "R", "t"):
            assert torch.allclose(getattr(new, name), getattr(old, name), rtol=0, atol=1e-6)
        assert (new.image.resolve(), new.mask.resolve()) == (told.image.resolve(), told.mask.resolve())
    assert torch.equal(silhouettes(found.views), silhouettes(scene_views()))
    assert torch.equal(load_mask(found.views[1].mask)[0], silhouettes(scene_views())[1])
    assert found.views[0].image.read_bytes() == (source / "images" / "0.png").read_bytes()


def test_a_bent_scene_is_undone_in_its_pictures(source, tmp_path):
    write_camera_folder(parse_any_cameras(source), tmp_path / "bent", "colmap")
    path = tmp_path / "bent" / "sparse" / "0" / "cameras.txt"
    path.write_text(
        path.read_text().replace("PINHOLE", "OPENCV").replace("\n1 ", "\n1 ").rstrip() + " .1 0 0 0\n"
    )
    data = parse_any_cameras(tmp_path / "bent")
    assert [view.lens.model for view in data.views] == ["OPENCV"] * 3
    with pytest.raises(BadInput, match="bent by a lens"):
        read_any_cameras(tmp_path / "bent")
    aside = tmp_path / "aside"
    found = read_any_cameras(tmp_path / "bent", undistort_to=aside)
    assert all(view.image.parent == aside for view in found.views)
    written = write_camera_folder(data, tmp_path / "new", "nerf")
    for view, again in zip(found.views, written.views, strict=True):
        assert torch.equal(load_image(view.image), load_image(again.image))
        assert torch.equal(load_mask(view.mask), load_mask(again.mask))
    assert parse_any_cameras(tmp_path / "new").views[0].lens is None


def test_names_keep_their_folders_without_blanks(source, tmp_path):
    tree = json.loads((source / "cameras.json").read_text())
    for i, name in enumerate(("a b/1.png", "c/1.png")):
        (source / "images" / name).parent.mkdir()
        (source / "images" / f"{i}.png").rename(source / "images" / name)
        tree["views"][i]["image"] = f"images/{name}"
    (source / "cameras.json").write_text(json.dumps(tree))
    written = write_camera_folder(parse_any_cameras(source), tmp_path / "new", "colmap")
    names = [view.image.relative_to(tmp_path / "new" / "images").as_posix() for view in written.views]
    assert names == ["a_b/1.png", "c/1.png", "2.png"]
    assert len(read_any_cameras(tmp_path / "new").views) == 3


def test_turned_pictures_are_written_upright(source, tmp_path):
    path = source / "images" / "0.png"
    with Image.open(path) as picture:
        turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(path, exif=exif)
    written = write_camera_folder(parse_any_cameras(source), tmp_path / "new", "colmap")
    with Image.open(written.views[0].image) as picture:
        assert picture.size == (48, 36)
        assert picture.getexif().get(0x0112, 1) == 1


def test_a_view_without_a_picture_goes_into_cameras_json_only(source, tmp_path):
    tree = json.loads((source / "cameras.json").read_text())
    tree["views"][1]["image"] = None
    (source / "cameras.json").write_text(json.dumps(tree))
    data = parse_any_cameras(source)
    with pytest.raises(BadInput, match="view 1 has no picture, which nerf needs"):
        write_camera_folder(data, tmp_path / "new", "nerf")
    assert write_camera_folder(data, tmp_path / "new").views[1].image is None


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda f: (f / "cameras.json").write_text("{}"), "cameras.json"),
        (lambda f: (f / "transforms_test.json").write_text("{}"), "transforms.json"),
        (lambda f: (f / "x_par.txt").write_text("1"), "Middlebury"),
        (lambda f: (f / "pix3d.json").write_text("[]"), "Pix3D"),
        (lambda f: (f / "a.png").write_text(""), None),
    ],
)
def test_a_folder_is_recognised_by_its_files(tmp_path, make, kind):
    make(tmp_path)
    found = known_cameras(tmp_path)
    assert (found.kind if found else None) == kind
    if kind is None:
        with pytest.raises(BadInput, match="has no cameras"):
            parse_any_cameras(tmp_path)


def test_a_file_is_recognised_by_what_it_holds(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"frames": []}')
    assert known_cameras(path).kind == "transforms.json"
    path.write_text('{"maquette_cameras": 1, "frames": []}')
    assert known_cameras(path).kind == "cameras.json"
    assert known_cameras(tmp_path / "gone.json") is None
    with pytest.raises(BadInput, match="gone"):
        parse_any_cameras(tmp_path / "gone.json")
