"""`maquette cameras`: converting, refusing, and saying what is missing. Finding is tested in `tests/poses`."""

import json

import pytest
import torch

from maquette.io import read_any_cameras, read_cameras, save_image


@pytest.mark.parametrize(
    ("to", "file"), [("json", "cameras.json"), ("colmap", "sparse/0/images.txt"), ("nerf", "transforms.json")]
)
def test_known_cameras_are_converted(maquette, views, tmp_path, to, file):
    out = tmp_path / "new"
    ran = maquette("cameras", views, "-o", out, "--to", to, "--json", "-")
    assert ran.code == 0
    assert ran.json() == {"source": "cameras.json", "pictures": 3, "undistorted": 0, "up": "+Y"}
    assert (out / file).is_file()
    parts = {"images", "masks", "cameras.png", "cameras.html", "report.json", file.split("/")[0]}
    assert {path.name for path in out.iterdir()} == parts
    for new, old in zip(read_any_cameras(out).views, read_cameras(views / "cameras.json").views, strict=True):
        assert torch.allclose(new.R, old.R, atol=1e-6)
        assert torch.allclose(new.t, old.t, atol=1e-5)
        assert torch.allclose(new.K, old.K, atol=1e-6)
    again = maquette("cameras", out, "-o", tmp_path / "back", "--quiet")
    assert (again.code, again.out, again.err) == (0, "", "")
    assert maquette("cameras", views, "-o", out).code == 0, "an earlier result is replaced"
    assert not (out / "sparse").exists()


def test_points_of_colmap_are_kept(maquette, views, tmp_path):
    maquette("cameras", views, "-o", tmp_path / "c", "--to", "colmap")
    model = tmp_path / "c" / "sparse" / "0"
    (model / "points3D.txt").write_text("1 0.5 0.25 -1 255 0 0 0.5 1 0\n2 1 2 3 0 255 0 0.5 1 1\n")
    ran = maquette("cameras", tmp_path / "c", "-o", tmp_path / "d", "--to", "colmap")
    assert ran.out == f"wrote {tmp_path / 'd'}: 3 views from COLMAP\n"
    assert b"element vertex 2" in (tmp_path / "d" / "points.ply").read_bytes()
    assert "0.25 -1 255 0 0" in (tmp_path / "d" / "sparse" / "0" / "points3D.txt").read_text()


def test_the_converted_folder_can_be_molded(maquette, views, tmp_path):
    maquette("cameras", views, "-o", tmp_path / "c", "--to", "colmap")
    ran = maquette(
        "mold", tmp_path / "c", "-o", tmp_path / "m.ply", "--steps", 20, "--size", 32, "--json", "-"
    )
    assert ran.code == 0, ran.err
    assert ran.json()["views"] == 3
    assert ran.json()["silhouette_iou"] > 0.6


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        save_image(torch.rand(3, 40, 40), folder / f"{i}.png")
    return folder


def test_without_the_extra_one_line_says_how_to_get_it(maquette, pictures, tmp_path, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pycolmap" else found(name))
    ran = maquette("cameras", pictures, "-o", tmp_path / "out", "--by", "sfm")
    how = "pip install pycolmap (in maquette's folder also pip install '.[sfm]')"
    assert (ran.code, ran.err) == (3, f"maquette: finding cameras of pictures needs pycolmap: {how}\n")
    assert not (tmp_path / "out").exists()


def with_spec(monkeypatch):
    """As if pycolmap were there: what is refused is refused before it is imported."""
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: found("json" if name == "pycolmap" else name)
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("PHOTOS", "-o", "PHOTOS"), 3, "is where the pictures are"),
        (("PHOTOS/0.png", "PHOTOS/1.png", "-o", "PHOTOS"), 3, "is where the pictures are"),
        (("PHOTOS", "-o", "PHOTOS/0.png"), 3, "is a file"),
        (("PHOTOS/0.png", "-o", "out"), 3, "is one picture"),
        (("PHOTOS", "-o", "out", "--masks", "gone"), 3, "is no folder of masks"),
        (("PHOTOS", "-o", "out", "--masks", "masks"), 3, "has no mask for 1.png"),
        (("PHOTOS", "-o", "full"), 3, "is a folder with other files in it"),
        (("gone", "-o", "out"), 3, "gone"),
        (("empty", "-o", "out"), 3, "no picture in it"),
        (("PHOTOS", "-o", "out", "--fov", "500"), 2, "--fov 500: use 1 to 150"),
        (("PHOTOS", "-o", "out", "--size", "3"), 2, "--size 3: use 64"),
        (("PHOTOS", "-o", "out", "--most", "1"), 2, "--most 1: at least 2"),
        (("PHOTOS", "-o", "out", "--threads", "0"), 2, "--threads 0: at least 1"),
    ],
)
def test_refusals(maquette, pictures, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    with_spec(monkeypatch)
    for name in ("masks", "full", "empty"):
        (tmp_path / name).mkdir()
    save_image(torch.ones(1, 40, 40), tmp_path / "masks" / "0.png")
    (tmp_path / "full" / "mine.txt").write_text("mine")
    ran = maquette("cameras", *(word.replace("PHOTOS", "photos") for word in words))
    assert (ran.code, len(ran.err.splitlines())) == (code, 1)
    assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_what_is_broken_is_refused_and_nothing_is_left(maquette, views, tmp_path):
    tree = json.loads((views / "cameras.json").read_text())
    tree["views"][1]["image"] = "images/gone.png"
    (views / "cameras.json").write_text(json.dumps(tree))
    ran = maquette("cameras", views, "-o", tmp_path / "out")
    assert ran.code == 3
    assert "gone.png" in ran.err
    assert not (tmp_path / "out").exists()
