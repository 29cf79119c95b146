"""Every kind of bad input gives exit 3, one line naming the file, and nothing left behind."""

import json
import shutil
import struct
import time
import zlib
from pathlib import Path

import pytest
import torch

from maquette.io import load_mesh, save_image, save_mesh
from maquette.structures import VoxelGrid

OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
PLY = (
    "ply\nformat binary_little_endian 1.0\nelement vertex {}\nproperty float x\nproperty float y\n"
    "property float z\nelement face 1\nproperty list uchar int vertex_index\nend_header\n"
)
COMMANDS = {
    "mold": ["-o", "{out}/mesh.glb"],
    "render": ["-o", "{out}/views"],
    "voxelize": ["-o", "{out}/grid.binvox"],
    "view": ["--check"],
}


def png_bomb() -> bytes:
    """A picture whose header promises 10 gigapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"0"))
        + chunk(b"IEND", b"")
    )


def truncated(suffix: str):
    def write(folder: Path, ball: Path) -> Path:
        save_mesh(load_mesh(ball), folder / f"bad{suffix}")
        data = (folder / f"bad{suffix}").read_bytes()
        (folder / f"bad{suffix}").write_bytes(data[: len(data) // 2])
        return folder / f"bad{suffix}"

    return write


def holding(name: str, content: str | bytes):
    def write(folder: Path, ball: Path) -> Path:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return folder / name

    return write


def bombed_texture(folder: Path, ball: Path) -> Path:
    (folder / "bomb.png").write_bytes(png_bomb())
    (folder / "bad.mtl").write_text("newmtl a\nmap_Kd bomb.png\n")
    (folder / "bad.obj").write_text(
        "mtllib bad.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl a\nf 1/1 2/2 3/3\n"
    )
    return folder / "bad.obj"


MESHES = {
    "missing": lambda folder, ball: folder / "missing.obj",
    "empty": holding("empty.glb", ""),
    "a folder": lambda folder, ball: folder,
    **{f"truncated {suffix}": truncated(suffix) for suffix in (".ply", ".glb", ".off", ".stl")},
    "truncated .obj": holding("bad.obj", OBJ[: OBJ.index("f 1") + 5]),
    "corrupt .obj": holding("bad.obj", "v 0 0 zero\nf 1 1 1\n"),
    "corrupt .glb": holding("bad.glb", b"glTF" + bytes(range(256))),
    "noise": holding("bad.stl", bytes(range(256)) * 3),
    "faces out of range": holding("bad.obj", OBJ.replace("f 1 2 3", "f 1 2 4")),
    "NaN": holding("bad.obj", OBJ.replace("v 1 0 0", "v 1 nan 0")),
    "no faces": holding("bad.obj", OBJ[: OBJ.index("f")]),
    "two billion vertices": holding("bad.ply", PLY.format(2_000_000_000) + "\0" * 64),
    "image bomb as texture": bombed_texture,
    "all in one place": holding("bad.obj", "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n"),
    "no area": holding("bad.obj", "v 0 0 0\nv 1 1 1\nv 2 2 2\nf 1 2 3\n"),
}


def refused(ran, path: Path, seconds: float) -> None:
    assert ran.code == 3, ran.err
    assert ran.out == ""
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith(f"maquette: {path}"), ran.err
    assert seconds < 4


def timed(maquette, *words):
    began = time.perf_counter()
    ran = maquette(*words)
    return ran, time.perf_counter() - began


SHOWN = {"all in one place", "no area"}  # nothing to compute on, but nothing against looking at it
PAIRS = [(command, case) for command in COMMANDS for case in MESHES if command != "view" or case not in SHOWN]


@pytest.mark.parametrize(("command", "case"), PAIRS)
def test_bad_meshes(maquette, ball, tmp_path, command, case):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    path = MESHES[case](folder, ball)
    words = [word.format(out=out) for word in COMMANDS[command]]
    ran, seconds = timed(maquette, command, path, *words)
    refused(ran, folder if case == "image bomb as texture" else path, seconds)
    assert list(out.iterdir()) == []


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    from maquette.cli.main import main
    from maquette.utils import ico_sphere

    folder = tmp_path_factory.mktemp("rendered")
    save_mesh(ico_sphere(1), folder / "ball.obj")
    words = f"render {folder}/ball.obj -o {folder}/views --views 3 --size 16 --quiet"
    assert main(words.split()) == 0
    return folder / "views"


def edit(change):
    def spoil(folder: Path) -> Path:
        path = folder / "cameras.json"
        tree = json.loads(path.read_text())
        change(tree)
        path.write_text(json.dumps(tree))
        return path

    return spoil


def no_file(folder: Path) -> Path:
    (folder / "cameras.json").unlink()
    return folder


def half_a_file(folder: Path) -> Path:
    path = folder / "cameras.json"
    path.write_text(path.read_text()[:200])
    return path


def rewrite(name: str, data: bytes):
    def spoil(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return spoil


def repaint(name: str, picture: torch.Tensor):
    def spoil(folder: Path) -> Path:
        save_image(picture, folder / name)
        return folder / name

    return spoil


def unlink(name: str):
    def spoil(folder: Path) -> Path:
        (folder / name).unlink()
        return folder / name

    return spoil


def another_size(folder: Path) -> Path:
    for kind in ("images", "masks"):
        save_image(torch.ones(8, 24), folder / kind / "001.png")
    return edit(lambda tree: tree["views"][1].update(width=24, height=8))(folder)


FOLDERS = {
    "no cameras.json": no_file,
    "truncated": half_a_file,
    "not a camera file": edit(lambda tree: tree.pop("maquette_cameras")),
    "views missing": edit(lambda tree: tree.pop("views")),
    "no views": edit(lambda tree: tree["views"].clear()),
    "not a rotation": edit(lambda tree: tree["views"][1]["world_to_camera"][0].__setitem__(0, 5.0)),
    "a camera without K": edit(lambda tree: tree["views"][2].pop("K")),
    "a picture missing": unlink("images/001.png"),
    "masks of different sizes": repaint("masks/001.png", torch.ones(8, 8)),
    "views of different sizes": another_size,
    "neither picture nor mask": edit(lambda tree: tree["views"][0].update(image=None, mask=None)),
    "an all-black mask": repaint("masks/002.png", torch.zeros(16, 16)),
    "an image bomb": rewrite("masks/000.png", png_bomb()),
    "a mask that is no picture": rewrite("masks/000.png", b"hello"),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_bad_folders(maquette, rendered, tmp_path, case):
    folder, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(rendered, folder)
    out.mkdir()
    path = FOLDERS[case](folder)
    ran, seconds = timed(maquette, "mold", folder, "-o", out / "mesh.glb")
    refused(ran, path, seconds)
    assert list(out.iterdir()) == []


def test_a_folder_cannot_be_molded_from_points(maquette, rendered, tmp_path):
    ran, seconds = timed(maquette, "mold", rendered, "--from", "points", "-o", tmp_path / "mesh.glb")
    refused(ran, rendered, seconds)


@pytest.mark.parametrize("content", [b"", b"#binvox 1\ndim 8 8 8\ndata\n\1\7", b"hello"])
def test_bad_grids(maquette, tmp_path, content):
    path = tmp_path / "grid.binvox"
    path.write_bytes(content)
    ran, seconds = timed(maquette, "view", path, "--check")
    refused(ran, path, seconds)


def test_an_empty_grid_cannot_be_shown(maquette, tmp_path):
    from maquette.io import save_binvox

    path = tmp_path / "grid.binvox"
    save_binvox(VoxelGrid(torch.zeros(1, 4, 4, 4, dtype=torch.bool)), path)
    ran = maquette("view", path, "--check")
    assert ran.code == 3
    assert "no cell is solid" in ran.err


PLACES = [
    ("mold", "ball.ply/mesh.glb", "ball.ply is a file"),
    ("mold", "mesh.gif", "must end in .glb"),
    ("mold", "folder.glb", "is a folder"),
    ("voxelize", "ball.ply/missing/grid.binvox", "ball.ply is a file"),
    ("voxelize", "grid.vox", "must end in .binvox"),
    ("render", "ball.ply/views", "ball.ply is a file"),
    ("render", "ball.ply", "is a file"),
    ("render", "folder.glb", "other files"),
]


@pytest.mark.parametrize(("command", "name", "said"), PLACES)
def test_places_that_cannot_be_written_to(maquette, ball, tmp_path, command, name, said):
    (tmp_path / "folder.glb").mkdir()
    (tmp_path / "folder.glb" / "precious.txt").write_text("1")
    before = sorted(tmp_path.rglob("*"))
    ran = maquette(command, ball, "-o", tmp_path / name)
    assert ran.code == 3
    assert said in ran.err
    assert str(tmp_path / name) in ran.err
    assert ran.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
