"""Every kind of bad mesh file gives one `BadInput` line naming the file, quickly."""

import json
import struct
import time

import numpy as np
import pytest
import torch

from maquette.io import BadInput, load_mesh, save_mesh
from maquette.structures import Meshes
from tests.io.gltf_samples import Sample

VERTS = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
FACES = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
SUFFIXES = (".obj", ".ply", ".glb", ".off", ".stl")

OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
PLY = (
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    "element face 1\nproperty list uchar int vertex_index\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
)
OFF = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
BINARY_PLY = PLY.split("end_header")[0].replace("ascii", "binary_little_endian") + "end_header\n"


@pytest.fixture
def good(tmp_path):
    def write(suffix):
        path = tmp_path / f"good{suffix}"
        save_mesh(Meshes([VERTS], [FACES]), path)
        return path

    return write


def refused(path, *words):
    start = time.perf_counter()
    with pytest.raises(BadInput) as caught:
        load_mesh(path)
    assert time.perf_counter() - start < 2
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    for word in words:
        assert word in text
    return text


def test_the_samples_themselves_are_good(tmp_path):
    for name, text in (("a.obj", OBJ), ("a.ply", PLY), ("a.off", OFF)):
        (tmp_path / name).write_text(text)
        assert load_mesh(tmp_path / name).faces_packed().tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_folder_and_empty(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    refused(path, "No such file")
    path.touch()
    refused(path, "empty")
    (tmp_path / f"d{suffix}").mkdir()
    refused(tmp_path / f"d{suffix}", "folder")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated(good, tmp_path, suffix):
    data = good(suffix).read_bytes()
    path = tmp_path / f"cut{suffix}"
    for part in (0.1, 0.3, 0.5, 0.7, 0.9):
        path.write_bytes(data[: int(len(data) * part)])
        refused(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_noise(tmp_path, suffix):
    path = tmp_path / f"noise{suffix}"
    rng = np.random.default_rng(0)
    for length in (1, 10, 100, 5000):
        path.write_bytes(rng.integers(0, 256, length, dtype=np.uint8).tobytes())
        refused(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_flipped_bytes_never_raise_anything_else(good, tmp_path, suffix):
    data = good(suffix).read_bytes()
    path = tmp_path / f"flipped{suffix}"
    rng = np.random.default_rng(1)
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            broken[at] = rng.integers(0, 256)
        path.write_bytes(bytes(broken))
        try:
            mesh = load_mesh(path)
        except BadInput:
            continue
        assert mesh.verts_packed().isfinite().all()
        assert mesh.faces_packed().min() >= 0
        assert mesh.faces_packed().max() < len(mesh.verts_packed())


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("range.obj", OBJ.replace("f 1 2 3", "f 1 2 4"), ["vertex 3 of 3"]),
        ("zero.obj", OBJ.replace("f 1 2 3", "f 0 1 2"), ["line 4", "start at 1"]),
        ("negative.obj", OBJ.replace("f 1 2 3", "f -1 -2 -4"), ["face 0"]),
        ("nan.obj", OBJ.replace("v 1 0 0", "v nan 0 0"), ["vertex 1", "finite"]),
        ("inf.obj", OBJ.replace("v 1 0 0", "v 1e99 0 0"), ["vertex 1", "finite"]),
        ("none.obj", OBJ.split("f")[0], ["no faces"]),
        ("nothing.obj", "# only a remark\n", ["no vertices"]),
        ("short.obj", OBJ.replace("f 1 2 3", "f 1 2"), ["line 4"]),
        ("word.obj", OBJ.replace("v 1 0 0", "v one 0 0"), ["line 2", "not a number"]),
        ("word2.obj", OBJ.replace("f 1 2 3", "f 1 x 3"), ["line 4"]),
        ("huge.obj", OBJ.replace("f 1 2 3", f"f 1 2 {10**30}"), ["line 4"]),
        ("range.ply", PLY.replace("3 0 1 2", "3 0 1 3"), ["vertex 3 of 3"]),
        ("negative.ply", PLY.replace("3 0 1 2", "3 0 1 -1"), ["vertex -1 of 3"]),
        ("nan.ply", PLY.replace("1 0 0", "nan 0 0"), ["vertex 1"]),
        ("none.ply", PLY.replace("face 1", "face 0").replace("3 0 1 2\n", ""), ["no faces"]),
        ("edge.ply", PLY.replace("3 0 1 2", "2 0 1"), ["at least 3"]),
        ("long.ply", PLY + "3 0 1 2\n", ["Extra data"]),
        ("header.ply", PLY.split("end_header")[0], ["end_header"]),
        ("many.ply", PLY.replace("vertex 3", "vertex 2000000000"), ["Not enough data"]),
        ("range.off", OFF.replace("3 0 1 2", "3 0 1 3"), ["vertex 3 of 3"]),
        ("nan.off", OFF.replace("1 0 0", "nan 0 0"), ["vertex 1"]),
        ("none.off", "OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", ["no faces"]),
        ("many.off", OFF.replace("3 1 0", "2000000000 1 0"), []),
        ("many2.off", OFF.replace("3 1 0", "3 2000000000 0"), ["Not enough"]),
        ("open.stl", "solid x\nfacet\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n", ["endsolid"]),
        ("odd.stl", "solid x\nvertex 0 0 0\nvertex 1 0 0\nendsolid\n", ["three vertices"]),
        ("nan.stl", "solid\nvertex nan 0 0\nvertex 1 0 0\nvertex 0 1 0\nendsolid\n", ["finite"]),
        ("empty.stl", "solid x\nendsolid x\n", ["no vertices"]),
        ("strange.xyz", "1 2 3\n4 5 6\n", ["unknown kind"]),
    ],
)
def test_malformed_text(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    refused(tmp_path / name, *words)


@pytest.mark.parametrize("count", [2_000_000_000, 2**31 - 1, 2**40])
def test_huge_declared_sizes_answer_at_once(tmp_path, count):
    path = tmp_path / "huge.ply"
    path.write_bytes(BINARY_PLY.replace("vertex 3", f"vertex {count}").encode() + bytes(50))
    refused(path, "Not enough data for vertex")
    path.write_bytes(BINARY_PLY.replace("face 1", f"face {count}").encode() + bytes(50))
    refused(path, "Not enough data for face")


def test_huge_list_in_a_binary_ply(tmp_path):
    path = tmp_path / "list.ply"
    body = np.zeros(9, "<f4").tobytes() + struct.pack("<I", 2**32 - 1)
    path.write_bytes(BINARY_PLY.replace("uchar int", "uint int").encode() + body)
    refused(path, "Not enough data for face")


def test_huge_counts_in_binary_stl(tmp_path):
    path = tmp_path / "huge.stl"
    path.write_bytes(bytes(80) + struct.pack("<I", 2**32 - 1) + bytes(50))
    refused(path, "declares 4294967295 triangles but holds 1")


def edited_glb(good, tmp_path, edit):
    data = good(".glb").read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    tree, rest = json.loads(data[20 : 20 + size]), data[20 + size :]
    edit(tree)
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    content = struct.pack("<I4s", len(text), b"JSON") + text + rest
    path = tmp_path / "edited.glb"
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(content)) + content)
    return path


@pytest.mark.parametrize(
    "edit",
    [
        lambda t: t["accessors"][0].update(count=2_000_000_000),
        lambda t: t["accessors"][0].update(count=-1),
        lambda t: t["accessors"][0].update(byteOffset=-4),
        lambda t: t["accessors"][0].update(type="VEC9"),
        lambda t: t["accessors"][0].pop("bufferView"),
        lambda t: t["bufferViews"][0].update(byteLength=2**40, byteOffset=2**40),
        lambda t: t["buffers"][0].update(byteLength=2**40),
        lambda t: t["nodes"][0].update(children=[0]),
        lambda t: t["nodes"][0].update(mesh=7),
        lambda t: t["nodes"][0].update(matrix=[1, 2]),
        lambda t: t.update(scenes=[{"nodes": [5]}]),
        lambda t: t.update(nodes=3),
        lambda t: t.update(asset={"version": "1.0"}),
        lambda t: t.update(meshes=[{"primitives": []}]),
        lambda t: t.update(extensionsRequired=["KHR_draco_mesh_compression"]),
        lambda t: t["meshes"][0]["primitives"][0].update(material=9),
        lambda t: t.update(asset=[]),
        lambda t: t.update(extensionsRequired=1),
        lambda t: t.update(extensionsRequired=["X_unknown"]),
        lambda t: t.update(extensionsUsed=[[]]),
        lambda t: t.update(scenes=[{"nodes": [-1]}]),
        lambda t: t.update(scene="0"),
        lambda t: t.update(nodes=[[]]),
        lambda t: t.update(nodes=[{"mesh": -1}]),
        lambda t: t.update(nodes=[{"children": [1]}, {"children": [0], "mesh": 0}], scenes=[{"nodes": [1]}]),
        lambda t: t["nodes"][0].update(scale=[1, 1, float("nan")]),
        lambda t: t["nodes"][0].update(translation=[1, 1, 10**400]),
        lambda t: t["nodes"][0].update(translation=["1", "2", "3"]),
        lambda t: (
            t["nodes"][0].update(matrix=[1e300] * 16, children=[1])
            or t["nodes"].append(t["nodes"][0] | {"children": []})
        ),
        lambda t: t["nodes"][0].update(skin=0),
        lambda t: t["accessors"][0].update(type="SCALAR"),
        lambda t: t["accessors"][-1].update(componentType=5126),
        lambda t: t["accessors"][-1].update(componentType=[]),
        lambda t: t["accessors"][0].update(count=True),
        lambda t: t["bufferViews"][0].update(byteStride=-12),
        lambda t: t["bufferViews"][0].update(buffer=-1),
        lambda t: t["meshes"][0].update(primitives={}),
        lambda t: t["meshes"][0]["primitives"][0]["attributes"].update(
            COLOR_0=t["meshes"][0]["primitives"][0]["indices"]
        ),
        lambda t: t["materials"][0].update(pbrMetallicRoughness={"baseColorFactor": [1, 1, 1]}),
        lambda t: t["materials"][0].update(extensions={"KHR_materials_pbrSpecularGlossiness": 3}),
    ],
)
def test_malformed_glb(good, tmp_path, edit):
    refused(edited_glb(good, tmp_path, edit))


def test_a_glb_with_colours_for_some_vertices(tmp_path):
    sample = Sample()
    sample.attribute("COLOR_0", [[1, 0, 0]] * 3)
    (tmp_path / "few.glb").write_bytes(sample.glb())
    refused(tmp_path / "few.glb", "accessor 2", "has 3 values instead of 4")


def test_glb_with_indices_out_of_range(good, tmp_path):
    data = bytearray(good(".glb").read_bytes())
    at = bytes(data).rindex(FACES.numpy().astype("<u2").tobytes())
    data[at : at + 2] = b"\x09\x00"
    path = tmp_path / "range.glb"
    path.write_bytes(bytes(data))
    refused(path, "vertex 9 of 4")


def test_broken_texture_names_its_own_file(tmp_path):
    (tmp_path / "m.obj").write_text(
        "mtllib m.mtl\nvt 0 0\nusemtl a\n" + OBJ.replace("f 1 2 3", "f 1/1 2/1 3/1")
    )
    (tmp_path / "m.mtl").write_text("newmtl a\nmap_Kd t.png\n")
    (tmp_path / "t.png").write_bytes(b"not a picture")
    with pytest.raises(BadInput, match=r"t\.png"):
        load_mesh(tmp_path / "m.obj")


def test_texture_indices_are_checked(tmp_path):
    from maquette.io import save_image

    (tmp_path / "m.obj").write_text(
        "mtllib m.mtl\nvt 0 0\nusemtl a\n" + OBJ.replace("f 1 2 3", "f 1/1 2/5 3/1")
    )
    (tmp_path / "m.mtl").write_text("newmtl a\nmap_Kd t.png\n")
    save_image(torch.rand(3, 4, 4), tmp_path / "t.png")
    refused(tmp_path / "m.obj", "texture coordinate")
