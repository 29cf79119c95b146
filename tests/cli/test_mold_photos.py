"""`maquette mold` of plain photographs and videos: what is refused, and the whole way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from maquette.io import load_mesh, save_image
from turning_thing import FOV, VIEWS, turning_thing


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    masks, _ = turning_thing()
    colours = torch.where(masks[:, None] > 0.5, torch.tensor([0.7, 0.2, 0.1]).view(3, 1, 1), 0.95)
    for i in range(VIEWS):
        save_image(colours[i], folder / f"{i}.png")
    return folder


@pytest.mark.parametrize(
    ("target", "words", "code", "said"),
    [
        ("photos", ["--poses", "given"], 3, "has no cameras"),
        ("photos", ["--turntable", "--poses", "given"], 2, "--turntable"),
        ("photos", ["--fov", "200"], 2, "1 to 150"),
        ("photos", ["--from", "points"], 3, "silhouettes only"),
        ("few", [], 3, "3 or more"),
        ("ball.ply", ["--sideways"], 2, "folder of pictures or a video"),
        ("none.mp4", [], 3, "no such file"),
        ("bad.mp4", ["--poses", "given"], 3, "is a video"),
    ],
)
def test_what_is_refused(maquette, photos, ball, tmp_path, target, words, code, said) -> None:
    few = tmp_path / "few"
    few.mkdir()
    save_image(torch.rand(3, 32, 32), few / "a.png")
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    place = {"photos": photos, "ball.ply": ball}.get(target, tmp_path / target)
    ran = maquette("mold", place, "-o", tmp_path / "out" / "m.glb", *words)
    assert ran.code == code
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_scene_is_no_place_for_other_files(maquette, photos, tmp_path) -> None:
    scene = tmp_path / "m_scene"
    scene.mkdir()
    (scene / "notes.txt").write_text("mine")
    ran = maquette("mold", photos, "-o", tmp_path / "m.glb", "--turntable")
    assert ran.code == 3
    assert "other files" in ran.err
    assert (scene / "notes.txt").read_text() == "mine"


def test_what_is_no_video_is_refused_in_one_line(tmp_path) -> None:
    """In a process of its own: FFmpeg asks once whether it may complain."""
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    words = [sys.executable, "-m", "maquette", "mold", tmp_path / "bad.mp4", "-o", tmp_path / "m.glb"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "cannot be read as a video" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.mp4"]


def test_a_scene_that_was_corrected(maquette, photos, tmp_path) -> None:
    scene = tmp_path / "n_scene"
    (scene / "masks").mkdir(parents=True)
    (scene / "report.json").write_text("{}")
    (scene / "masks" / "0.png").write_bytes(b"x")
    os.utime(scene / "report.json", (1_000_000, 1_000_000))
    ran = maquette("mold", photos, "-o", tmp_path / "n.glb", "--turntable")
    assert ran.code == 3
    assert "was changed (masks/0.png)" in ran.err


@pytest.mark.slow
def test_photographs_on_a_turntable_become_a_mesh(maquette, photos, tmp_path) -> None:
    words = ["--turntable", "--fov", FOV, "--steps", 30, "--size", 64, "--json", "-", "--threads", 1]
    ran = maquette("mold", photos, "-o", tmp_path / "m.glb", *words)
    assert ran.code == 0, ran.err
    report = ran.json()
    assert report["photographs"]["source"] == "silhouettes"
    assert report["silhouette_iou"] > 0.85
    assert (tmp_path / "m_scene" / "cameras.json").is_file()
    assert len(load_mesh(tmp_path / "m.glb").verts_packed()) > 100
    again = maquette("mold", tmp_path / "m_scene", "-o", tmp_path / "again.glb", "--steps", 5, "--size", 64)
    assert again.code == 0
