"""Data sets of meshes: ShapeNetCore, 3D-FUTURE, and what they share."""

import json
from pathlib import Path

import pytest
import torch

from data_layouts import CHAIRS, RIFLES, pix2vox_split, write_future3d, write_shapenet, write_wedge
from maquette.data.batch import Entry
from maquette.data.future3d import read_future3d
from maquette.data.mesh_axes import Axis, MeshAxes
from maquette.data.mesh_set import MeshSet
from maquette.data.shapenet import read_shapenet, shapenet_voxels
from maquette.data.splits import split_of
from maquette.io.errors import BadInput

DIAGONAL = 29**0.5


def expect_wedge(mesh) -> None:
    """The slab of the fixtures in the object frame: its top at the front and on its own right, -X."""
    verts = mesh.verts_packed()
    top = verts[verts[:, 1].argmax()]
    assert torch.allclose(top, torch.tensor([-1.0, 1.5, 2.0]) / DIAGONAL, atol=1e-5)
    extent = verts.amax(0) - verts.amin(0)
    assert torch.allclose(extent, torch.tensor([2.0, 3.0, 4.0]) / DIAGONAL, atol=1e-5)


@pytest.mark.parametrize("front", ["+X", "-X", "+Z", "-Z"])
def test_the_front_is_turned_to_z(tmp_path: Path, front: Axis) -> None:
    write_wedge(tmp_path / "a.obj", front)
    entry, axes = Entry("a", "", "train"), MeshAxes(front=front)
    shape = MeshSet("test", tmp_path, (tmp_path / "a.obj",), (entry,), axes).shape(0)
    expect_wedge(shape.mesh)
    assert shape.scale == pytest.approx(1 / (2 * DIAGONAL))


def test_meshes_without_extent_are_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n")
    files = MeshSet("test", tmp_path, (tmp_path / "a.obj",), (Entry("a", "", "train"),))
    with pytest.raises(BadInput, match=r"a\.obj: shape a has no finite, positive extent"):
        files.shape(0)


@pytest.fixture
def shapenet(tmp_path: Path) -> Path:
    return write_shapenet(tmp_path, {CHAIRS: list("abcde"), RIFLES: ["r"]})


def test_shapenet_has_ids_words_and_the_sorted_split(shapenet: Path) -> None:
    data = read_shapenet(shapenet)
    assert [entry.id for entry in data.entries] == [*(f"{CHAIRS}/{name}" for name in "abcde"), f"{RIFLES}/r"]
    assert [entry.split for entry in data.entries] == ["train"] * 4 + ["test"] * 2
    assert {entry.category for entry in data.entries} == {"chair", "rifle"}
    assert [entry.id for entry in read_shapenet(shapenet / "ShapeNetCore.v1").entries][-1] == f"{RIFLES}/r"
    expect_wedge(data.shape(0).mesh)


def test_shapenet_takes_split_files_and_words_of_other_synsets(shapenet: Path) -> None:
    write_wedge(shapenet / "ShapeNetCore.v1/02747177/bin/model.obj", "+X")
    rows = [{"synsetId": "02747177", "name": "ashcan,trash can", "children": []}]
    (shapenet / "ShapeNetCore.v1/taxonomy.json").write_text(json.dumps(rows))
    assert read_shapenet(shapenet).entries[0].category == "ashcan"
    (shapenet / "ShapeNet.json").write_text(pix2vox_split(train=["b"], val=["a"], test=[]))
    assert {entry.id[-1]: entry.split for entry in read_shapenet(shapenet).entries} == {
        "a": "val",
        "b": "train",
    }


def test_shapenet_names_what_it_leaves_out(shapenet: Path) -> None:
    write_wedge(shapenet / f"ShapeNetCore.v1/{RIFLES}/4a32519f44dc84aabafe26e2eb69ebf4/model.obj", "+X")
    (shapenet / f"ShapeNetCore.v1/{CHAIRS}/b/model.obj").unlink()
    data = read_shapenet(shapenet)
    assert [p.reason for p in data.problems] == [
        "the mesh is missing",
        "listed as broken by the authors of 3D-R2N2",
    ]
    assert len(data) == 5
    with pytest.raises(BadInput, match=r"has no <synset>/<model>/model\.obj"):
        read_shapenet(shapenet / "ShapeNetCore.v1.binvox")
    (shapenet / "ShapeNetCore.v1/taxonomy.json").write_text('[{"name": "x"}]')
    with pytest.raises(BadInput, match=r"taxonomy\.json: malformed"):
        read_shapenet(shapenet)


def test_solid_voxels_lie_on_their_mesh(shapenet: Path) -> None:
    data = read_shapenet(shapenet)
    shape = data.shape(0)
    grid = shapenet_voxels(data, 0, shape)
    centres = grid.cell_centers()[grid.occupancy[0]]
    half = grid.cell_size / 2
    box = torch.stack([centres.amin(0) - half, centres.amax(0) + half])
    verts = shape.mesh.verts_packed()
    assert torch.allclose(box, torch.stack([verts.amin(0), verts.amax(0)]), atol=1e-5)


def test_future3d_has_super_categories_and_hashed_splits(tmp_path: Path) -> None:
    write_future3d(tmp_path, {"id1": "Sofa", "id2": "Chair"})
    data = read_future3d(tmp_path)
    assert [(entry.id, entry.category, entry.split) for entry in data.entries] == [
        ("id1", "sofa", split_of("id1")),
        ("id2", "chair", split_of("id2")),
    ]
    assert data.files[0].name == "normalized_model.obj"
    expect_wedge(data.shape(1).mesh)


def test_future3d_takes_lists_of_ids_and_names_what_is_missing(tmp_path: Path) -> None:
    write_future3d(tmp_path, {f"id{i}": "Sofa" for i in range(5)})
    (tmp_path / "train.txt").write_text("id0\nid1\nid2\n")
    (tmp_path / "val.txt").write_text("id3\n")
    (tmp_path / "id0/normalized_model.obj").unlink()
    (tmp_path / "id1/normalized_model.obj").unlink()
    (tmp_path / "id1/raw_model.obj").unlink()
    data = read_future3d(tmp_path)
    assert {entry.id: entry.split for entry in data.entries} == {"id0": "train", "id2": "train", "id3": "val"}
    assert data.files[0].name == "raw_model.obj"
    assert [p.reason for p in data.problems] == ["has neither normalized_model.obj nor raw_model.obj"]
    (tmp_path / "val.txt").write_text("id2\n")
    with pytest.raises(BadInput, match=r"val\.txt: id2 is in train\.txt too"):
        read_future3d(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "it must be a list, got {}"),
        ('[{"category": "Sofa"}]', "model 0: has no model_id"),
        ('[{"model_id": "../x"}]', "model 0: has no model_id"),
        ('[{"model_id": ".."}]', "model 0: has no model_id"),
        ("[", "Expecting"),
        ('[{"model_id": "gone", "super-category": null}]', "has none of the 1 models"),
    ],
)
def test_malformed_future3d(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "model_info.json").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_future3d(tmp_path)
    assert reason in str(caught.value)
