"""`maquette invent`: the whole way with views that are drawn in the generator's place, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from drawn_orbit import DrawnOrbits
from maquette.cli.invent import need_kind
from maquette.cli.refusals import Refusal
from maquette.compose import generated_views
from maquette.io import load_mesh, save_image
from maquette.poses.cube_fit import Stage
from maquette.poses.near import poses_near
from maquette.systems.orbit_options import view_codes_beside
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System
from maquette.systems.stylegan2.view_codes import ViewCodes, save_view_codes
from maquette.systems.viewpoint.config import NetworkConfig as ViewpointConfig
from maquette.systems.viewpoint.network import ViewpointNetwork
from maquette.systems.viewpoint.system import ViewpointSystem

TINY = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5)
QUICK = ("--views", 8, "--judging", 3, "--steps", 20, "--texture", 0, "--threads", 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Weights of a generator and of what tells viewpoints, and view codes."""
    folder = tmp_path_factory.mktemp("weights")
    system = StyleGAN2System(fresh_network(TINY, 3))
    system.save(folder / "gan.safetensors", "float32")
    torch.manual_seed(0)
    ViewpointSystem(ViewpointNetwork(ViewpointConfig(size=16, width=4))).save(folder / "view.safetensors")
    codes = ViewCodes(torch.randn(12, 2, 5), torch.arange(12) * 30.0, torch.full((12,), 27.0), torch.ones(12))
    save_view_codes(view_codes_beside(folder / "gan.safetensors"), codes, system.generator)
    return folder


@pytest.fixture
def drawn(monkeypatch) -> DrawnOrbits:
    """Cars that are drawn, in the place of what the networks would make and tell."""
    drawn = DrawnOrbits()
    monkeypatch.setattr(StyleGAN2System, "orbit", lambda self, *words: drawn.orbit(*words))
    monkeypatch.setattr(ViewpointSystem, "viewpoints", lambda self, images: drawn.viewpoints(images))
    quick = (Stage(30, 12, 12), Stage(30, 20, 20, 0.5))

    def near(masks, R, fov, shaping, stages, seed):
        return poses_near(masks, R, fov, shaping, quick, seed)

    monkeypatch.setattr(generated_views, "poses_near", near)
    return drawn


def words(place: Path, *more) -> tuple:
    return ("--weights", place / "gan.safetensors", "--viewpoint", place / "view.safetensors", *more)


def test_from_a_seed_to_a_mesh(maquette, place, drawn, tmp_path):
    ran = maquette(
        "invent", "car", "-o", tmp_path / "car.glb", "--seed", 5, *words(place, *QUICK), "--json", "-"
    )
    assert ran.code == 0, ran.err
    report = ran.json()
    assert drawn.asked == [[5]]
    assert report["silhouette_iou_held_out"] > 0.7
    assert report["invented"]["object"] == 5
    assert len(report["invented"]["views"]) == 11
    assert len(load_mesh(tmp_path / "car.glb").verts_packed()) > 100
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "car.glb", "car_preview.png", "car_loss.png", "car_compare.png", "car_turntable.gif", "car_report.json",
        "car_scene",
    }  # fmt: skip
    again = maquette(
        "mold", tmp_path / "car_scene", "-o", tmp_path / "again.glb", "--steps", 5, "--init", "sphere"
    )
    assert again.code == 0, again.err


def test_from_a_photograph(maquette, place, drawn, tmp_path):
    photo = np.full((40, 80, 3), 250, np.uint8)
    photo[12:28, 20:60] = (180, 30, 30)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    out = tmp_path / "out" / "car.glb"
    more = ("--project", tmp_path / "photo.png", "--project-steps", 2, "--backbone", "none", *QUICK)
    ran = maquette("invent", "car", "-o", out, *words(place, *more), "--json", tmp_path / "n.json")
    assert ran.code == 0, ran.err
    (asked,) = drawn.asked
    assert asked["w"].shape == (1, 5)
    assert "resembles the photograph to" in ran.out
    seen = np.asarray(Image.open(out.parent / "car_scene" / "photo.png")).astype(int)
    assert abs(seen[128, 128] - (180, 30, 30)).max() < 12
    assert (out.parent / "car_scene" / "projected.png").is_file()


def test_pictures_that_show_nothing_make_no_mesh(maquette, place, tmp_path):
    """The tiny networks as they are."""
    ran = maquette("invent", "car", "-o", tmp_path / "car.glb", *words(place, *QUICK), "--quiet")
    assert (ran.code, "gan_views.safetensors: only" in ran.err, ran.err.count("\n")) == (3, True, 1), ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--views", "3"], 2, "--views 3: use 6 to 100"),
        (["--views", "20"], 3, "20 views and 8 that judge: views 28: there are view codes of 12"),
        (["--seed", "-1"], 2, "--seed -1: at least 0"),
        (["--texture", "5"], 2, "--texture 5: use 64"),
        (["--encoder", "e.safetensors"], 2, "--encoder goes with --project"),
        (["--project", "none.png"], 3, "none.png: No such file"),
        (["--view-codes", "none.safetensors"], 3, "no such file of view codes"),
        (["--truncation", "nan"], 2, "--truncation nan"),
        (["--viewpoint", "gan"], 3, "viewpoints are told by viewpoint"),
        (["-o", "car.txt"], 3, "must end in"),
    ],
)
def test_what_is_refused(maquette, place, tmp_path, more, code, says):
    given = [place / "gan.safetensors" if word == "gan" else word for word in more]
    out = [] if "-o" in more else ["-o", tmp_path / "car.glb"]
    ran = maquette("invent", "car", *out, *words(place, *given), "--quiet")
    assert (ran.code, says in ran.err, ran.err.count("\n")) == (code, True, 1), ran.err
    assert list(tmp_path.iterdir()) == []


def test_kinds_and_places(maquette, place, tmp_path):
    need_kind("car", False)
    need_kind("teapot", True)
    with pytest.raises(Refusal, match="teapot: known are car; anything else needs --weights"):
        need_kind("teapot", False)
    scene = tmp_path / "car_scene"
    scene.mkdir()
    save_image(torch.rand(3, 8, 8), scene / "mine.png")
    ran = maquette("invent", "car", "-o", tmp_path / "car.glb", *words(place))
    assert (ran.code, "other files in it" in ran.err) == (3, True)
    (scene / "mine.png").rename(tmp_path / "mine.png")
    for weights in ("none.safetensors", place / "view.safetensors"):
        ran = maquette("invent", "car", "-o", tmp_path / "car.glb", *words(place, "--weights", weights))
        assert (ran.code, ran.err.count("\n")) == (3, 1), ran.err
