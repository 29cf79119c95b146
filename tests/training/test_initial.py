"""Weights to start from: which file, and which of its settings hold."""

from pathlib import Path

import pytest
import torch

from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.recipes import RECIPES, adopt
from maquette.training.initial import InitialWeights, initial_weights, settings_with
from maquette.training.weights import save_weights
from maquette.training.weights_header import read_weights_header

NETWORK = {"variant": "simple-lstm-1", "width": 0.5, "size": 64, "norm": "group"}


def write(path: Path, **config) -> Path:
    save_weights(path, {"a": torch.zeros(2)}, "r2n2", "simple-lstm-1", config)
    return path


def settings(path: Path, recipe: str = "original", variant: str | None = None):
    return settings_with(read_weights_header(path), RECIPES[recipe], variant, adopt)


def test_network_and_framing_are_the_files(tmp_path):
    views = {"size": 64, "framing": "object", "margin": [0.1, 0.2], "render_size": 99, "flip": 0.0}
    parts = settings(write(tmp_path / "w.safetensors", network=NETWORK, views=views))
    recipe = RECIPES["original"]("simple-lstm-1")
    assert parts["network"] == NetworkConfig(**NETWORK)
    assert parts["views"] == ViewsConfig(size=64, framing="object", margin=(0.1, 0.2))
    assert (parts["loss"], parts["training"]) == (recipe.loss, recipe.training)
    assert parts["training"].batch == 36  # as published for networks that are not residual


def test_a_variant_that_is_asked_for_wins_and_has_its_own_recipe(tmp_path):
    parts = settings(write(tmp_path / "w.safetensors", network=NETWORK), variant="residual-gru-3")
    assert parts["network"] == NetworkConfig(**{**NETWORK, "variant": "residual-gru-3"})
    assert parts["training"].batch == 24


def test_a_file_that_says_nothing_of_pictures_has_those_of_the_camera(tmp_path):
    views = settings(write(tmp_path / "w.safetensors", network=NETWORK), "best")["views"]
    assert (views.size, views.framing, views.render_size) == (64, "camera", 137)
    assert views.lights


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"network": {"variant": "cubist"}}, "variant must be one of"),
        ({"network": {"depth": 7}}, "network.depth is not a setting"),
        ({"network": NETWORK, "views": {"size": "big"}}, "views.size must be a whole number"),
        ({"network": NETWORK, "views": {"size": 32}}, "network.size is 64, views.size 32"),
    ],
)
def test_settings_that_cannot_be_are_bad_input(tmp_path, config, said):
    path = write(tmp_path / "w.safetensors", **config)
    with pytest.raises(BadInput, match=f"{path}: the settings in its header: {said}"):
        settings(path)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("first.safetensors", "first.safetensors"),
        ("runs/mine", "mine"),
        ("shipped", "shipped"),
        (".", "mine"),
    ],
)
def test_it_has_a_name_without_folders(given, name):
    assert InitialWeights(given, "/home/ada/runs/mine/weights.safetensors", "").name == name


def test_a_file_must_stay_what_it_is(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    file = write(run / "weights.safetensors", network=NETWORK)
    initial = initial_weights("run", run)
    assert (initial.given, initial.file) == ("run", str(file))
    initial.check()
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BadInput, match="its SHA-256 is another"):
        initial.check()
    file.unlink()
    with pytest.raises(BadInput, match="starts from this file: No such file or directory"):
        initial.check()
    with pytest.raises(BadInput, match=r"is a folder without weights\.safetensors"):
        initial_weights("run", run)
