"""Every seed is a row; one whose views show nothing says so, and makes no mesh."""

import json

import pytest
import torch

from drawn_orbit import DrawnOrbits
from maquette.bench.studies import invented
from maquette.compose import generated_views
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

QUICK = ["--views", "8", "--judging", "2", "--steps", "3"]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    system = StyleGAN2System(
        fresh_network(NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5), 3)
    )
    system.save(folder / "gan.safetensors", "float32")
    torch.manual_seed(0)
    ViewpointSystem(ViewpointNetwork(ViewpointConfig(size=16, width=4))).save(folder / "view.safetensors")
    codes = ViewCodes(
        torch.randn(12, 2, 5), torch.arange(12) * 30.0, torch.full((12,), 27.0), torch.ones(12), {"layers": 2}
    )
    save_view_codes(view_codes_beside(folder / "gan.safetensors"), codes, system.generator)
    return [str(folder / "gan.safetensors"), "--viewpoint", str(folder / "view.safetensors"), *QUICK]


def test_a_seed_that_shows_nothing(words, tmp_path):
    numbers = invented.main([*words, "--seeds", "1", "--sheets", str(tmp_path)])
    assert "failed" in numbers["rows"][0]
    assert numbers["summary"] == {"seeds": 1, "meshes": 0, "own_reached": 0.0, "unseen_reached": 0.0}
    assert [path.name for path in tmp_path.iterdir()] == ["views.png"]


def test_seeds_that_are_drawn(words, tmp_path, monkeypatch):
    drawn, quick = DrawnOrbits(), (Stage(20, 12, 12), Stage(20, 20, 20, 0.5))
    monkeypatch.setattr(StyleGAN2System, "orbit", lambda self, *given: drawn.orbit(*given))
    monkeypatch.setattr(
        ViewpointSystem, "viewpoints", lambda self, images: drawn.viewpoints(images[: len(drawn.true)])
    )
    monkeypatch.setattr(invented, "views_sheet", lambda *given: {})
    monkeypatch.setattr(
        generated_views,
        "poses_near",
        lambda masks, R, fov, shaping, stages, seed: poses_near(masks, R, fov, shaping, quick, seed),
    )
    more = ["--seeds", "1", "--sheets", str(tmp_path / "s"), "--json", str(tmp_path / "n.json")]
    numbers = invented.main([*words, *more])
    (row,) = json.loads((tmp_path / "n.json").read_text())["rows"]
    assert row["unseen"] == 2
    assert row["iou"] > 0.7
    assert numbers["summary"]["meshes"] == 1
    assert numbers["view_codes"] == {"layers": 2}
    assert (tmp_path / "s" / "invented.png").is_file()
