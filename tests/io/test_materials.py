"""Materials of OBJ files: every face gets the colour of its own, whatever names, libraries and maps look like."""

from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.io import BadInput, load_mesh, load_obj, save_image
from maquette.io.errors import LeftOut
from maquette.io.mesh_read import read_mesh

TWO = (
    "v 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\n"
    "usemtl {0}\nf 1/1 2/2 3/3\nusemtl {1}\nf 1/1 3/3 2/2\n"
)


def colors(path: Path) -> list[list[float]]:
    """Of the two faces."""
    found = read_mesh(path).corner_colors()
    assert found is not None
    return found[:, 0].astype(float).round(3).tolist()


@pytest.fixture
def write(tmp_path: Path):
    def write(obj: str, **libraries: str | bytes) -> Path:
        for name, text in libraries.items():
            (tmp_path / f"{name}.mtl").write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "m.obj").write_bytes(obj if isinstance(obj, bytes) else obj.encode())
        return tmp_path / "m.obj"

    return write


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Wood dark", "Wood light"),
        ("a", "a b"),
        ("b#1", "b#2"),
        ("Wood\tdark", "Wood  light # remark"),
        ("é", "è"),
    ],
)
def test_names(write, first: str, second: str) -> None:
    path = write(
        f"mtllib a.mtl\n{TWO.format(first, second)}",
        a=f"newmtl {first}\nKd .2 0 0\nnewmtl {second}\nKd 0 0 .9\n",
    )
    assert colors(path) == [[0.2, 0, 0], [0, 0, 0.9]]
    _, faces, aux = load_obj(path)
    found = [
        aux.material_colors[list(aux.material_colors)[i]]["diffuse_color"]
        for i in faces.materials_idx.tolist()
    ]
    assert torch.allclose(torch.stack(found), torch.tensor([[0.2, 0, 0], [0, 0, 0.9]]))


def test_names_that_are_not_utf_8_stay_apart(write) -> None:
    obj = ("mtllib a.mtl\n" + TWO.format("é", "è")).encode("latin-1")
    assert colors(write(obj, a="newmtl é\nKd 1 0 0\nnewmtl è\nKd 0 1 0\n".encode("latin-1"))) == [
        [1, 0, 0],
        [0, 1, 0],
    ]


@pytest.mark.parametrize(
    "lines", ["mtllib a.mtl\nmtllib b.mtl\n", "mtllib a.mtl b.mtl\n", "MTLLIB a.mtl\nmtllib  b.mtl \n"]
)
def test_several_libraries(write, lines: str) -> None:
    path = write(
        lines + TWO.format("A", "B"), a="newmtl A\nKd 1 0 0\n", b="newmtl B\nKd 0 0 1\nnewmtl A\nKd 0 1 0\n"
    )
    assert colors(path) == [[1, 0, 0], [0, 0, 1]]
    assert {k: v["diffuse_color"].tolist() for k, v in load_obj(path)[2].material_colors.items()} == {
        "A": [1, 0, 0],
        "B": [0, 0, 1],
    }


def test_what_is_missing_is_said(write) -> None:
    path = write("mtllib a.mtl\nmtllib none.mtl\n" + TWO.format("A", "B"), a="newmtl A\nKd 1 0 0\n")
    with pytest.warns(LeftOut) as said:
        assert colors(path) == [[1, 0, 0], [1, 1, 1]]
    assert [str(w.message).split(": ", 1)[1] for w in said] == [
        "the material file 'none.mtl' is not there",
        "the material 'B' is not in its library",
    ]


@pytest.mark.parametrize(
    ("material", "wanted"),
    [
        ("Kd 1 0 0", [1, 0, 0]),
        ("kd 0.5", [0.5, 0.5, 0.5]),
        ("Kd .5 1 1\nmap_Kd white.png", [0.5, 1, 1]),
        ("map_kd white.png\nKd 2 -1 0.2", [1, 0, 0.2]),
        ("Kd 1 1 1\nmap_Kd white.png", [1, 1, 1]),
        ("Kd 0 0 0\nmap_Kd white.png", [1, 1, 1]),
        ("MAP_KD white.png", [1, 1, 1]),
    ],
)
def test_a_colour_times_its_map(write, tmp_path: Path, material: str, wanted: list[float]) -> None:
    save_image(torch.ones(3, 2, 2), tmp_path / "white.png")
    path = write(
        "mtllib a.mtl\n" + TWO.format("T", "U"),
        a=f"newmtl T\n{material}\nnewmtl U\nKd 0 1 0\nmap_Kd white.png\n",
    )
    assert np.allclose(colors(path), [wanted, [0, 1, 0]], atol=1e-3)


def test_numbers_that_are_not_there_or_not_needed(write) -> None:
    body = "v 0 0 0\nv 1 0 0\nv 1 1 0\n"
    body += "vn nan nan nan\nvn -nan(ind) -nan(ind) -nan(ind)\nvn 1 0\nvt .1\nvt .5 .6\nvt .9\n"
    assert len(load_mesh(write(body + "f 1/1/1 2/2/2 3/3/3\n")).faces_packed()) == 1
    with pytest.raises(BadInput, match="line 10: invalid literal"):
        load_mesh(write(body + "f 1 / /\n"))
    with pytest.raises(BadInput, match="line 4: Texture"):
        load_mesh(write("v 0 0 0\nv 1 0 0\nv 1 1 0\nvt\nf 1 2 3\n"))


def test_faces_of_fewer_than_three_corners_are_left_out(write) -> None:
    body = "v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2\nf 1 2 3\nf 2\nf\n"
    with pytest.warns(LeftOut, match="m.obj: line 4: a face with fewer than 3 corners is left out, 3 in all"):
        assert load_mesh(write(body)).faces_packed().tolist() == [[0, 1, 2]]
