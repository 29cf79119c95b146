"""`--root FOLDER`: what the names in a file may lead into, in every command that reads such files."""

import json
import re
from pathlib import Path

import pytest

from maquette.compose import mold_from_pictures as composed

TETRAHEDRON = (
    "mtllib m.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nusemtl T\n"
    "f 1/1 3/1 2/1\nf 1/1 2/1 4/1\nf 1/1 4/1 3/1\nf 2/1 3/1 4/1\n"
)


@pytest.fixture
def textured(tmp_path: Path, views: Path) -> Path:
    """A mesh whose texture lies beside its folder."""
    folder = tmp_path / "meshes"
    folder.mkdir()
    (folder / "m.obj").write_text(TETRAHEDRON)
    (folder / "m.mtl").write_text("newmtl T\nmap_Kd ../views/images/000.png\n")
    return folder / "m.obj"


@pytest.fixture
def cameras(tmp_path: Path, views: Path) -> Path:
    """A folder with cameras whose pictures lie beside it."""
    tree = json.loads((views / "cameras.json").read_text())
    for view in tree["views"]:
        view |= {kind: f"../views/{view[kind]}" for kind in ("image", "mask")}
    folder = tmp_path / "cameras"
    folder.mkdir()
    (folder / "cameras.json").write_text(json.dumps(tree))
    return folder


OF_MESHES = {
    "mold": ("-o", "{}/m.glb", "--steps", 1, "--no-remesh"),
    "render": ("-o", "{}/v", "--views", 1, "--size", 8),
    "voxelize": ("-o", "{}/v.binvox", "--resolution", 4),
    "view": ("--check",),
}
OF_CAMERAS = {
    "mold": ("-o", "{}/m.glb", "--steps", 1, "--no-remesh"),
    "reconstruct": ("-o", "{}/r.glb", "--weights", "{weights}"),
    "view": ("--check",),
}


@pytest.mark.parametrize(
    ("command", "file", "words"),
    [(name, "textured", words) for name, words in OF_MESHES.items()]
    + [(name, "cameras", words) for name, words in OF_CAMERAS.items()],
)
def test_names_lead_into_the_root(maquette, request, frustum_weights, tmp_path, command, file, words) -> None:
    path = request.getfixturevalue(file)
    words = [str(word).format(tmp_path, weights=frustum_weights) for word in words]
    ran = maquette(command, path, *words)
    assert ran.code == 3
    assert re.search("which is outside of its folder; commands take --root FOLDER", ran.err)
    ran = maquette(command, path, *words, "--root", tmp_path)
    assert ran.code == 0, ran.err


def test_a_start_from_pictures_finds_them_too(maquette, cameras, tmp_path, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(composed, "mold", lambda *words: seen.append(words) or [])
    composed.mold_from_pictures(cameras, tmp_path / "m.glb", None, root=tmp_path)  # type: ignore[arg-type]
    assert tmp_path in seen[0]


def test_a_root_that_is_none_is_refused(maquette, textured, views, tmp_path) -> None:
    ran = maquette("voxelize", textured, "-o", tmp_path / "v.binvox", "--root", tmp_path / "none")
    assert (ran.code, "none: is the folder that names may lead into, but is none" in ran.err) == (3, True)
    ran = maquette("reconstruct", views / "images" / "000.png", "-o", tmp_path / "r.glb", "--root", tmp_path)
    assert (ran.code, "--root goes with a folder with cameras, which name pictures" in ran.err) == (2, True)
