"""Files that a file names: found where they were moved to, and never outside of the folder unless asked for."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.io import IO, BadInput, load_mesh, load_obj, load_objs_as_meshes, read_cameras, save_image
from maquette.io.errors import LeftOut, ParseError
from maquette.io.mesh_read import read_mesh
from maquette.io.references import References

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl T\nf 1/1 2/2 3/3 4/4\n"
RED = torch.tensor([1.0, 0, 0])[:, None, None].expand(3, 2, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "inner"
    (inner / "sub dir").mkdir(parents=True)
    (inner / "m.obj").write_text("mtllib m.mtl\n" + SQUARE)
    save_image(RED, tmp_path / "secret.png")
    save_image(RED, inner / "red.png")
    return inner


def shown(folder: Path) -> list[list[float]]:
    colors = read_mesh(folder / "m.obj").corner_colors()
    return [] if colors is None else np.unique(colors.reshape(-1, 3), axis=0).tolist()


@pytest.mark.parametrize(
    "name",
    ["red.png", '"red.png"', "'red.png'", r"C:\Users\someone\Desktop\red.png", "/home/someone/red.png", r".\red.png",
     "../elsewhere/red.png", "RED.PNG", r"textures\Red.png", r"\\server\share\red.png", "-s 1 1 1 red.png",
     "sub dir/../red.png"],
)  # fmt: skip
def test_a_picture_is_found_beside_the_file(folder: Path, name: str) -> None:
    (folder / "m.mtl").write_text(f"newmtl T\nmap_Kd {name}\n")
    assert shown(folder) == [[1, 0, 0]]


@pytest.mark.parametrize(
    "line", [r".\sub dir\my mat.mtl", '"sub dir/my mat.mtl"', "none.mtl sub dir/my mat.mtl"]
)
def test_a_library_is_found_too(folder: Path, line: str) -> None:
    (folder / "m.obj").write_text(f"mtllib {line}\n" + SQUARE)
    (folder / "sub dir" / "my mat.mtl").write_text("newmtl T\nKd 0 0 1\n")
    assert shown(folder) == [[0, 0, 1]]
    assert load_obj(folder / "m.obj")[2].material_colors["T"]["diffuse_color"].tolist() == [0, 0, 1]


@pytest.mark.parametrize("absolute", [False, True])
def test_what_lies_outside_is_refused_unless_asked_for(folder: Path, absolute: bool) -> None:
    secret = folder.parent / "secret.png"
    (folder / "m.mtl").write_text(f"newmtl T\nmap_Kd {secret if absolute else '../secret.png'}\n")
    with pytest.raises(BadInput, match=r"m\.obj: names .*secret\.png', which is outside of its folder"):
        load_mesh(folder / "m.obj")
    assert load_mesh(folder / "m.obj", root=folder.parent).textures.maps_padded()[0, 0, 0].tolist() == [
        1,
        0,
        0,
    ]
    with pytest.warns(UserWarning, match="outside of its folder"):
        assert load_obj(folder / "m.obj")[2].texture_images == {}
    (folder / "m.obj").write_text("mtllib ../inner/../m.mtl\n" + SQUARE)
    (folder.parent / "m.mtl").write_text("newmtl T\nKd 1 0 0\n")
    (folder / "m.mtl").unlink()
    with pytest.raises(BadInput, match="outside of its folder"):
        load_mesh(folder / "m.obj")


def test_a_root_is_a_folder_beside_the_files_own(folder: Path) -> None:
    (folder / "m.mtl").write_text("newmtl T\nmap_Kd red.png\n")
    (folder.parent / "other").mkdir()
    assert load_mesh(folder / "m.obj", root=folder.parent / "other").textures is not None
    (folder / "m.mtl").write_text("newmtl T\nmap_Kd ../secret.png\n")
    with pytest.raises(BadInput, match=r"outside of .*other$"):
        load_mesh(folder / "m.obj", root=folder.parent / "other")
    for root in ("none", "secret.png"):
        with pytest.raises(BadInput, match=f"{root}: is the folder that names may lead into, but is none"):
            load_mesh(folder / "m.obj", root=folder.parent / root)


def test_the_picture_of_a_ply_stays_in_the_folder(folder: Path) -> None:
    text = (
        "ply\nformat ascii 1.0\ncomment TextureFile ../secret.png\nelement vertex 3\nproperty float x\n"
        "property float y\nproperty float z\nproperty float s\nproperty float t\nelement face 1\n"
        "property list uchar int vertex_index\nend_header\n0 0 0 0 0\n1 0 0 1 0\n0 1 0 0 1\n3 0 1 2\n"
    )
    (folder / "m.ply").write_text(text)
    with pytest.raises(BadInput, match="outside of its folder"):
        load_mesh(folder / "m.ply")
    with pytest.warns(UserWarning, match="outside of its folder"):
        assert IO().load_mesh(folder / "m.ply").textures is None
    (folder / "m.ply").write_text(text.replace("../secret", "red"))
    for mesh in (load_mesh(folder / "m.ply"), IO().load_mesh(folder / "m.ply")):
        assert mesh.textures.maps_padded()[0, 0, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "name", ["a" * 300 + ".png", "none.png", "nul\0.png", "x" * 5000, "", ".", "..", "/"]
)
def test_what_is_not_there_is_said(folder: Path, name: str) -> None:
    assert References(folder).find(name) is None
    if len(name) > 2:
        (folder / "m.mtl").write_text(f"newmtl T\nmap_Kd {name}\n")
        with pytest.warns(LeftOut, match="m.obj: the texture .* is not there"):
            assert shown(folder) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_links(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    (folder / "m.mtl").write_text("newmtl T\nmap_Kd pipe.png\n")
    with pytest.raises(BadInput, match=r"pipe\.png: is a pipe"):
        shown(folder)
    with pytest.warns(UserWarning, match="Texture file does not exist"):
        assert load_obj(folder / "m.obj")[2].texture_images == {}
    (folder / "link.png").symlink_to("../secret.png")
    (folder / "m.mtl").write_text("newmtl T\nmap_Kd link.png\n")
    assert shown(folder) == [[1, 0, 0]]  # who made the link asked for it


def test_textures_share_one_budget_of_pixels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maquette.io.references.LARGEST_PIXELS", 7)
    save_image(RED, folder / "other.png")
    files = References(folder)
    assert files.picture("red.png") is files.picture("RED.png")
    with pytest.raises(BadInput, match=r"other\.png: the picture is 2 x 2"):
        files.picture("other.png")
    with pytest.raises(BadInput, match=r"red\.png: all textures and their tints"):
        files.picture("red.png", np.full(3, 0.5, np.float32))
    with pytest.raises(ParseError, match="outside"):
        files.picture("../secret.png")
    tinted = References(folder)
    for _ in range(3):
        picture = tinted.picture("red.png", np.full(3, 0.5, np.float32))
        assert picture is not None
        assert picture[0, 0].tolist() == [0.5, 0, 0]


@pytest.mark.parametrize(
    "uri", ["../data.bin", "%2e%2e/data.bin", "%2E./data.bin", "sub%20dir/..%2f../data.bin"]
)
def test_the_buffers_of_a_gltf_stay_in_the_folder(folder: Path, uri: str) -> None:
    asset = {"asset": {"version": "2.0"}, "buffers": [{"uri": uri, "byteLength": 36}]}
    asset |= {
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
    }
    asset["accessors"] = [{"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3}]
    asset["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}}]}]
    (folder / "m.gltf").write_text(json.dumps(asset))
    (folder.parent / "data.bin").write_bytes(np.eye(3, dtype="<f4").tobytes())
    with pytest.raises(BadInput, match="outside of its folder"):
        load_mesh(folder / "m.gltf")
    assert load_mesh(folder / "m.gltf", root=folder.parent).verts_packed().tolist() == np.eye(3).tolist()


def test_the_pictures_of_cameras_stay_in_the_folder(folder: Path) -> None:
    view = {
        "image": "../secret.png",
        "mask": None,
        "width": 2,
        "height": 2,
        "K": [[2, 0, 1], [0, 2, 1], [0, 0, 1]],
    }
    view["world_to_camera"] = np.eye(4).tolist()
    tree = {"maquette_cameras": 1, "convention": "opencv", "views": [view]}
    (folder / "cameras.json").write_text(json.dumps(tree))
    with pytest.raises(
        BadInput, match=r"cameras\.json: names '../secret\.png', which is outside of its folder"
    ):
        read_cameras(folder / "cameras.json")
    assert (
        read_cameras(folder / "cameras.json", root=folder.parent).views[0].image
        == folder.parent / "secret.png"
    )


LONG = "a" * 300


@pytest.mark.parametrize(
    "read", [load_mesh, IO().load_mesh, lambda path: load_objs_as_meshes([path], create_texture_atlas=True)]
)
@pytest.mark.parametrize("name", ["map", "library"])
def test_names_longer_than_file_systems_take_are_no_files(tmp_path: Path, read, name: str) -> None:
    (tmp_path / "x.mtl").write_text(f"newmtl a\nKd 1 0 0\nmap_Kd {LONG}.png\n")
    library = "x.mtl" if name == "map" else f"{LONG}.mtl"
    face = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n"
    (tmp_path / "x.obj").write_text(f"mtllib {library}\nusemtl a\n{face}")
    with pytest.warns(UserWarning, match="is not there|does not exist"):
        assert len(read(tmp_path / "x.obj")) == 1
