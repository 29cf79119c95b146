"""The viewpoint network learns drawn views, says what it knows, and a run is kept as weights."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

import maquette
from maquette.data.open import DataPlace, open_source
from maquette.data.views_config import ViewsConfig
from maquette.io import BadInput
from maquette.io.typed import typed
from maquette.metrics.protocols.viewpoint import VIEWPOINT, true_viewpoints
from maquette.systems.stylegan2.recipes import drawn
from maquette.systems.viewpoint.config import NetworkConfig
from maquette.systems.viewpoint.network import Told, ViewpointNetwork
from maquette.systems.viewpoint.recipes import RECIPES, LossConfig, ViewpointConfig, best, drawn64
from maquette.systems.viewpoint.system import ViewpointSystem
from maquette.systems.viewpoint.training import ViewpointTraining, surprise
from maquette.training.config import TrainConfig


def small_config(**training) -> ViewpointConfig:
    whole = drawn64()
    return replace(
        whole,
        network=NetworkConfig(size=32, width=8),
        views=replace(whole.views, size=32, render_size=32),
        training=TrainConfig(batch=8, views=(1, 2), optimiser="adamw", lr=3e-3, ema=0.5, **training),
    )


@pytest.fixture(scope="module")
def source():
    config = small_config()
    return open_source(DataPlace(shapes="families:16"), config.views, needs=frozenset({"cameras"})).source


def test_it_learns_where_pictures_are_taken_from(source, tmp_path: Path) -> None:
    module = ViewpointTraining(small_config())
    optimiser, losses = module.optimisers()["network"], []

    def update(name: str, loss: torch.Tensor) -> None:
        assert name == "network"
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))

    batch = source.training_batch(0, 8, 2)
    module.train()
    for _ in range(40):
        terms = module.step(batch, update)
        module.follow()
    assert set(terms) == {"loss", "azimuth", "elevation", "error"}
    assert losses[-1] < losses[0] - 1
    assert float(terms["error"]) < 20
    assert losses[-1] == pytest.approx(float(terms["azimuth"] + 0.3 * terms["elevation"]), abs=1e-5)
    held = source.held_batch([0, 1, 2], 1)
    network = module.best_network.eval()
    with torch.no_grad():
        judged = module.judge(network, held)
        assert module.show(network, held).shape == (3, 64, 96)
    assert {name: tuple(value.shape) for name, value in judged.items()} == dict.fromkeys(
        ("azimuth", "elevation", "error"), (3,)
    )
    module.save_weights(tmp_path / "w.safetensors", network, {"recipe": "drawn64"})
    back = maquette.load("viewpoint", tmp_path / "w.safetensors")
    assert back.training["recipe"] == "drawn64"
    told = back.viewpoints(batch.images[:, 0])
    off = (told.azimuth - true_viewpoints(batch)[0][:, 0] + 180) % 360 - 180
    assert float(off.abs().median()) < 30
    assert all(one.shape == (8,) for one in told)
    assert (told.confidence >= 0).all()
    assert (told.confidence <= 1).all()
    assert ((told.azimuth >= 0) & (told.azimuth < 360)).all()


def test_the_front_is_0_and_the_right_side_of_the_object_frame_90(source) -> None:
    """As `look_at_view_transform` counts; the files' azimuths count from +X towards +Z."""
    batch = source.held_batch([0, 1], 2)
    azimuth, elevation = true_viewpoints(batch)
    there = torch.deg2rad(batch.cameras[..., 0])
    x, z = there.cos(), there.sin()
    torch.testing.assert_close(torch.deg2rad(azimuth).sin(), x, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.deg2rad(azimuth).cos(), z, atol=1e-5, rtol=0)
    assert torch.equal(elevation, batch.cameras[..., 1])


def test_the_loss_by_hand() -> None:
    told = Told(torch.zeros(1, 1), torch.tensor([[[0.0, 2.0]]]), torch.tensor([[0.5, 0.1]]))
    turn, rise = surprise(told, torch.tensor([90.0]), torch.tensor([math.degrees(0.7)]))
    assert float(turn) == pytest.approx(
        -2 + math.log(2 * math.pi * float(torch.special.i0(torch.tensor(2.0)))), 1e-5
    )
    assert float(rise) == pytest.approx(2 + math.log(0.1) + math.log(2 * math.pi) / 2, rel=1e-4)


def test_pictures_of_any_size_but_none_that_are_not_square() -> None:
    system = ViewpointSystem(ViewpointNetwork(NetworkConfig(size=32, width=8)))
    image = torch.rand(1, 3, 32, 32)
    larger = image.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert all(one.shape == (1,) for one in system.viewpoints(larger))
    assert all(one.shape == (300,) for one in system.viewpoints(image.expand(300, -1, -1, -1)))
    for shape, reason in (((1, 3, 32, 40), "1 pictures of 40 x 32"), ((0, 3, 32, 32), "0 pictures")):
        with pytest.raises(ValueError, match=reason):
            system.viewpoints(torch.zeros(shape))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_json(name: str) -> None:
    config = RECIPES[name]("view")
    assert typed(ViewpointConfig, json.loads(json.dumps(asdict(config)))) == config


def test_drawn64_is_drawn_as_the_generators_pictures_are() -> None:
    assert drawn64().views == drawn(64)
    parameters = sum(p.numel() for p in ViewpointNetwork(best().network).parameters())
    assert parameters <= 1_000_000


def test_settings_that_make_no_sense() -> None:
    for words, reason in (
        ({"variant": "x"}, "variant must be view"),
        ({"size": 48}, "size must be one of"),
        ({"width": 6}, "multiple of 4"),
        ({"modes": 0}, "modes must lie in"),
    ):
        with pytest.raises(ValueError, match=reason):
            NetworkConfig(**words)
    with pytest.raises(ValueError, match="one size"):
        replace(small_config(), network=NetworkConfig())
    with pytest.raises(ValueError, match="mirrored"):
        replace(best(), views=replace(best().views, flip=0.5))
    with pytest.raises(ValueError, match="negative"):
        LossConfig(-1.0)
    with pytest.raises(ValueError, match="one size"):
        ViewpointSystem(ViewpointNetwork(NetworkConfig()), ViewsConfig(size=32, render_size=32))


def test_weights_whose_pictures_make_no_sense(tmp_path: Path) -> None:
    system = ViewpointSystem(ViewpointNetwork(NetworkConfig(size=32, width=8)))
    system.views_config = replace(system.views_config, elevation=(40.0, 10.0))
    system.save(tmp_path / "w.safetensors")
    with pytest.raises(BadInput, match="elevation must rise"):
        ViewpointSystem.load(tmp_path / "w.safetensors")


def test_pictures_without_cameras_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match="cameras"):
        open_source(DataPlace(data=tmp_path), best().views, needs=VIEWPOINT.needs)
