"""Chairs of Pix3D as voxels are compared on: which of them, their squares, and their voxels in the object frame."""

import json
from pathlib import Path

import pytest
import torch

from maquette.data.make.jobs import jobs_of_families
from maquette.data.make.pix3d import ScenesMakeConfig, make_pix3d
from maquette.data.open import DataPlace, open_source
from maquette.data.pix3d import read_pix3d
from maquette.data.pix3d_views import Pix3DViews
from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput
from maquette.io.images import load_image
from maquette.metrics.voxel_iou import voxel_iou
from maquette.ops import voxelize

CONFIG = ViewsConfig(size=40, render_size=44)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chairs and a sofa of two pictures each; a chair's second picture is slightly occluded."""
    root = tmp_path_factory.mktemp("made") / "set"
    make_pix3d(jobs_of_families(3, 3, ("chair", "sofa")), root, ScenesMakeConfig(views=2, size=96))
    rows = json.loads((root / "pix3d.json").read_text())
    next(row for row in reversed(rows) if row["category"] == "chair")["slightly_occluded"] = True
    (root / "pix3d.json").write_text(json.dumps(rows))
    return root


@pytest.fixture(scope="module")
def views(root: Path) -> Pix3DViews:
    source = open_source(DataPlace(data=root), CONFIG, needs=frozenset({"voxels"})).source
    assert isinstance(source, Pix3DViews)
    return source


def test_chairs_of_which_all_can_be_seen(views: Pix3DViews) -> None:
    assert len(views.entries) == 3
    assert {(entry.category, entry.split) for entry in views.entries} == {("chair", "test")}
    assert len({entry.family for entry in views.entries}) == 2
    with pytest.raises(BadInput, match="for testing"):
        views.training_batch(0, 1, 1)
    with pytest.raises(BadInput, match="one picture"):
        views.held_batch([0], 2)


def test_pictures_are_squares_around_the_box(views: Pix3DViews, root: Path) -> None:
    batch = views.held_batch([0, 2], 1)
    assert batch.images.shape == (2, 1, 3, 40, 40)
    record = next(r for r in views.data.records if r.image == views.entries[2].id)
    left, top, right, bottom = record.box
    image = load_image(root / record.image, 3)
    middle = image[:, int((top + bottom) / 2), int((left + right) / 2)]
    assert (batch.images[1, 0][:, 19:21, 19:21] - middle[:, None, None]).abs().amin() < 0.1
    assert torch.equal(batch.images[1], views.held_batch([2], 1).images[0])


def test_voxels_are_those_of_the_mesh_in_the_object_frame(views: Pix3DViews, root: Path) -> None:
    data = read_pix3d(root)
    for index, entry in enumerate(views.entries):
        place = [e.id for e in data.entries].index(entry.id)
        mesh = data.models.shape(data.model(place)).mesh
        verts = mesh.verts_packed()
        expected = voxelize(mesh, 32, float((verts.amax(0) - verts.amin(0)).max())).solid()
        solid = views.held_batch([index], 1).voxels
        assert torch.equal(solid, expected)
        own = views.own_voxels(index)
        iou = float(voxel_iou(own[None], solid))
        assert iou > 0.6
        for turned in (own.flip(0), own.flip(2), own.transpose(0, 2), own.flip(1)):
            assert float(voxel_iou(turned[None], solid)) <= iou


def test_nothing_of_the_kind(root: Path, tmp_path: Path) -> None:
    rows = [row for row in json.loads((root / "pix3d.json").read_text()) if row["category"] != "chair"]
    for name in ("img", "mask", "model"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "pix3d.json").write_text(json.dumps(rows))
    with pytest.raises(BadInput, match="has no chair that is neither"):
        open_source(DataPlace(data=tmp_path), CONFIG)


def test_models_without_voxels_of_their_own(root: Path) -> None:
    data = read_pix3d(root)
    without = [record._replace(voxel="") for record in data.records]
    views = Pix3DViews(type(data)(root, tuple(without), data.entries, data.models, ()), CONFIG)
    assert views.own_voxels(0) is None
