"""Data sets made in Pix3D's layout: read back to what they were made of, lists, going on, bad meshes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.data.families import make
from maquette.data.make.jobs import jobs_of_families, jobs_of_folder
from maquette.data.make.pix3d import ScenesMakeConfig, make_pix3d
from maquette.data.make.pix3d_lists import held_out
from maquette.data.open import DataPlace, open_source
from maquette.data.pix3d import AXES, read_pix3d
from maquette.data.pix3d_voxels import read_voxel_points
from maquette.data.scene_pictures import ScenePictures
from maquette.data.scenes_config import ScenesConfig
from maquette.io.errors import BadInput
from maquette.lift.marked import from_there, pixel_camera
from maquette.ops import voxelize
from maquette.renderer.views import render_views

KINDS = ("chair", "sofa")
CONFIG = ScenesMakeConfig(views=2, size=128)
SCENES = ScenesConfig(classes=("bed", "chair", "sofa"), shorter=(96,), held=96, longest=128)
FIELDS = {
    *(
        "img",
        "category",
        "img_size",
        "2d_keypoints",
        "mask",
        "img_source",
        "model",
        "model_raw",
        "model_source",
    ),
    *("3d_keypoints", "voxel", "rot_mat", "trans_mat", "focal_length", "cam_position", "inplane_rotation"),
    *("truncated", "occluded", "slightly_occluded", "bbox"),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "set"
    make_pix3d(jobs_of_families(4, 3, KINDS), root, CONFIG, threads=2)
    return root


def content(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_the_reader_gives_back_what_it_was_made_of(root: Path) -> None:
    data = read_pix3d(root)
    assert not data.problems
    assert len(data) == 8
    rows = json.loads((root / "pix3d.json").read_text())
    assert all(row.keys() == FIELDS for row in rows)
    for index, row in enumerate(rows):
        name, number = data.entries[index].family.rpartition("/")[2].rsplit("-", 1)
        own = make(name, int(number)).mesh.verts_packed()
        shape = data.models.shape(data.model(index))
        assert (shape.mesh.verts_packed() - own).abs().max() < 1e-5
        file = own @ torch.from_numpy(AXES.turn()).T
        file = (file * 0.5 / file.norm(dim=1).max()).double().numpy()
        seen = file @ np.array(row["rot_mat"]).T + row["trans_mat"]
        width, height = row["img_size"]
        expected = (
            np.array([width, height]) / 2 - row["focal_length"] / 32 * width * seen[:, :2] / seen[:, 2:]
        )
        camera = data.camera(index, shape)
        pixels = camera.transform_points_screen(shape.mesh.verts_packed(), image_size=((height, width),))
        assert np.abs(pixels[:, :2].numpy() - expected).max() < 1e-5 * 640
        left, top, right, bottom = row["bbox"]
        assert np.abs(expected.min(0) - [left, top]).max() < 2.5  # thin legs cover less than half of a pixel
        assert np.abs(expected.max(0) - [right, bottom]).max() < 2.5
        assert np.allclose(np.array(row["rot_mat"]) @ row["cam_position"] + row["trans_mat"], 0, atol=1e-9)


def test_masks_show_the_mesh_and_voxels_are_its_own(root: Path) -> None:
    data = read_pix3d(root)
    source = ScenePictures(data, SCENES)
    batch = source.held_batch(range(8), 1)
    for index, found in enumerate(batch.truth.objects):
        camera = pixel_camera(found.camera, found.size)
        mask = render_views(found.meshes, camera, found.size).masks[0]
        assert (mask & found.masks[0]).sum() / (
            mask | found.masks[0]
        ).sum() > 0.8  # legs are as thin as pixels
        assert found.labels.tolist() == [1 + SCENES.classes.index(source.entries[index].category)]
        verts = found.meshes.verts_packed()
        assert (found.points[0].amin(0) - verts.amin(0)).abs().max() < 0.04
        assert (found.points[0].amax(0) - verts.amax(0)).abs().max() < 0.04
        height, width = found.size
        assert max(height, width) <= 128
        assert not batch.images[index, 0, :, height:].any()
        assert not batch.images[index, 0, :, :, width:].any()
        assert from_there([found.meshes], found.camera, found.size).shape == (3, height, width)
    shape = data.models.shape(0).mesh
    solid = voxelize(shape, 64, 2 * float(shape.verts_packed().abs().max())).solid()
    assert len(read_voxel_points(root / data.records[0].voxel)) == int(solid.sum())


def test_lists_hold_out_pictures_or_models(root: Path) -> None:
    rows = json.loads((root / "pix3d.json").read_text())
    for name in ("s1", "s2"):
        lists = {
            split: json.loads((root / f"pix3d_{name}_{split}.json").read_text())
            for split in ("train", "test")
        }
        files = {split: [image["file_name"] for image in found["images"]] for split, found in lists.items()}
        assert sorted(files["train"] + files["test"]) == sorted(row["img"] for row in rows)
        for found in lists.values():
            for image, about in zip(found["images"], found["annotations"], strict=True):
                row = next(row for row in rows if row["img"] == image["file_name"])
                assert about["image_id"] == image["id"]
                assert about["K"] == [
                    row["focal_length"] / 32 * image["width"],
                    image["width"] / 2,
                    image["height"] / 2,
                ]
                assert about["bbox"][2:] == [row["bbox"][2] - row["bbox"][0], row["bbox"][3] - row["bbox"][1]]
                assert about["segmentation"] == row["mask"]
        models = {s: {a["model"] for a in found["annotations"]} for s, found in lists.items()}
        assert name == "s1" or not models["train"] & models["test"]
    many = [{"img": f"img/chair/{i}.png", "model": f"model/chair/{i // 4}/model.obj"} for i in range(400)]
    assert 0.2 < sum(held_out(row, "s1") for row in many) / 400 < 0.3
    assert 0.15 < sum(held_out(row, "s2") for row in many) / 400 < 0.35


def test_training_batches_follow_from_seed_and_step(root: Path) -> None:
    source = open_source(DataPlace(data=root), SCENES, needs=frozenset({"objects"})).source
    batch = source.training_batch(1, 4, 1)
    parts = [source.training_batch(1, 4, 1, (i, 2)) for i in range(2)]
    assert torch.equal(torch.cat([part.index for part in parts]), batch.index)
    again = source.training_batch(1, 4, 1)
    assert torch.equal(again.images, batch.images)
    splits = {source.entries[i].split for i in batch.index.tolist()}
    assert splits == {"train"}
    with pytest.raises(BadInput, match="not 2"):
        source.held_batch([0], 2)
    with pytest.raises(BadInput, match="has the splits s1 and s2, not sorted"):
        open_source(DataPlace(data=root, split_file="sorted"), SCENES)
    with pytest.raises(BadInput, match="has no photograph of plane"):
        open_source(DataPlace(data=root), ScenesConfig(classes=("plane",)))


def test_missing_and_broken_files_are_named(root: Path, tmp_path: Path) -> None:
    import shutil

    copied = shutil.copytree(root, tmp_path / "set")
    rows = json.loads((copied / "pix3d.json").read_text())
    (copied / rows[0]["mask"]).unlink()
    (copied / rows[1]["voxel"]).write_bytes(b"nothing")
    del rows[2]["mask"]
    (copied / "pix3d.json").write_text(json.dumps(rows))
    opened = open_source(DataPlace(data=copied), SCENES)
    assert [problem.reason for problem in opened.problems] == [
        "picture 2: no field 'mask'",
        f"{rows[0]['mask']} is missing",
    ]
    index = [entry.id for entry in opened.source.entries].index(rows[1]["img"])
    with pytest.raises(BadInput, match=r"voxel\.mat: is no MATLAB file"):
        opened.source.held_batch([index], 1)


def test_goes_on_and_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    jobs = jobs_of_families(4, 3, KINDS)
    made = make_pix3d(jobs, tmp_path / "set", CONFIG)
    assert len(made.made) == 4
    assert content(tmp_path / "set") == content(root)
    (tmp_path / "set" / "mask" / "chair" / "000000.png").unlink()
    (tmp_path / "set" / "model" / "sofa" / "sofa-000003" / "voxel.mat").unlink()
    again = make_pix3d(jobs, tmp_path / "set", CONFIG)
    assert (len(again.made), len(again.kept)) == (2, 2)
    assert content(tmp_path / "set") == content(root)
    with pytest.raises(BadInput, match="other settings"):
        make_pix3d(jobs, tmp_path / "set", ScenesMakeConfig(views=3, size=64))
    with pytest.raises(BadInput, match="other settings"):
        make_pix3d(jobs_of_families(6, 3, KINDS), tmp_path / "set", CONFIG)
    assert content(tmp_path / "set") == content(root)


def test_bad_meshes(tmp_path: Path) -> None:
    (tmp_path / "broken.obj").write_text("f 1 2 3")
    with pytest.raises(BadInput, match="none of 1 meshes"):
        make_pix3d(jobs_of_folder(tmp_path), tmp_path / "set", CONFIG)
    assert not (tmp_path / "set").exists()
