import json
from pathlib import Path

import numpy as np
import pytest
import torch

from data_layouts import CHAIRS, RIFLES, cell_centres, pix2vox_split, seat, write_r2n2, write_r2n2_model
from maquette.data.r2n2 import read_r2n2
from maquette.io.errors import BadInput

NAMES = [f"{i:02d}ab" for i in range(6)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_r2n2(tmp_path, {CHAIRS: NAMES, RIFLES: ["r1"]})


def splits(root: Path, split=None) -> dict[str, str]:
    return {entry.id: entry.split for entry in read_r2n2(root, split).entries}


def test_lists_objects_with_the_sorted_split(root: Path) -> None:
    data = read_r2n2(root)
    assert [entry.id for entry in data.entries] == [*(f"{CHAIRS}/{name}" for name in NAMES), f"{RIFLES}/r1"]
    assert [entry.split for entry in data.entries] == ["train"] * 4 + ["test"] * 3
    assert {entry.category for entry in data.entries} == {"chair", "rifle"}
    assert data.select("test") == [4, 5, 6]
    assert data.problems == ()
    assert (len(data), data.view_count(0)) == (7, 3)


def test_the_split_of_pix2vox(root: Path) -> None:
    (root / "ShapeNet.json").write_text(pix2vox_split(train=NAMES[:2], val=NAMES[2:3], test=["gone"]))
    data = read_r2n2(root)
    assert [entry.split for entry in data.entries] == ["train", "train", "val"]
    assert [p.reason for p in data.problems] == ["lists 1 objects that are not there"]
    assert len(splits(root, "sorted")) == 7


def test_the_split_of_mesh_rcnn_shares_out_views(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "views.json"
    table = {"train": {CHAIRS: {"00ab": [0, 2], "01ab": [0]}}, "test": {CHAIRS: {"00ab": [1], "02ab": [9]}}}
    file.write_text(json.dumps(table))
    data = read_r2n2(root, file)
    found = {entry.id: (entry.split, data.models[i].rendering.names) for i, entry in enumerate(data.entries)}
    assert found == {
        f"{CHAIRS}/00ab": ("train", ("00.png", "02.png")),
        f"{CHAIRS}/00ab@test": ("test", ("01.png",)),
        f"{CHAIRS}/01ab": ("train", ("00.png",)),
    }
    every = read_r2n2(root, "sorted").placements(0)
    assert torch.equal(data.placements(0), every[[0, 2]])
    assert [(p.path, p.reason) for p in data.problems] == [
        (f"{CHAIRS}/02ab", "the split file lists view 9 of 3")
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1", "Expecting"),
        ('{"a": 1}', "neither"),
        ('[{"train": []}]', "category 0: has no taxonomy_id"),
        ('[{"taxonomy_id": "1", "train": "ab"}]', "train is not a list of names"),
        ('[{"taxonomy_id": "1", "train": ["a"], "test": ["a"]}]', "1/a is listed twice"),
        ('{"train": {"1": ["a"]}}', "train/1: not a table"),
        ('{"train": {"1": {"a": [-1]}}}', "train/1/a: not a list of views"),
    ],
)
def test_malformed_split_files(root: Path, text: str, reason: str) -> None:
    (root / "ShapeNet.json").write_text(text)
    with pytest.raises(BadInput, match=r"ShapeNet\.json") as caught:
        read_r2n2(root)
    assert reason in str(caught.value)


def test_the_front_is_turned_from_x_to_z(root: Path) -> None:
    """The back is at -X in the files and at -Z here; the knob at +X, -Z comes to +X, +Z."""
    data = read_r2n2(root)
    grid = data.voxels(0)
    solid = grid.occupancy[0]
    assert (len(grid), grid.resolution, grid.side, grid.center) == (1, 32, 0.6, (0.0, 0.0, 0.0))
    assert int(solid.sum()) == seat().sum()
    assert solid[4:28, 20, :3].all()
    assert not solid[:, 20, 3:].any()
    assert solid[24:28, 16, 28:].all()
    assert torch.equal(read_r2n2(root, front="+Z").voxels(0).occupancy[0], torch.from_numpy(seat()))
    as_in_file = data.models[0].rendering.cameras[:, 0]
    np.testing.assert_allclose(data.placements(0)[:, 0], (as_in_file + 90) % 360, rtol=1e-6)


@pytest.mark.parametrize("front", ["+X", "+Z"])
def test_voxels_lie_where_the_pictures_show_them(root: Path, front: str) -> None:
    data = read_r2n2(root, front=front)
    cameras, grid = data.cameras(0), data.voxels(0)
    points = grid.cell_centers()[grid.occupancy[0]]
    assert len(points) == len(cell_centres(seat(), 0.6))
    pixels = cameras.transform_points_screen(points, image_size=(32, 32))[..., :2].long()
    for view in range(3):
        picture = data.picture(0, view)
        alpha = picture[3]
        drawn = torch.zeros_like(alpha)
        drawn[pixels[view, :, 1].clamp(0, 31), pixels[view, :, 0].clamp(0, 31)] = 1
        assert (drawn != alpha).sum() <= 2  # pixels on whose border a cell's centre falls
        assert picture[:3, alpha > 0].unique(dim=1).flatten() * 255 == pytest.approx([10 * view, 100, 200])


def test_a_shape_has_voxels_and_what_is_known(root: Path) -> None:
    shape = read_r2n2(root).shape(4)
    assert (shape.id, shape.category, shape.split) == (f"{CHAIRS}/04ab", "chair", "test")
    assert shape.mesh is None


def test_grey_pictures_are_opaque(root: Path) -> None:
    from PIL import Image

    Image.new("L", (32, 32), 51).save(root / f"ShapeNetRendering/{CHAIRS}/00ab/rendering/00.png")
    picture = read_r2n2(root).picture(0, 0)
    assert picture.shape == (4, 32, 32)
    assert picture[3].min() == 1
    assert picture[:3].unique().tolist() == pytest.approx([0.2])


def damage_rows(folder: Path, voxels: Path) -> None:
    path = folder / "rendering_metadata.txt"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))


def damage_row(folder: Path, voxels: Path) -> None:
    (folder / "rendering_metadata.txt").write_text("1 2 0 0.8 25\n1 2 zero 0.8 25\n1 2 0 0.8 25\n")


def damage_ratio(folder: Path, voxels: Path) -> None:
    (folder / "rendering_metadata.txt").write_text("1 2 0 0.8 25\n1 2 0 0.8 25\n1 2 0 -1 25\n")


def damage_turn(folder: Path, voxels: Path) -> None:
    (folder / "rendering_metadata.txt").write_text("1 2 5 0.8 25\n" * 3)


def damage_picture(folder: Path, voxels: Path) -> None:
    (folder / "01.png").unlink()


def damage_last_picture(folder: Path, voxels: Path) -> None:
    (folder / "02.png").unlink()
    (folder / "renderings.txt").unlink()


def damage_listing(folder: Path, voxels: Path) -> None:
    (folder / "renderings.txt").write_text("../../x.png\n" * 3)


def damage_tree(folder: Path, voxels: Path) -> None:
    voxels.unlink()


def damage_header(folder: Path, voxels: Path) -> None:
    voxels.write_bytes(voxels.read_bytes().replace(b"dim 32 32 32", b"dim 64 64 64"))


def damage_dims(folder: Path, voxels: Path) -> None:
    voxels.write_bytes(b"#binvox 1\ndim 2 2 2\ntranslate 0 0 0\nscale 1\ndata\n\x01\x08")


def damage_cells(folder: Path, voxels: Path) -> None:
    head = voxels.read_bytes().split(b"data\n")[0]
    voxels.write_bytes(head + b"data\n" + b"\x00\x80" * 256)


@pytest.mark.parametrize(
    ("damage", "file", "reason"),
    [
        (damage_rows, "rendering_metadata.txt", "has 2 rows for 3 pictures"),
        (damage_row, "rendering_metadata.txt", "line 2: not five numbers"),
        (damage_ratio, "rendering_metadata.txt", "line 3: no camera has this elevation or ratio"),
        (damage_turn, "rendering_metadata.txt", "line 1: cameras turned about their axis"),
        (damage_picture, "01.png", "the picture is missing"),
        (damage_last_picture, "02.png", "the picture is missing"),
        (damage_listing, "renderings.txt", "lists a file that is not in the folder"),
        (damage_tree, "model.binvox", "No such file"),
        (damage_header, "model.binvox", "data: the data holds 32768 cells, but dim says 262144"),
        (damage_dims, "model.binvox", "has 2 cells a side, not 32"),
        (damage_cells, "model.binvox", "has no solid cell"),
    ],
)
def test_broken_objects_are_left_out_and_named(root: Path, damage, file: str, reason: str) -> None:
    damage(
        root / f"ShapeNetRendering/{CHAIRS}/01ab/rendering",
        root / f"ShapeNetVox32/{CHAIRS}/01ab/model.binvox",
    )
    data = read_r2n2(root)
    assert f"{CHAIRS}/01ab" not in {entry.id for entry in data.entries}
    assert len(data) == 6
    (problem,) = data.problems
    assert problem.path.endswith(f"{CHAIRS}/01ab/rendering/{file}") or problem.path.endswith(f"01ab/{file}")
    assert problem.reason.startswith(reason)
    assert {entry.split for entry in data.entries[:3]} == {"train"}  # the border of the split has not moved


def test_models_that_the_authors_call_broken_are_left_out(root: Path) -> None:
    write_r2n2_model(root, RIFLES, "4a32519f44dc84aabafe26e2eb69ebf4")
    (problem,) = read_r2n2(root).problems
    assert "4a32519f44dc84aabafe26e2eb69ebf4" in problem.path
    assert "listed as broken" in problem.reason


def test_a_picture_that_breaks_later_is_bad_input(root: Path) -> None:
    data = read_r2n2(root)
    path = root / f"ShapeNetRendering/{CHAIRS}/00ab/rendering/01.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(BadInput, match=r"00ab/rendering/01\.png"):
        data.picture(0, 1)


def test_folders_without_objects(root: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no folder ShapeNetRendering"):
        read_r2n2(tmp_path / "gone")
    (tmp_path / "empty/ShapeNetRendering").mkdir(parents=True)
    (tmp_path / "empty/ShapeNetVox32").mkdir()
    with pytest.raises(BadInput, match="there are no objects"):
        read_r2n2(tmp_path / "empty")
    for file in root.rglob("*.binvox"):
        file.unlink()
    with pytest.raises(BadInput, match=r"no object that can be used; .*model\.binvox: No such file"):
        read_r2n2(root)
