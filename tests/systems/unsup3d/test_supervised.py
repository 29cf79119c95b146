"""The network of depth alone: what it says, and that it learns the true depth."""

from dataclasses import replace

import pytest
import torch

from maquette.data.faces import FaceViews
from maquette.data.pictures_config import PicturesConfig
from maquette.systems.unsup3d.formation import canonical, reconstruct
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.recipes import Unsup3DConfig, supervised
from maquette.systems.unsup3d.supervised import SupervisedTraining
from maquette.systems.unsup3d.system import Unsup3DSystem

SIZE = 32


def config() -> Unsup3DConfig:
    whole = supervised()
    return replace(
        whole,
        network=replace(whole.network, size=SIZE, width=8),
        views=PicturesConfig(size=SIZE),
        training=replace(whole.training, batch=4, warmup=0, precision="32"),
    )


@pytest.fixture(scope="module")
def faces() -> FaceViews:
    return FaceViews(20, SIZE)


def test_what_is_not_learned_is_the_picture_itself_in_even_light_at_rest(faces):
    network, formation = Unsup3DNetwork(config().network), config().network.formation
    images = faces.held_batch([0, 1], 1).images[:, 0]
    found = canonical(network(images), formation)
    made = reconstruct(found, formation)
    assert (found.shading == 1).all()
    torch.testing.assert_close(found.image[:2], 2 * images - 1, atol=1e-6, rtol=0)
    torch.testing.assert_close(made.depth[:2], found.smooth, atol=1e-4, rtol=0)
    assert made.seen.all()
    assert {name.partition(".")[0] for name, _ in network.named_parameters()} == {"depth"}


def test_it_learns_the_true_depth(faces):
    module, batch = SupervisedTraining(config()), faces.training_batch(0, 4, 1)
    assert isinstance(Unsup3DSystem.training_module(config()), SupervisedTraining)
    assert module.needs == {"depth"}
    optimiser, losses = module.optimisers()["network"], []

    def update(name: str, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))

    for _ in range(40):
        told = module.step(batch, update)
    assert losses[-1] < 0.6 * losses[0]
    assert set(told) == {"loss"}
    with torch.no_grad():
        scores = module.eval().judge(module.network, batch)
        assert module.show(module.network, batch).shape == (3, 4 * SIZE, 6 * SIZE)
    assert set(scores) == {"loss", "side", "mad"}
    assert scores["loss"].shape == (4,)
    assert float(scores["loss"].mean()) == pytest.approx(losses[-1], rel=0.2)


def test_only_what_is_known_counts(faces):
    module, batch = SupervisedTraining(config()), faces.held_batch([0], 1)
    batch.truth.depth[:, :, :, : SIZE // 2] = 0
    with torch.no_grad():
        depth = canonical(module.network(batch.images[:, 0]), module.config.network.formation).smooth
        told = module.step(batch, lambda name, loss: None)["loss"]
        true = batch.truth.depth[0, 0]
        expected = (depth - true).abs()[true > 0].mean()
    torch.testing.assert_close(told, expected)
    batch.truth.depth.zero_()
    assert module.step(batch, lambda name, loss: None)["loss"] == 0
