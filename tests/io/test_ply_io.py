"""`load_ply`, `save_ply`."""

import io
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.io import load_ply, save_ply
from maquette.io.ply_data import read_ply_data
from maquette.io.ply_parse import Ragged, parse_ply

TYPES = ["char", "uchar", "short", "ushort", "int", "uint", "float", "double"]
CODES = dict(zip(TYPES, "bBhHiIfd", strict=True))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), ascii=st.booleans(), normals=st.booleans(), faces=st.booleans())
def test_round_trip(seed, ascii, normals, faces):
    torch.manual_seed(seed)
    verts = torch.randn(5, 3)
    index = torch.randint(0, 5, (4, 3)) if faces else None
    stream = io.BytesIO()
    options = {"verts_normals": torch.randn(5, 3) if normals else None, "decimal_places": 9}
    save_ply(stream, verts, index, ascii=ascii, **options)
    stream.seek(0)
    found, found_faces = load_ply(stream)
    assert torch.allclose(found, verts, atol=1e-7)
    assert torch.equal(found_faces, torch.zeros(0, 3, dtype=torch.int64) if index is None else index)
    data = read_ply_data(stream.getvalue())
    if normals:
        assert np.allclose(data.normals, options["verts_normals"].numpy(), atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_element_in_any_encoding(data):
    """Random elements, lists among them, say the same in ascii and in both byte orders."""
    count = data.draw(st.integers(0, 4))
    kinds = data.draw(
        st.lists(st.tuples(st.sampled_from(TYPES), st.sampled_from([None, "uchar", "int"])), min_size=1)
    )
    header = [f"element thing {count}"]
    header += [
        f"property {kind} p{i}" if size is None else f"property list {size} {kind} p{i}"
        for i, (kind, size) in enumerate(kinds)
    ]
    rows = []
    for _ in range(count):
        lengths = [1 if size is None else data.draw(st.integers(0, 3)) for _, size in kinds]
        rows.append([data.draw(st.lists(st.integers(0, 100), min_size=n, max_size=n)) for n in lengths])
    words = []
    binary = {"<": b"", ">": b""}
    for row in rows:
        line = []
        for (kind, size), values in zip(kinds, row, strict=True):
            prefix = [] if size is None else [len(values)]
            line += [*prefix, *values]
            for order in binary:
                code = order + ("" if size is None else CODES[size]) + CODES[kind] * len(values)
                binary[order] += struct.pack(code, *prefix, *values)
        words.append(" ".join(map(str, line)))
    bodies = {
        "ascii": "".join(f"{line or ' '}\n" for line in words).encode(),
        "binary_little_endian": binary["<"],
        "binary_big_endian": binary[">"],
    }
    for form, body in bodies.items():
        text = "\n".join(["ply", f"format {form} 1.0", *header, "end_header", ""]).encode()
        _, elements = parse_ply(text + body)
        for i, (_, size) in enumerate(kinds):
            column = elements["thing"][f"p{i}"]
            wanted = [value for row in rows for value in row[i]]
            if size is None:
                assert column.tolist() == wanted
            else:
                assert isinstance(column, Ragged)
                assert column.values.tolist() == wanted
                assert column.sizes.tolist() == [len(row[i]) for row in rows]


def ply(*lines):
    return io.BytesIO("\n".join(["ply", "format ascii 1.0", *lines, ""]).encode())


XYZ = ["property float x", "property float y", "property float z"]
FACE = ["element face 1", "property list uchar int vertex_index"]
BODY = ["end_header", "0 0 0", "1 0 0", "0 1 0"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["element vertex 3", *XYZ[:2], "end_header", "0 0", "0 0", "0 0"], "Invalid vertices"),
        (["element vertex 3", *XYZ, *FACE, *BODY], "Not enough data for face"),
        (["element vertex 3", *XYZ, *FACE, *BODY, "3 0 1"], "specified length"),
        (["element vertex 3", *XYZ, *FACE, *BODY, "2 0 1"], "at least 3"),
        (["element vertex 3", *XYZ, *FACE, *BODY, "x 0 1 2"], "list length was not a number"),
        (["element vertex 3", *XYZ, *FACE, *BODY, "3 0 1 y"], "Bad numerical data"),
        (["element vertex 3", *XYZ, *FACE, *BODY, "3 0 1 1.5"], "Bad numerical data"),
        (["element vertex 3", *XYZ, *FACE, *BODY, "3 0 1 2", "4"], "Extra data"),
        (["element vertex 3", *XYZ, "end_header", "0 0 0", "1 0", "0 1 0"], "Inconsistent data"),
        (["element vertex -3", *XYZ, "end_header"], "negative"),
        (["element vertex 0", *XYZ, "property float x", "end_header"], "two properties called x"),
        (["element vertex 0", "property list float int x", "end_header"], "Invalid datatype"),
        (["element face 0", "property int q", "end_header"], "no vertex element"),
        (["element vertex 0", *XYZ], "end_header"),
    ],
)
def test_errors(lines, message):
    with pytest.raises(ValueError, match=message):
        load_ply(ply(*lines))


def test_faces_may_carry_more_than_their_vertices():
    face = [*FACE, "property uchar red", "property uchar green", "property uchar blue"]
    data = read_ply_data(ply("element vertex 3", *XYZ, *face, *BODY, "3 0 1 2 255 0 51").read())
    assert data.faces.tolist() == [[0, 1, 2]]
    assert np.allclose(data.faces_colors, [[1, 0, 0.2]])


def test_out_of_range_indices_warn():
    with pytest.warns(UserWarning, match="Faces have invalid indices"):
        load_ply(ply("element vertex 3", *XYZ, *FACE, *BODY, "3 0 1 3"))


def test_a_text_stream_cannot_hold_a_binary_file():
    stream = io.BytesIO()
    save_ply(stream, torch.zeros(1, 3))
    with pytest.raises(ValueError, match="Text stream"):
        load_ply(io.StringIO(stream.getvalue().decode("latin-1")))


def test_save_checks_shapes():
    for bad in (
        {"verts": torch.rand(3, 2)},
        {"faces": torch.zeros(1, 4)},
        {"verts_normals": torch.rand(2, 3)},
    ):
        with pytest.raises(ValueError, match="should either be empty"):
            save_ply(io.BytesIO(), **({"verts": torch.rand(3, 3)} | bad))
    with pytest.warns(UserWarning, match="Empty 'verts' provided"):
        save_ply(io.BytesIO(), torch.zeros(0, 3), torch.tensor([[0, 1, 2]]))
