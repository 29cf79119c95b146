"""Opening data: every layout becomes a source of what it knows, for systems of its kind of pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from data_layouts import CHAIRS, write_celeba, write_pix3d, write_r2n2
from maquette.data.open import _OPENERS, DataPlace, count_of_meshes, open_shapes, open_source
from maquette.data.pictures_config import PicturesConfig
from maquette.data.recognise import READ_AS_THEY_ARE
from maquette.data.views_config import ViewsConfig
from maquette.io import save_mesh
from maquette.io.errors import BadInput
from maquette.utils import ico_sphere

VIEWS, SINGLES = ViewsConfig(size=24, render_size=32), PicturesConfig(size=16)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    for i in range(12):
        Image.fromarray(np.full((20, 30, 3), 10 * i, np.uint8)).save(tmp_path / "pictures" / f"{i}.png")
    return tmp_path / "pictures"


def test_pictures_with_voxels(tmp_path):
    root = write_r2n2(tmp_path, {CHAIRS: list("abcde")})
    opened = open_source(DataPlace(data=root), VIEWS, needs=frozenset({"voxels"}))
    assert (opened.kind, opened.name) == ("stored", str(root))
    assert opened.source.provides == {"voxels", "cameras"}


def test_a_folder_of_pictures(pictures):
    opened = open_source(DataPlace(data=pictures), SINGLES)
    assert opened.source.held_batch([3], 1).images.shape == (1, 1, 3, 16, 16)
    assert opened.source.provides == frozenset()


def test_faces_are_cut_out_by_their_boxes(tmp_path):
    root = write_celeba(tmp_path / "celeba")
    opened = open_source(DataPlace(data=root), SINGLES)
    assert {entry.split for entry in opened.source.entries} == {"train", "val", "test"}
    assert opened.source.files[0].box is not None
    assert opened.source.held_batch([0], 1).images.shape == (1, 1, 3, 16, 16)


def test_photographs_of_furniture_have_masks(tmp_path):
    root = write_pix3d(tmp_path / "pix3d", ["chair"])
    source = open_source(DataPlace(data=root), SINGLES, needs=frozenset({"masks"})).source
    assert source.held_batch([0], 1).truth.masks.shape == (1, 1, 1, 16, 16)


def test_shapes_are_drawn_with_what_is_needed_and_no_more(tmp_path):
    needs = frozenset({"meshes", "masks"})
    opened = open_source(DataPlace(shapes="families:6"), VIEWS, needs=needs)
    batch = opened.source.held_batch([0, 1], 2)
    assert opened.kind == "drawn"
    assert batch.truth.known == needs | {"cameras"}
    assert len(batch.truth.meshes) == 2
    assert batch.truth.masks.shape == (2, 2, 1, 24, 24)
    covered = batch.truth.masks > 0.5
    assert 0.02 < float(covered.float().mean()) < 0.9


def test_meshes_are_mirrored_with_their_pictures():
    config = ViewsConfig(size=24, render_size=32, flip=1.0, flip_voxels=True)
    source = open_source(DataPlace(shapes="families:6"), config, needs=frozenset({"meshes", "voxels"})).source
    batch = source.training_batch(0, 2, 1)
    for k, index in enumerate(batch.index.tolist()):
        own, mirrored = source.pack.meshes([index]), batch.truth.meshes[k]
        turn = torch.tensor([-1.0, 1.0, 1.0])
        assert torch.equal(mirrored.verts_packed(), own.verts_packed() * turn)
        normals = own.faces_normals_packed() * turn
        torch.testing.assert_close(mirrored.faces_normals_packed(), normals, atol=1e-5, rtol=0)


def test_a_folder_of_meshes_is_packed_with_its_progress(tmp_path):
    for name in "abc":
        save_mesh(ico_sphere(0), tmp_path / f"{name}.ply")
    seen = []
    opened = open_source(
        DataPlace(shapes=str(tmp_path)), VIEWS, watch=lambda done, total, id: seen.append((done, total))
    )
    assert len(opened.source.entries) == 3
    assert seen[-1] == (3, 3)


@pytest.mark.parametrize(
    ("config", "needs", "said"),
    [
        (VIEWS, {"masks"}, "holds single pictures; this system is for views of shapes"),
        (
            SINGLES,
            {"masks", "depth"},
            "has no depth and no masks, which is needed; it has nothing beside pictures",
        ),
    ],
)
def test_pictures_of_another_kind_or_that_know_too_little(pictures, config, needs, said):
    with pytest.raises(BadInput, match=said):
        open_source(DataPlace(data=pictures), config, needs=frozenset(needs))


def test_shapes_for_a_system_of_single_pictures():
    with pytest.raises(BadInput, match="gives views of shapes; this system is for single pictures"):
        open_source(DataPlace(shapes="families:3"), SINGLES)


def test_a_layout_without_pictures(tmp_path):
    save_mesh(ico_sphere(0), tmp_path / "a.ply")
    with pytest.raises(BadInput, match="is of the layout meshes, which has no pictures"):
        open_source(DataPlace(data=tmp_path), VIEWS)


def test_what_may_be_named_as_data_can_be_opened():
    assert set(_OPENERS) == READ_AS_THEY_ARE


def test_people_are_drawn_at_the_size_of_single_pictures():
    opened = open_source(DataPlace(shapes="faces:5"), SINGLES, needs=frozenset({"depth", "normals"}))
    assert (opened.kind, len(opened.source.entries)) == ("drawn", 5)
    assert opened.source.held_batch([3], 2).truth.normals.shape == (1, 2, 3, 16, 16)


def test_people_are_neither_shapes_to_view_nor_to_pack():
    with pytest.raises(BadInput, match="views of shapes"):
        open_source(DataPlace(shapes="faces:5"), VIEWS)
    with pytest.raises(BadInput, match="pictures of people"):
        open_shapes("faces:5")
    assert count_of_meshes("faces:5") is None
