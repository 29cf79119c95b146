"""OFF, PLY and STL as many programs write them: marks, letters, colours, structures."""

import codecs
import struct

import numpy as np
import pytest

from maquette.io import IO, BadInput, load_mesh, load_obj
from maquette.io.errors import LeftOut
from maquette.io.mesh_read import read_mesh

OBJ = "mtllib m.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl R\nf 1 2 3\n"
OFF = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
STL = "solid x\nfacet normal 0 0 1\nouter loop\n"
STL += "vertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid x\n"
XYZ = "property float x\nproperty float y\nproperty float z\n"
PLY = f"ply\nformat ascii 1.0\nelement vertex 3\n{XYZ}element face 1\n"
PLY += "property list uchar int vertex_indices\nend_header\n"
PLY += "0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
TEXTS = {".obj": OBJ, ".off": OFF, ".stl": STL, ".ply": PLY}
CORNERS = [[[0, 0, 0], [1, 0, 0], [0, 1, 0]]]


def marked(text):
    return {
        "utf-8": codecs.BOM_UTF8 + text.encode(),
        "utf-16 little": codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        "utf-16 big": codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        "zeros": text.encode() + bytes(7),
        "end of DOS": text.replace("\n", "\r\n").encode() + b"\x1a",
    }


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("kind", marked(""))
def test_marks_and_padding(tmp_path, suffix, kind):
    data = marked(TEXTS[suffix])[kind]
    (tmp_path / "m.mtl").write_bytes(marked("newmtl R\nKd 1 0 0\n")[kind])
    for name in (f"m{suffix}", "plain"):
        (tmp_path / name).write_bytes(data)
        mesh = read_mesh(tmp_path / name)
        assert mesh.verts[mesh.faces].tolist() == CORNERS
        if suffix == ".obj":
            assert mesh.corner_colors()[0, 0].tolist() == [1, 0, 0]
    found = IO().load_mesh(tmp_path / f"m{suffix}")
    assert found.verts_packed()[found.faces_packed()].tolist() == CORNERS


def test_a_mark_before_a_binary_ply(tmp_path):
    header = PLY.split("end_header")[0].replace("ascii", "binary_little_endian") + "end_header\n"
    body = np.array(CORNERS, "<f4").tobytes() + struct.pack("<B3i", 3, 0, 1, 2)
    for padding in (b"", bytes(3)):
        (tmp_path / "m.ply").write_bytes(codecs.BOM_UTF8 + header.encode() + body + padding)
        assert len(load_mesh(tmp_path / "m.ply").faces_packed()) == 1
    (tmp_path / "m.ply").write_bytes(header.encode() + body + b"more")
    with pytest.raises(BadInput, match="Extra data"):
        load_mesh(tmp_path / "m.ply")


@pytest.mark.parametrize(
    "text", [STL.upper(), STL.replace("endsolid", "end solid"), STL.replace("solid x", "Solid"), "\n " + STL]
)
def test_stl_in_other_letters(tmp_path, text):
    (tmp_path / "m.stl").write_text(text)
    for mesh in (load_mesh(tmp_path / "m.stl"), IO().load_mesh(tmp_path / "m.stl")):
        assert mesh.verts_packed()[mesh.faces_packed()].tolist() == CORNERS


def test_a_binary_stl_that_calls_itself_solid(tmp_path):
    record = np.zeros(12, "<f4")
    record[3:] = np.ravel(CORNERS)
    data = b"solid".ljust(80) + struct.pack("<I", 1) + record.tobytes() + bytes(2)
    (tmp_path / "m.stl").write_bytes(data + b"padding")
    assert load_mesh(tmp_path / "m.stl").verts_packed().tolist() == CORNERS[0]
    (tmp_path / "m.stl").write_bytes(data[:100])
    with pytest.raises(BadInput, match="declares 1 triangles but holds 0"):
        load_mesh(tmp_path / "m.stl")


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (["1 0 0", "1 .5 0", "0 1 0"], [1, 0.5, 0]),
        (["255 0 0", "255 51 0", "0 1 0"], [1, 0.2, 0]),
        (["1 0 0", "0 1 0", "0 1 0"], [0, 1 / 255, 0]),
        (["255.0 0 0", "255.0 51.0 0", "0 1 0"], [1, 0.2, 0]),
        (["1 0 0 1", "1 5e-1 0 1", "0 1 0 1"], [1, 0.5, 0]),
    ],
)
def test_off_colours_are_scaled_as_a_whole(tmp_path, rows, wanted):
    places = ["0 0 0", "1 0 0", "0 1 0"]
    text = "COFF\n3 1\n" + "".join(f"{a} {b}\n" for a, b in zip(places, rows, strict=True)) + "3 0 1 2\n"
    (tmp_path / "m.off").write_text(text)
    assert np.allclose(read_mesh(tmp_path / "m.off").verts_colors[1], wanted)
    assert np.allclose(IO().load_mesh(tmp_path / "m.off").textures.verts_features_packed()[1][:3], wanted)


def test_off_with_colours_on_some_faces_and_other_columns(tmp_path):
    path = tmp_path / "m.off"
    path.write_text("OFF\n3 3 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 255 0 0\n3 0 2 1\n3 1 2 0 0 0 255 255\n")
    assert read_mesh(path).faces_colors.tolist() == [[1, 0, 0], [1, 1, 1], [0, 0, 1]]
    rows = "".join(f"{place} 0 0 1 .5 0 0 1 .1 .2\n" for place in ("0 0 0", "1 0 0", "0 1 0"))
    path.write_text(f"STCNOFF\n3 1 0\n{rows}3 0 1 2\n")
    assert read_mesh(path).verts.tolist() == CORNERS[0]
    assert read_mesh(path).verts_colors.tolist() == [[0.5, 0, 0]] * 3
    path.write_text("NOFF\n3 1 0\n" + "0 1 0 0 0 1\n" * 3 + "3 0 1 2\n")
    assert read_mesh(path).verts_colors is None


def test_off_leaves_out_what_has_no_area_and_colours_that_are_none(tmp_path):
    path = tmp_path / "m.off"
    path.write_text("OFF\n3 3 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 7\n2 0 1\n3 0 2 1\n")
    with pytest.warns(LeftOut) as said:
        assert len(load_mesh(path).faces_packed()) == 2
    assert ["1 faces of fewer" in str(w.message) for w in said] == [True, False]
    with pytest.raises(ValueError, match="at least 3"):
        IO().load_mesh(path)


def ply(vertex, rows, *more):
    return f"ply\nformat ascii 1.0\nelement vertex {len(rows)}\n{vertex}" + "\n".join(more).replace(
        "BODY", "\n".join(rows)
    )


FACES = ("element face 1", "property list uchar int vertex_indices", "end_header", "BODY", "3 0 1 2", "")


@pytest.mark.parametrize(
    ("kind", "names", "values", "wanted"),
    [
        ("int", ("red", "green", "blue"), "51 255 0", [0.2, 1, 0]),
        ("uint", ("r", "g", "b"), "51 255 0", [0.2, 1, 0]),
        ("uchar", ("r", "g", "b"), "51 255 0", [0.2, 1, 0]),
        ("ushort", ("red", "green", "blue"), "13107 65535 0", [0.2, 1, 0]),
        ("ushort", ("red", "green", "blue"), "51 255 0", [0.2, 1, 0]),
        ("float", ("red", "green", "blue"), "0.2 1 0", [0.2, 1, 0]),
        ("double", ("diffuse_red", "diffuse_green", "diffuse_blue"), "51.0 255.0 0", [0.2, 1, 0]),
    ],
)
def test_ply_colours(tmp_path, kind, names, values, wanted):
    vertex = XYZ + "".join(f"property {kind} {name}\n" for name in names)
    rows = [f"{place} {values}" for place in ("0 0 0", "1 0 0", "0 1 0")]
    (tmp_path / "m.ply").write_text(ply(vertex, rows, *FACES))
    assert np.allclose(read_mesh(tmp_path / "m.ply").verts_colors, [wanted] * 3)


def test_ply_with_lists_of_vertices_and_short_faces(tmp_path):
    path = tmp_path / "m.ply"
    path.write_text(
        ply(XYZ + "property list uchar int tags\n", ["0 0 0 1 7", "1 0 0 0", "0 1 0 2 5 6"], *FACES)
    )
    assert load_mesh(path).verts_packed().tolist() == CORNERS[0]
    text = PLY.replace("face 1", "face 3") + "2 0 1\n0\n"
    path.write_text(text)
    with pytest.warns(LeftOut, match="m.ply: element face: 2 faces of fewer than 3 vertices"):
        assert load_mesh(path).faces_packed().tolist() == [[0, 1, 2]]
    with pytest.raises(ValueError, match="at least 3"):
        IO().load_mesh(path)


def test_ply_strips(tmp_path):
    path = tmp_path / "m.ply"
    rows = ["0 0 0", "1 0 0", "0 1 0", "1 1 0", "0 2 0"]
    strip = ("element tristrips 2", "property list int int vertex_indices", "end_header", "BODY")
    path.write_text(ply(XYZ, rows, *strip, "9 0 1 2 3 4 -1 4 3 2", "4 0 1 1 2", ""))
    wanted = [[0, 1, 2], [1, 3, 2], [2, 3, 4], [4, 3, 2]]
    assert load_mesh(path).faces_packed().tolist() == wanted
    assert IO().load_mesh(path).faces_packed().tolist() == wanted
    path.write_text(ply(XYZ, rows, *strip, "2 0 1", "0", ""))
    with pytest.raises(BadInput, match="no faces"):
        load_mesh(path)
    path.write_text(ply(XYZ, rows, *strip, "3 0 1 7", "0", ""))
    with pytest.raises(BadInput, match="names vertex 7 of 5"):
        load_mesh(path)


def test_obj_keywords_in_capitals(tmp_path):
    (tmp_path / "m.obj").write_text("V 0 0 0\nV 1 0 0\nv 0 1 0\nVT 0 0\nF 1/1 2/1 3/1\n")
    assert load_mesh(tmp_path / "m.obj").faces_packed().tolist() == [[0, 1, 2]]
    assert load_obj(tmp_path / "m.obj", load_textures=False)[2].verts_uvs.shape == (1, 2)


def test_obj_colours_of_some_vertices_are_said_to_be_left_out(tmp_path):
    (tmp_path / "m.obj").write_text("v 0 0 0 1 0 0\nv 1 0 0\nv 0 1 0 1 0 0\nf 1 2 3\n")
    with pytest.warns(LeftOut, match="m.obj: colours of vertices"):
        assert load_mesh(tmp_path / "m.obj").textures is None


def test_corners_of_an_stl_are_joined_even_where_hashes_agree(tmp_path, monkeypatch):
    facet = STL.split("solid x\n")[1].removesuffix("end")
    text = f"solid x\n{facet}{facet.replace('vertex 0 1 0', 'vertex 0 -0.0 7')}endsolid x\n"
    (tmp_path / "m.stl").write_text(text)
    wanted = load_mesh(tmp_path / "m.stl")
    monkeypatch.setattr("maquette.io.stl_parse._FACTORS", np.zeros(3, np.uint64))
    found = load_mesh(tmp_path / "m.stl")
    assert found.verts_packed().tolist() == wanted.verts_packed().tolist() == [*CORNERS[0], [0, 0, 7]]
    assert found.faces_packed().tolist() == wanted.faces_packed().tolist() == [[0, 1, 2], [0, 1, 3]]
