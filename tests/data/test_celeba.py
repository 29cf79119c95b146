from pathlib import Path

import numpy as np
import pytest

from data_layouts import write_celeba
from maquette.data.celeba import cropped, read_celeba
from maquette.io.errors import BadInput


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_celeba(tmp_path)


def test_lists_faces_with_split_person_and_box(root: Path) -> None:
    data = read_celeba(root)
    assert [face.entry.split for face in data.faces] == ["train"] * 3 + ["val", "test"]
    assert [face.entry.family for face in data.faces] == ["0", "0", "1", "1", "2"]
    assert {face.box for face in data.faces} == {(30, 10, 40, 40)}
    assert data.problems == ()


def test_the_crop_repeats_the_border(root: Path) -> None:
    """40 x 40 pixels from column 30 of 50: the last column is repeated 20 times."""
    face = cropped(read_celeba(root).faces[0], size=40)
    assert (face.shape, face.dtype) == ((40, 40, 3), np.float32)
    columns, rows = face[20, :, 0] * 255 / 4, face[:, 10, 1] * 255 / 4
    np.testing.assert_allclose(columns, np.minimum(np.arange(30, 70), 49), atol=1)
    np.testing.assert_allclose(rows, np.arange(10, 50), atol=1)
    assert cropped(read_celeba(root).faces[0]).shape == (128, 128, 3)


def test_aligned_pictures_have_no_boxes(tmp_path: Path) -> None:
    data = read_celeba(write_celeba(tmp_path, folder="img_align_celeba"))
    assert {face.box for face in data.faces} == {None}
    assert cropped(data.faces[0], 16).shape == (16, 16, 3)


def test_missing_pictures_are_named(root: Path) -> None:
    (root / "img_celeba/000002.jpg").unlink()
    data = read_celeba(root)
    assert len(data.faces) == 4
    assert [(Path(p.path).name, p.reason) for p in data.problems] == [
        ("000002.jpg", "the picture is missing")
    ]


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("list_eval_partition.txt", "000001.jpg zero\n", "line 1: not a name and 1 whole numbers"),
        ("list_eval_partition.txt", "000001.jpg 3\n", "000001.jpg has partition 3"),
        ("list_eval_partition.txt", "", "the file is empty"),
        ("list_eval_partition.txt", "other.jpg 0\n", "has none of the 1 pictures"),
        ("list_bbox_celeba.txt", "1\nhead\n000001.jpg 1 2 3\n", "line 3: not a name and 4 whole numbers"),
        ("list_bbox_celeba.txt", "000001.jpg 1 2 0 4\n", "the box of 000001.jpg is 0 x 4 pixels"),
        ("list_bbox_celeba.txt", "000001.jpg 1 2 999999999 999999999\n", "999999999 x 999999999 pixels"),
    ],
)
def test_malformed_tables(root: Path, file: str, text: str, reason: str) -> None:
    (root / file).write_text(text)
    with pytest.raises(BadInput) as caught:
        read_celeba(root)
    assert reason in str(caught.value)


def test_a_box_beside_the_picture_and_a_broken_picture(root: Path) -> None:
    (root / "list_bbox_celeba.txt").write_text("000001.jpg 50 0 10 10\n")
    with pytest.raises(BadInput, match="lies outside the picture of 50 x 60"):
        cropped(read_celeba(root).faces[0])
    (root / "img_celeba/000001.jpg").write_bytes(b"not a picture")
    with pytest.raises(BadInput, match=r"000001\.jpg: not a picture"):
        cropped(read_celeba(root).faces[0])
    with pytest.raises(BadInput, match="has neither img_celeba nor img_align_celeba"):
        read_celeba(root / "img_celeba")
