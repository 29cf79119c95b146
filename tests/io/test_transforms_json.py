"""`transforms.json`: round trips, conventions by hand, lenses, bad files."""

import json
import math

import numpy as np
import pytest
import torch

from camera_scene import scene_views, silhouettes, write_scene
from maquette.io import BadInput, CameraFile, read_any_cameras, save_image, write_transforms
from maquette.io.transforms_parse import parse_transforms


def test_round_trip_and_silhouettes(tmp_path):
    cameras = write_scene(tmp_path)
    write_transforms(cameras, tmp_path / "transforms.json")
    found = read_any_cameras(tmp_path)
    assert found.up == "+Y"
    for new, old in zip(found.views, cameras.views, strict=True):
        for name in ("K", "R", "t"):
            assert torch.allclose(getattr(new, name), getattr(old, name), rtol=0, atol=1e-6)
        assert (new.image.resolve(), new.mask.resolve()) == (old.image.resolve(), old.mask.resolve())
    assert torch.equal(silhouettes(found.views), silhouettes(scene_views()))


def test_views_of_different_cameras_keep_their_own(tmp_path):
    cameras = write_scene(tmp_path)
    cameras.views[1].K[0, 0] += 3
    write_transforms(cameras, tmp_path / "transforms.json")
    tree = json.loads((tmp_path / "transforms.json").read_text())
    assert ("fl_x" in tree, "fl_x" in tree["frames"][1]) == (False, True)
    assert read_any_cameras(tmp_path).views[1].K[0, 0] == cameras.views[1].K[0, 0]


@pytest.fixture
def folder(tmp_path):
    """One view by hand: a camera two units up the z axis that looks down it, y up in the picture."""
    (tmp_path / "train").mkdir()
    save_image(torch.ones(3, 6, 8), tmp_path / "train" / "one.png")
    save_image(torch.ones(1, 6, 8), tmp_path / "mask.png")
    return tmp_path


def write(folder, frame=None, name="transforms.json", **top):
    pose = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]
    entry = {"file_path": "./train/one", "transform_matrix": pose, "rotation": 0.1} | (frame or {})
    path = folder / name
    tree = {"camera_angle_x": math.pi / 2, "frames": [entry]} | top
    path.write_text(json.dumps({key: value for key, value in tree.items() if value is not None}))
    return path


@pytest.mark.parametrize("name", ["transforms.json", "transforms_train.json"])
def test_a_file_of_nerf(folder, name):
    write(folder, name=name)
    found = read_any_cameras(folder)
    (view,) = found.views
    assert view.K.tolist() == [[pytest.approx(4), 0, 4], [0, pytest.approx(4), 3], [0, 0, 1]]
    point = view.R @ torch.tensor([0.5, 1.0, 0.0], dtype=torch.float64) + view.t
    assert point.tolist() == [0.5, -1.0, 2.0]
    assert (found.up, view.image, view.mask) == ("+Z", folder / "train" / "one.png", None)


def test_numbers_of_a_frame_go_first_and_a_mask_is_found(folder):
    frame = {"fl_x": 5, "fl_y": 6, "cx": 3.5, "cy": 2.5, "mask_path": "mask.png"}
    (view,) = parse_transforms(write(folder, frame, fl_x=9, w=8, h=6)).views
    assert view.K.tolist() == [[5, 0, 3.5], [0, 6, 2.5], [0, 0, 1]]
    assert (view.mask, view.lens) == (folder / "mask.png", None)


def test_the_training_file_goes_before_others(folder):
    write(folder, name="transforms_test.json")
    write(folder, name="transforms_train.json", camera_angle_x=1.0)
    assert read_any_cameras(folder).views[0].K[0, 0] == pytest.approx(4 / math.tan(0.5))


def test_lenses(folder):
    (view,) = parse_transforms(write(folder, k1=0.1, k2=-0.02, p1=0.003, p2=0.004, k3=0.005)).views
    points = np.array([[0.3, -0.2]])
    r2 = 0.13
    radial = 1 + 0.1 * r2 - 0.02 * r2**2 + 0.005 * r2**3
    x = 0.3 * radial + 2 * 0.003 * 0.3 * -0.2 + 0.004 * (r2 + 2 * 0.09)
    assert view.lens.distort(points)[0, 0] == pytest.approx(x, abs=1e-12)
    for top in ({"camera_model": "OPENCV_FISHEYE"}, {"is_fisheye": True}):
        (view,) = parse_transforms(write(folder, k1=0.1, k4=0.2, **top)).views
        assert (view.lens.model, view.lens.numbers) == ("OPENCV_FISHEYE", (0.1, 0.0, 0.0, 0.2))
    with pytest.raises(BadInput, match="bent by a lens"):
        read_any_cameras(folder)


BAD_POSE = [[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("frame", "top", "words"),
    [
        ({}, {"frames": []}, "frames: must be a list"),
        ({}, {"frames": 3}, "frames: must be a list"),
        ({}, {"frames": [3]}, "frames[0] must be an object"),
        ({}, {"camera_angle_x": None}, "frames[0]: has no focal length"),
        ({}, {"camera_angle_x": 4}, "between 0 and pi"),
        ({}, {"camera_angle_x": "wide"}, "camera_angle_x must be a number"),
        ({}, {"fl_x": -1}, "positive focal lengths"),
        ({}, {"w": 7, "h": 6}, "one.png: is 8 x 6 pixels, but its view says 7 x 6"),
        ({}, {"w": 7.5, "h": 6}, "frames[0].w: must be a whole number"),
        ({}, {"w": 1e12, "h": 6}, "frames[0].w: must lie in"),
        ({}, {"camera_model": "EQUIRECTANGULAR"}, "EQUIRECTANGULAR is no camera model that is known"),
        ({}, {"k1": 0.1, "k4": 0.2}, "frames[0].k4: goes with OPENCV_FISHEYE only"),
        ({"transform_matrix": BAD_POSE}, {}, "frames[0].transform_matrix: does not hold a rotation"),
        ({"transform_matrix": BAD_POSE[:2]}, {}, "must have 3 or 4 rows"),
        ({"transform_matrix": "I"}, {}, "frames[0].transform_matrix must be a list"),
        ({"file_path": ""}, {}, "frames[0].file_path: must be a file name"),
        ({"file_path": "gone"}, {}, "gone"),
        ({"file_path": "../outside"}, {}, "outside"),
        ({"mask_path": "gone.png"}, {}, "gone.png"),
    ],
)
def test_bad_files(folder, frame, top, words):
    write(folder, frame, **top)
    with pytest.raises(BadInput) as caught:
        parse_transforms(folder / "transforms.json")
    assert words in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_view_without_a_picture_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="view 0 has no picture"):
        write_transforms(CameraFile(scene_views()), tmp_path / "transforms.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("up", "axis"),
    [([0, 0.99, 0.1], "+Y"), ([0, -3, 0.5], "-Y"), ([1, 0, 0], "+X"), ([0, 0, 1.0], "+Z"), (None, "+Z")],
)
def test_up_is_the_nearest_axis(folder, up, axis):
    assert parse_transforms(write(folder, up=up)).up == axis


@pytest.mark.parametrize(
    ("up", "words"),
    [
        ([0, 1, 1], r"up: \[0, 1, 1\] is not near an axis"),
        ([0, 0, 0], "is not near an axis"),
        ([0, 1e300, 1e300], "is not near an axis"),
        ([0, 1], "up must have 3 entries"),
        ("+Y", "up must be a list"),
        ([0, "1", 0], r"up\[1\] must be a number"),
    ],
)
def test_an_up_between_axes_is_refused(folder, up, words):
    with pytest.raises(BadInput, match=words):
        parse_transforms(write(folder, up=up))
