"""Optimisation and encoder: every way and kind of target is a row, and a target's own w needs no step."""

import json

from maquette.bench.studies import projection
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System


def test_rows(tmp_path):
    config = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5)
    StyleGAN2System(fresh_network(config, 3)).save(tmp_path / "w.safetensors")
    words = ["--shapes", "families:40", "--pictures", "2", "--steps", "12", "4", "--encoder-steps", "2"]
    words += ["--backbone", "none", "--json", str(tmp_path / "n.json")]
    numbers = projection.main([str(tmp_path / "w.safetensors"), *words])
    assert json.loads((tmp_path / "n.json").read_text())["rows"] == numbers["rows"]
    ways = ["mean", "encoder", "encoder, then fewest steps", "12 steps", "4 steps"]
    rows = {(row["target"], row["way"]): row for row in numbers["rows"]}
    assert list(rows) == [(kind, way) for kind in ("generated", "drawn") for way in ways]
    for kind in ("generated", "drawn"):
        assert rows[kind, "12 steps"]["distance"] < rows[kind, "mean"]["distance"]
        assert rows[kind, "mean"]["seconds"] < rows[kind, "12 steps"]["seconds"]
