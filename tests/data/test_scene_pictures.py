"""Photographs whose records or files cannot be used are named, never trained on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from maquette.data.make.jobs import jobs_of_families
from maquette.data.make.pix3d import ScenesMakeConfig, make_pix3d
from maquette.data.pix3d import read_pix3d
from maquette.data.scene_pictures import ScenePictures
from maquette.data.scenes_config import ScenesConfig
from maquette.io.errors import BadInput

SCENES = ScenesConfig(classes=("chair",), shorter=(32,), held=32, longest=48)
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "set"
    make_pix3d(jobs_of_families(1, 0, ("chair",)), root, ScenesMakeConfig(views=3, size=48))
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "set")


def change(root: Path, how: Change, count: int = 1) -> dict[str, Any]:
    """Change the first records of the table, and give the first of them."""
    rows: list[dict[str, Any]] = json.loads((root / "pix3d.json").read_text())
    for row in rows[:count]:
        how(row)
    (root / "pix3d.json").write_text(json.dumps(rows))
    return rows[0]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (lambda row: row.pop("voxel", None), "its record names no voxels"),
        (lambda row: row.update(voxel=None), "its record names no voxels"),
        (lambda row: row.update(voxel="model/gone.mat"), r"model/gone\.mat is missing"),
    ],
)
def test_photographs_without_voxels_are_left_out(root: Path, how: Change, reason: str) -> None:
    change(root, how)
    source = ScenePictures(read_pix3d(root), SCENES)
    assert [entry.id for entry in source.entries] == ["img/chair/000001.png", "img/chair/000002.png"]
    assert [problem.path for problem in source.problems] == ["img/chair/000000.png"]
    change(root, how, count=3)
    with pytest.raises(BadInput, match=f"no photograph of chair that can be used; {reason}"):
        ScenePictures(read_pix3d(root), SCENES)


@pytest.mark.parametrize("translation", [[0, 0, -2], [0, 0, 0.1]])
def test_an_object_that_is_not_before_the_camera_is_refused(root: Path, translation: list[float]) -> None:
    change(root, lambda row: row.update(trans_mat=translation))
    with pytest.raises(BadInput, match=r"000000\.png: its object lies behind the camera"):
        ScenePictures(read_pix3d(root), SCENES).held_batch([0], 1)


def test_sizes_that_do_not_agree_are_told_apart(root: Path) -> None:
    row = change(root, lambda row: None)
    with Image.open(root / row["img"]) as picture:
        width, height = picture.size
        other = picture.resize((width + 4, height))
    source = ScenePictures(read_pix3d(root), SCENES)
    Image.new("L", other.size, 255).save(root / row["mask"])
    with pytest.raises(BadInput, match=r"mask/chair/000000\.png: is not of the size of its picture"):
        source.held_batch([0], 1)
    other.save(root / row["img"])
    message = rf"img/chair/000000\.png: has {width + 4} x {height} pixels, not {width} x {height} as pix3d"
    with pytest.raises(BadInput, match=message):
        source.held_batch([0], 1)


def test_a_model_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ScenePictures(read_pix3d(root), SCENES)
    before = source.held_batch([0, 1], 1)
    monkeypatch.setattr("maquette.data.scene_pictures.read_voxel_cells", None)
    monkeypatch.setattr("maquette.data.scene_pictures.ScenePictures._mesh", None)
    again = source.held_batch([0, 1], 1)
    for mine, theirs in zip(again.truth.objects, before.truth.objects, strict=True):
        assert torch.equal(mine.points[0], theirs.points[0])
        assert torch.equal(mine.meshes.verts_packed(), theirs.meshes.verts_packed())
