"""`maquette evaluate stylegan2`: at the end of training, again with other features, side by side, and refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maquette.metrics.picture_features import feature_network
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.system import StyleGAN2System

DRAWN = feature_network("none")
TINY = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5, labels=2)
SMALL = (
    "--network.size", 16, "--views.size", 16, "--views.render-size", 16, "--network.width", 0.005,
    "--network.channel-max", 8, "--batch", 2, "--steps", 1, "--threads", 1, "--workers", 0,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """The network sees small pictures, which is quicker."""
    monkeypatch.setattr("maquette.metrics.protocols.generated._SIDE", 32)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(120):
        (folder / "ab"[i % 2]).mkdir(exist_ok=True)
        noise = rng.integers(0, 255, (4, 4, 3), np.uint8)
        Image.fromarray(noise).resize((16, 16)).save(folder / "ab"[i % 2] / f"{i}.png")
    return folder


def test_trained_evaluated_and_compared(maquette, pictures, tmp_path, monkeypatch):
    asked = []

    def offline(weights: str):
        asked.append(weights)
        return DRAWN

    monkeypatch.setattr("maquette.metrics.protocols.generated.feature_network", offline)
    run = tmp_path / "run"
    ran = maquette("train", "stylegan2", "--pictures", pictures, *SMALL, "-o", run)
    assert (ran.code, ran.err, asked) == (0, "", ["auto"])
    assert "features   mobilenet_v2, weights drawn at random (seed 0)" in ran.out
    assert "training pictures in their place: mfid" in ran.out
    again = maquette("evaluate", "stylegan2", run, "--backbone", "none", "--seed", 1, "--json", "-")
    assert (again.code, asked[1:]) == (0, ["none"])
    numbers = again.json()
    assert [measure["name"] for measure in numbers["measures"]] == ["mfid", "precision", "recall"]
    assert numbers["protocol"]["k"] == 3
    assert set(numbers["class_recall"]) == {"a", "b"}
    assert numbers["groups"]["all"]["views"]["1"]["mfid"]["all"] > 0
    side = maquette("compare", run, run, "-o", tmp_path / "side.html", "--json", "-")
    assert side.code == 0, side.err
    assert side.json()["differences"] == []
    info = maquette("info", "stylegan2", "--weights", run, "--json", "-")
    assert (info.code, info.json()["size"]) == (0, 16)


def test_features_of_other_weights_are_not_comparable(maquette, pictures, tmp_path, monkeypatch):
    named = {"none": "drawn", "torchvision": "those of ImageNet"}

    def known(weights: str):
        return replace(DRAWN, words=named[weights])

    monkeypatch.setattr("maquette.metrics.protocols.generated.feature_network", known)
    weights = tmp_path / "w.safetensors"
    StyleGAN2System(
        fresh_network(NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5), 0)
    ).save(weights)
    for backbone in named:
        words = ("--pictures", pictures, "--backbone", backbone, "-o", tmp_path / backbone)
        assert maquette("evaluate", "stylegan2", weights, *words).code == 0
    files = [tmp_path / backbone / "generated.json" for backbone in named]
    side = maquette("compare", *files, "-o", tmp_path / "side.html")
    assert side.code == 0
    assert "not comparable as it stands: features differs (drawn; the mean" in side.out


def test_refusals(maquette, pictures, frustum_weights, tmp_path):
    labelled = tmp_path / "labelled.safetensors"
    StyleGAN2System(fresh_network(TINY, 0)).save(labelled)
    words = ("--pictures", pictures, "-o", tmp_path / "out")
    for given, code, says in (
        (("stylegan2", labelled, *words, "--backbone", "none"), 3, "label None: these weights need one"),
        (("stylegan2", labelled, *words, "--backbone", tmp_path / "no"), 3, "no: No such file or directory"),
        (("stylegan2", labelled, *words, "--backbone", labelled), 3, "labelled.safetensors"),
        (
            (
                "frustum",
                frustum_weights,
                "--shapes",
                "families:9",
                "-o",
                tmp_path / "out",
                "--backbone",
                "none",
            ),
            2,
            "--backbone none: protocol viewer compares no features",
        ),
    ):
        ran = maquette("evaluate", *given)
        assert (ran.code, says in ran.err, ran.err.count("\n")) == (code, True, 1), ran.err
        assert not (tmp_path / "out").exists()
