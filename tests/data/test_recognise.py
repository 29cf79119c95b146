from pathlib import Path

import pytest
from PIL import Image

from data_layouts import (
    CHAIRS,
    write_celeba,
    write_future3d,
    write_pix3d,
    write_r2n2,
    write_shapenet,
    write_synface,
    write_wedge,
)
from maquette.data.catalogue import DATA_SETS
from maquette.data.layouts import look
from maquette.data.recognise import count_of_faces, need_meshes, recognise
from maquette.io.errors import BadInput


def write_meshes(root: Path) -> None:
    write_wedge(root / "chair/a.obj", "+Z")
    Image.new("RGB", (4, 4)).save(root / "chair/texture.png")


def write_pictures(root: Path) -> None:
    Image.new("RGB", (4, 4)).save(root / "a.png")


LAYOUTS = {
    "r2n2": lambda root: write_r2n2(root, {CHAIRS: ["a"]}),
    "shapenetcore": lambda root: write_shapenet(root, {CHAIRS: ["a"]}),
    "pix3d": lambda root: write_pix3d(root, ["a"]),
    "3d-future": lambda root: write_future3d(root, {"a": "Sofa"}),
    "celeba": lambda root: write_celeba(root),
    "synface": write_synface,
    "meshes": write_meshes,
    "pictures": write_pictures,
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_recognised_and_listed(tmp_path: Path, name: str) -> None:
    LAYOUTS[name](tmp_path)
    assert recognise(tmp_path) == name
    assert name in {data.name for data in DATA_SETS}
    found = look(tmp_path, name)
    assert found.layout == name
    assert len(found.entries) > 0
    assert all(file.is_file() for i in range(len(found.entries)) for file in found.files(i))
    assert found.problems == ()


def test_half_of_a_data_set_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "ShapeNetVox32").mkdir()
    assert recognise(tmp_path) == "r2n2"
    with pytest.raises(BadInput, match="has no folder ShapeNetRendering"):
        look(tmp_path, "r2n2")


def test_what_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(BadInput, match="is no layout that is known"):
        recognise(tmp_path)
    with pytest.raises(BadInput, match="is not a folder"):
        recognise(tmp_path / "notes.txt")
    with pytest.raises(BadInput, match="there is no such folder"):
        recognise(tmp_path / "gone")


def test_layouts_without_meshes_cannot_be_packed(tmp_path: Path) -> None:
    need_meshes(tmp_path, "pix3d")
    with pytest.raises(BadInput, match="is read as it is"):
        need_meshes(tmp_path, "r2n2")
    with pytest.raises(BadInput, match="has no meshes"):
        need_meshes(tmp_path, "celeba")


def test_people_are_counted():
    assert count_of_faces("faces") == 20_000
    assert count_of_faces("faces:3") == 3
    assert count_of_faces("families:3") is None
    with pytest.raises(ValueError, match="use 1 to 1000000 people"):
        count_of_faces("faces:0")
