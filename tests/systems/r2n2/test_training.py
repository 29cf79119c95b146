"""What Lightning trains of 3D-R2N2: its loss, its first weights, its optimiser, its weights file."""

from dataclasses import replace

import pytest
import torch

from maquette.data.batch import Batch
from maquette.loss import voxel_cross_entropy, voxel_dice, voxel_focal
from maquette.systems.r2n2.recipes import LossConfig, R2N2Config, best, original, seed001
from maquette.systems.r2n2.system import R2N2
from maquette.systems.r2n2.training import R2N2Training, voxel_loss


def tiny(config: R2N2Config) -> R2N2Config:
    return replace(
        config,
        network=replace(config.network, width=0.02, size=24),
        views=replace(config.views, size=24, render_size=32),
    )


@pytest.fixture(scope="module")
def module() -> R2N2Training:
    return R2N2Training(tiny(best("simple-gru-1")))


@pytest.fixture
def batch() -> Batch:
    solid = torch.rand(2, 32, 32, 32) > 0.8
    return Batch(torch.rand(2, 1, 3, 24, 24), solid, torch.arange(2), torch.zeros(2, 1, 3))


def test_score_gives_the_loss_of_the_recipe(module, batch):
    loss, iou, probability = module.score(module.network, batch)
    logits = module.network(batch.images)
    expected = voxel_cross_entropy(logits, batch.voxels) + voxel_dice(logits, batch.voxels)
    azimuths = module.network.viewpoint(module.network.encode(batch.images))[:, 0]
    expected += 0.2 * -azimuths.log_softmax(1)[:, 0].mean()  # all cameras are at 0 degrees
    torch.testing.assert_close(loss, expected)
    assert 0 <= iou <= 1
    assert not iou.requires_grad
    torch.testing.assert_close(probability, logits.softmax(1)[:, 1])


def test_terms_are_weighted():
    logits, target = torch.randn(1, 2, 4, 4, 4), torch.rand(1, 4, 4, 4) > 0.5
    expected = 2 * voxel_dice(logits, target) + 0.5 * voxel_focal(logits, target)
    torch.testing.assert_close(voxel_loss(logits, target, LossConfig(0.0, 2.0, 0.5)), expected)


def test_first_weights_follow_from_the_seed_and_touch_no_other_draws(module):
    torch.manual_seed(5)
    first = torch.rand(1)
    torch.manual_seed(5)
    again = R2N2Training(module.config).network.state_dict()
    assert torch.equal(torch.rand(1), first)
    for name, tensor in module.network.state_dict().items():
        assert torch.equal(tensor, again[name])


@pytest.mark.parametrize(("recipe", "decayed"), [(original, False), (seed001, True)])
def test_biases_decay_only_where_they_did(recipe, decayed):
    optimiser = R2N2Training(tiny(recipe("simple-gru-1"))).configure_optimizers()
    assert type(optimiser) is torch.optim.Adam
    weights, biases = optimiser.param_groups
    assert weights["weight_decay"] == 5e-5
    assert biases["weight_decay"] == (5e-5 if decayed else 0)
    assert all(p.ndim < 2 for p in biases["params"])


def test_weights_are_those_that_the_system_loads(module, batch, tmp_path):
    module.save_weights(tmp_path / "weights.safetensors", module.best_network, {"recipe": "best"})
    system = R2N2.load(tmp_path / "weights.safetensors")
    with torch.no_grad():
        _, _, expected = module.score(module.best_network, batch)
    torch.testing.assert_close(system.occupancy(batch.images), expected)
    assert system.training["recipe"] == "best"
    assert system.training["loss"] == {"cross_entropy": 1.0, "dice": 1.0, "focal": 0.0, "azimuth": 0.2}
    assert system.views_config == module.config.views
