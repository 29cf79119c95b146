"""What is molded from comes from a folder with cameras in any known format."""

import pytest
import torch

from camera_scene import write_scene
from maquette.io import BadInput, cameras_from_views, write_cameras, write_colmap, write_transforms
from maquette.systems.molding.folder import check_folder
from maquette.systems.molding.pictures import load_pictures


@pytest.fixture
def scene(tmp_path):
    """Pictures and masks of a scene, with its cameras."""
    return write_scene(tmp_path), tmp_path


def in_json(cameras, folder):
    write_cameras(cameras, folder / "cameras.json")


def in_colmap(cameras, folder):
    write_colmap(cameras, folder / "sparse" / "0", folder / "images")


def in_transforms(cameras, folder):
    write_transforms(cameras, folder / "transforms.json")


@pytest.mark.parametrize("write", [in_json, in_colmap, in_transforms])
def test_the_same_pictures_from_every_format(scene, write):
    cameras, folder = scene
    write(cameras, folder)
    check_folder(folder)
    found = load_pictures(folder)
    assert found.names == ("0.png", "1.png", "2.png")
    assert found.up == "+Y"
    assert found.masks.shape == (3, 36, 48)
    points = torch.randn(1, 20, 3, generator=torch.Generator().manual_seed(0)) * 0.3
    wanted = cameras_from_views(cameras.views).transform_points(points.expand(3, -1, -1))
    assert torch.allclose(found.cameras.transform_points(points.expand(3, -1, -1)), wanted, atol=1e-5)


def test_a_lens_is_undone(scene):
    cameras, folder = scene
    in_colmap(cameras, folder)
    straight = load_pictures(folder).masks
    path = folder / "sparse" / "0" / "cameras.txt"
    path.write_text(path.read_text().replace("PINHOLE", "OPENCV").rstrip() + " 3.0 0 0 0\n")
    check_folder(folder)
    bent = load_pictures(folder).masks
    assert 0 < (bent != straight).sum() < 0.5 * straight.sum()
    assert bent.sum() < straight.sum(), "a positive k1 draws things larger than they are"


def test_a_folder_without_cameras_is_refused(tmp_path):
    for read in (check_folder, load_pictures):
        with pytest.raises(BadInput, match=r"has no cameras \(cameras\.json, "):
            read(tmp_path)
