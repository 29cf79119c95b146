"""ShapeNetCore and R2N2 under PyTorch3D's names, from small folders written here."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from maquette.datasets import (
    R2N2,
    BlenderCamera,
    ShapeNetCore,
    collate_batched_meshes,
    collate_batched_R2N2,
    render_cubified_voxels,
)
from maquette.io import save_obj
from maquette.io.errors import BadInput
from maquette.renderer import FoVPerspectiveCameras, RasterizationSettings
from maquette.utils import ico_sphere

CHAIR, CAR, OTHER = "03001627", "02958343", "00000001"
SMALL = RasterizationSettings(image_size=16)


@pytest.fixture
def shapenet(tmp_path: Path) -> Path:
    """Two chairs, a car, a model of an unknown category, and a folder without a mesh."""
    root = tmp_path / "ShapeNetCore.v1"
    for synset, name in [(CHAIR, "a"), (CHAIR, "b"), (CAR, "c"), (OTHER, "d")]:
        (root / synset / name).mkdir(parents=True)
        sphere = ico_sphere(0)
        save_obj(root / synset / name / "model.obj", sphere.verts_packed() * 0.3, sphere.faces_packed())
    (root / CAR / "empty").mkdir()
    return root


@pytest.fixture
def r2n2(tmp_path: Path) -> tuple[Path, Path]:
    """Pictures of 24 views of both chairs, whose grey is ten times the view's number, and a split file."""
    for name in ("a", "b"):
        folder = tmp_path / "ShapeNetRendering" / CHAIR / name / "rendering"
        folder.mkdir(parents=True)
        rows = [f"{15 * view} {view} 0 0.{700 + view} 25" for view in range(24)]
        (folder / "rendering_metadata.txt").write_text("\n".join(rows))
        for view in range(24):
            Image.fromarray(np.full((5, 4, 4), 10 * view, np.uint8)).save(folder / f"{view:02d}.png")
    split = {
        "train": {CHAIR: {"a": [0, 3, 7], "b": [1]}, CAR: {"z": [0]}, OTHER: {"d": [0]}},
        "val": {},
        "test": {},
    }
    (tmp_path / "split.json").write_text(json.dumps(split))
    return tmp_path, tmp_path / "split.json"


def open_r2n2(shapenet: Path, r2n2: tuple[Path, Path], **options) -> R2N2:
    with pytest.warns(UserWarning, match="not"):
        return R2N2("train", str(shapenet), str(r2n2[0]), str(r2n2[1]), **options)


def theirs(azimuth: float, elevation: float, distance: float) -> tuple[torch.Tensor, torch.Tensor]:
    """R and T from Mesh R-CNN's extrinsic matrix, turned half around its y, as PyTorch3D computes them."""
    a, e = -math.radians(azimuth), -math.radians(elevation)
    to_object = np.array(
        [
            [math.cos(a) * math.cos(e), math.sin(a) * math.cos(e), -math.sin(e)],
            [-math.sin(a), math.cos(a), 0],
            [math.cos(a) * math.sin(e), math.sin(a) * math.sin(e), math.cos(e)],
        ]
    )
    to_camera = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    y_to_z = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    half_turn = np.diag([-1.0, 1.0, -1.0])
    R = (to_camera @ to_object @ y_to_z).T @ half_turn
    T = -(to_camera @ np.array([distance, 0, 0])) @ half_turn
    return torch.from_numpy(R).float(), torch.from_numpy(T).float()


def test_shapenet_lists_and_reads(shapenet):
    with pytest.warns(UserWarning, match="Object file not found"):
        data = ShapeNetCore(str(shapenet))
    assert len(data) == 4
    assert data.synset_start_idxs[CHAIR] == data.model_ids.index("a")
    assert data.synset_num_models == {CHAIR: 2, CAR: 1, OTHER: 1}
    assert data.synset_inv == {"chair": CHAIR, "car": CAR, OTHER: OTHER}
    item = data[data.model_ids.index("c")]
    assert (item["synset_id"], item["model_id"], item["label"]) == (CAR, "c", "car")
    assert item["verts"].shape == (12, 3)
    assert item["faces"].shape == (20, 3)
    assert torch.equal(item["textures"], torch.ones(20, 4, 4, 3))


def test_shapenet_chooses_categories_and_versions(shapenet):
    (shapenet / "taxonomy.json").write_text(json.dumps([{"synsetId": OTHER, "name": "thing,object"}]))
    data = ShapeNetCore(str(shapenet), synsets=["thing", CHAIR], load_textures=False)
    assert data.synset_ids == [OTHER, CHAIR, CHAIR]
    assert data[0]["textures"] is None
    assert data[0]["label"] == "thing"
    with pytest.warns(UserWarning, match="boat cannot be found"):
        assert len(ShapeNetCore(str(shapenet), synsets=["boat"])) == 0
    with pytest.warns(UserWarning, match="Object file not found"):
        assert len(ShapeNetCore(str(shapenet), version=2)) == 0
    with pytest.raises(ValueError, match="Version"):
        ShapeNetCore(str(shapenet), version=3)
    with pytest.raises(BadInput):
        ShapeNetCore(str(shapenet / "gone"))


def test_a_loader_collates_meshes(shapenet):
    data = ShapeNetCore(str(shapenet), synsets=["chair"])
    batch = next(iter(DataLoader(data, batch_size=2, collate_fn=collate_batched_meshes)))
    assert len(batch["mesh"]) == 2
    assert batch["model_id"] == ["a", "b"]
    assert batch["mesh"].textures.atlas_packed().shape == (40, 4, 4, 3)
    assert collate_batched_meshes([]) is None
    assert collate_batched_meshes([{"label": "x"}]) == {"label": ["x"], "mesh": None}


def test_r2n2_pictures_and_cameras(shapenet, r2n2):
    data = open_r2n2(shapenet, r2n2)
    assert data.model_ids == ["a", "b"]
    assert data.views_per_model_list == [[0, 3, 7], [1]]
    item = data[0]
    assert item["images"].shape == (3, 5, 4, 3)
    torch.testing.assert_close(item["images"][:, 0, 0, 0] * 255, torch.tensor([0.0, 30.0, 70.0]))
    assert item["K"].shape == (3, 4, 4)
    for place, view in enumerate((0, 3, 7)):
        R, T = theirs(15 * view, view, 1.75 * (0.7 + view / 1000))
        torch.testing.assert_close(item["R"][place], R, rtol=0, atol=1e-5)
        torch.testing.assert_close(item["T"][place], T, rtol=0, atol=1e-5)
    assert torch.equal(data[0, [7]]["images"], item["images"][2:])
    with pytest.warns(UserWarning, match="not in the loaded split"):
        assert len(data[0, [5]]["images"]) == 3


def test_r2n2_options(shapenet, r2n2):
    assert [len(v) for v in open_r2n2(shapenet, r2n2, return_all_views=False).views_per_model_list] == [1, 1]
    assert open_r2n2(shapenet, r2n2, views_rel_path="gone")[0]["images"] is None
    with pytest.raises(ValueError, match="split has to be"):
        R2N2("all", str(shapenet), str(r2n2[0]), str(r2n2[1]))
    with pytest.raises(ValueError, match="return_voxels"):
        R2N2("train", str(shapenet), str(r2n2[0]), str(r2n2[1]), return_voxels=True)


def test_r2n2_batches(shapenet, r2n2):
    data = open_r2n2(shapenet, r2n2)
    batch = collate_batched_R2N2([data[0, [0]], data[1]])
    assert batch["images"].shape == (2, 1, 5, 4, 3)
    assert batch["R"].shape == (2, 1, 3, 3)
    uneven = collate_batched_R2N2([data[0], data[1]])
    assert [len(images) for images in uneven["images"]] == [3, 1]
    assert collate_batched_R2N2([]) is None


def test_pictures_of_models(shapenet, r2n2):
    data = open_r2n2(shapenet, r2n2)
    assert data.render(model_ids=["a"], raster_settings=SMALL).shape == (3, 16, 16, 4)
    one = data.render(idxs=[0], view_idxs=[3], raster_settings=SMALL)
    assert one.shape == (1, 16, 16, 4)
    item = data[0, [3]]
    cameras = BlenderCamera(R=item["R"], T=item["T"], K=item["K"])
    assert torch.equal(data.render(idxs=[0], cameras=cameras, raster_settings=SMALL), one)
    assert one[0, 8, 8, 3] == 1  # the sphere is in the middle
    assert one[0, 0, 0, 3] == 0
    shapes = ShapeNetCore(str(shapenet), synsets=["chair"], load_textures=False)
    with pytest.warns(UserWarning, match="drawn again"):
        assert len(shapes.render(categories=["chair"], sample_nums=[3], raster_settings=SMALL)) == 3
    assert len(shapes.render(raster_settings=SMALL)) == 1


def test_pictures_of_voxels():
    cameras = FoVPerspectiveCameras(T=torch.tensor([[0.0, 0.0, 3.0]]))
    voxels = torch.zeros(1, 4, 4, 4)
    voxels[0, 1:3, 1:3, 1:3] = 1
    picture = render_cubified_voxels(voxels, cameras=cameras, raster_settings=SMALL)
    assert picture.shape == (1, 16, 16, 4)
    assert 0 < picture[..., 3].sum() < 200


def test_render_refuses(shapenet):
    data = ShapeNetCore(str(shapenet), synsets=["chair"])
    with pytest.raises(ValueError, match="not found in the loaded"):
        data.render(model_ids=["nobody"])
    with pytest.raises(IndexError, match="out of bounds"):
        data.render(idxs=[9])
    with pytest.raises(ValueError, match="is not in the loaded"):
        data.render(categories=["car"])
    with pytest.raises(ValueError, match="same length"):
        data.render(categories=["chair"], sample_nums=[1, 2])
    with pytest.raises(ValueError, match="Mismatch"):
        data.render(idxs=[0, 1], cameras=FoVPerspectiveCameras(R=torch.eye(3).expand(3, 3, 3)))
