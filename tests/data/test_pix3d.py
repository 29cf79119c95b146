import json
from pathlib import Path

import numpy as np
import pytest
import torch

from data_layouts import pix3d_record, write_pix3d
from maquette.data.pix3d import read_pix3d
from maquette.data.splits import split_of
from maquette.io.errors import BadInput
from maquette.io.mesh_read import read_mesh


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pix3d(tmp_path, ["IKEA_A", "IKEA_B"])


def test_lists_photographs_and_each_mesh_once(root: Path) -> None:
    data = read_pix3d(root)
    assert [entry.id for entry in data.entries] == [f"img/chair/{i:04d}.png" for i in range(4)]
    assert [entry.id for entry in data.models.entries] == ["chair/IKEA_A", "chair/IKEA_B"]
    assert [entry.family for entry in data.entries] == ["chair/IKEA_A", "chair/IKEA_B"] * 2
    assert [data.model(i) for i in range(4)] == [0, 1, 0, 1]
    assert all(entry.split == split_of(entry.family) for entry in data.entries)
    assert [record.occluded for record in data.records] == [False, True, False, False]


def test_the_lists_of_mesh_rcnn(root: Path) -> None:
    s1, s2 = read_pix3d(root, "s1"), read_pix3d(root, "s2")
    assert [entry.split for entry in s1.entries] == ["train"] * 3 + ["test"]
    assert [entry.split for entry in s2.entries] == ["train"] * 2 + ["test"] * 2
    assert {entry.split for entry in s1.models.entries} == {"train"}
    (root / "pix3d_s1_test.json").write_text((root / "pix3d_s1_train.json").read_text())
    with pytest.raises(BadInput, match=r"pix3d_s1_test\.json: image 0: .*is in the other list too"):
        read_pix3d(root, "s1")
    (root / "pix3d_s1_test.json").write_text('{"images": [{"id": 1}]}')
    with pytest.raises(BadInput, match="image 0: has no file_name"):
        read_pix3d(root, "s1")
    (root / "pix3d_s1_test.json").write_text("[]")
    with pytest.raises(BadInput, match=r"it must be an object, got \[\]"):
        read_pix3d(root, "s1")


def test_cameras_see_the_mesh_where_the_formula_puts_it(root: Path) -> None:
    """Pixel (w/2 - f X/Z, h/2 - f Y/Z) of R p + t, for p as the file has it, in mm on a sensor of 32 mm."""
    data = read_pix3d(root)
    for index in range(2):
        row = pix3d_record(index, "chair", "IKEA_A")
        points = read_mesh(root / row["model"]).verts
        seen = points @ np.array(row["rot_mat"]).T + row["trans_mat"]
        width, height = row["img_size"]
        focal = row["focal_length"] / 32 * width
        expected = np.array([width, height]) / 2 - focal * seen[:, :2] / seen[:, 2:]
        shape = data.models.shape(data.model(index))
        camera = data.camera(index, shape)
        pixels = camera.transform_points_screen(shape.mesh.verts_packed(), image_size=((height, width),))
        np.testing.assert_allclose(pixels[:, :2], expected, atol=2e-3)


def test_the_front_is_seen_where_a_camera_has_no_turn(root: Path) -> None:
    data = read_pix3d(root)
    shape = data.models.shape(0)
    centre = data.camera(0, shape).get_camera_center()[0]
    assert centre[2] > 0.9 * torch.linalg.vector_norm(centre)  # the camera stands at +Z, before the front


def test_names_what_it_leaves_out(root: Path) -> None:
    rows = [pix3d_record(i, "chair", "IKEA_A") for i in range(9)]
    del rows[1]["bbox"]
    rows[2]["rot_mat"] = [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    rows[3]["mask"] = "../mask.png"
    rows[4] |= {"img": "img/table/1749.jpg"}
    rows[5] |= {"model": "model/gone.obj"}
    rows[6]["bbox"] = [5, 5, 5, 9]
    rows[7]["trans_mat"] = [1, 2]
    rows[8]["focal_length"] = 0
    (root / "pix3d.json").write_text(json.dumps(rows))
    data = read_pix3d(root)
    assert len(data) == 1
    assert [p.reason for p in data.problems] == [
        "picture 1: no field 'bbox'",
        "picture 2: rot_mat is not a rotation",
        "picture 3: mask is not a path within the folder",
        "picture 6: bbox has no area",
        "picture 7: trans_mat does not have shape (3,), or is not finite",
        "picture 8: img_size and focal_length must be positive",
        "its mask is known to be wrong",
        "img/chair/0005.png is missing",
    ]


@pytest.mark.parametrize(
    ("text", "reason"), [("{}", "it must be a list, got {}"), ("[1]", "none of the 1"), ("x", "Exp")]
)
def test_malformed_tables(root: Path, text: str, reason: str) -> None:
    (root / "pix3d.json").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_pix3d(root)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("bbox", [60, 5, 90, 35], "bbox lies outside of the picture"),
        ("bbox", [-9, 5, 0, 35], "bbox lies outside of the picture"),
        ("bbox", [10, 5, 1e300, 35], "must not be huge"),
        ("focal_length", 1e300, "must not be huge"),
        ("trans_mat", [0, 0, 1e30], "must not be huge"),
        ("mask", None, "mask is no path"),
        ("mask", 5, "mask is no path"),
        ("mask", "../outside.png", "mask is not a path within the folder"),
    ],
)
def test_records_of_which_nothing_can_be_learned_are_named(
    root: Path, field: str, value: object, reason: str
) -> None:
    rows = json.loads((root / "pix3d.json").read_text())
    rows[1][field] = value
    (root / "pix3d.json").write_text(json.dumps(rows))
    data = read_pix3d(root)
    assert len(data) == 3
    (problem,) = data.problems
    assert problem.reason.startswith("picture 1: ")
    assert problem.reason.endswith(reason)


def test_a_table_without_masks_says_so(root: Path) -> None:
    rows = json.loads((root / "pix3d.json").read_text())
    bare = [{name: value for name, value in row.items() if name != "mask"} for row in rows]
    (root / "pix3d.json").write_text(json.dumps([*bare, None]))
    with pytest.raises(BadInput, match=r"none of the 5 photographs .* picture 0: no field 'mask'"):
        read_pix3d(root)
    (root / "pix3d.json").write_text(json.dumps([rows[0], None]))
    assert [problem.reason for problem in read_pix3d(root).problems] == [
        "picture 1: is no object with fields"
    ]
