"""Photographs of Pix3D: cameras of one mesh, and records that cannot be used."""

import json

import numpy as np
import pytest
import torch

from camera_scene import scene_views, write_scene
from maquette.io import BadInput, read_any_cameras
from maquette.io.errors import LeftOut


def pix3d(folder, *models):
    """A table of one photograph a mesh, of the scene's first camera."""
    write_scene(folder, 1)
    (view,) = scene_views(1)
    flip = np.diag([-1.0, -1, 1])
    rows = [
        {
            "img": "images/0.png", "mask": "masks/0.png.png", "model": model, "category": "chair",
            "img_size": [48, 36],
            "rot_mat": (flip @ view.R.numpy()).tolist(), "trans_mat": (flip @ view.t.numpy()).tolist(),
            "focal_length": 32 * 0.9, "bbox": [1, 1, 9, 9], "truncated": False, "occluded": False,
            "slightly_occluded": False,
        }
        for model in models
    ]  # fmt: skip
    (folder / "pix3d.json").write_text(json.dumps(rows))


def test_photographs_of_pix3d(tmp_path):
    pix3d(tmp_path / "one", "model/chair/a/model.obj")
    found = read_any_cameras(tmp_path / "one")
    (view,), (wanted,) = found.views, scene_views(1)
    assert torch.allclose(view.R, wanted.R, atol=1e-6)
    assert torch.allclose(view.t, wanted.t, atol=1e-6)
    assert view.K.tolist() == [[pytest.approx(43.2), 0, 24], [0, pytest.approx(43.2), 18], [0, 0, 1]]
    assert (found.up, view.mask.name) == ("+Y", "0.png.png")
    pix3d(tmp_path / "two", "model/chair/a/model.obj", "model/chair/b/model.obj")
    with pytest.raises(BadInput, match="has photographs of 2 shapes, such as model/chair/a"):
        read_any_cameras(tmp_path / "two")
    assert len(read_any_cameras(tmp_path / "two", shape="chair/b")) == 1
    with pytest.raises(BadInput, match="of no shape whose name contains 'table'"):
        read_any_cameras(tmp_path / "two", shape="table")


def spoil(folder, *numbers):
    rows = json.loads((folder / "pix3d.json").read_text())
    for number in numbers:
        rows[number]["focal_length"] = -1
    (folder / "pix3d.json").write_text(json.dumps(rows))


def test_bad_records_are_said_and_the_others_used(tmp_path):
    pix3d(tmp_path, *(f"model/chair/{name}/model.obj" for name in "abc"))
    spoil(tmp_path, 0, 2)
    with pytest.warns(LeftOut, match=r"pix3d\.json: picture 0: .*must be positive; and 1 more"):
        assert len(read_any_cameras(tmp_path, shape="chair/b")) == 1
    with pytest.warns(LeftOut), pytest.raises(BadInput, match="of no shape whose name contains 'chair/a'"):
        read_any_cameras(tmp_path, shape="chair/a")


def test_a_table_without_any_good_record_says_what_is_wrong(tmp_path):
    pix3d(tmp_path, "model/chair/a/model.obj")
    spoil(tmp_path, 0)
    with pytest.raises(BadInput, match=r"pix3d\.json: picture 0: .*must be positive"):
        read_any_cameras(tmp_path)
