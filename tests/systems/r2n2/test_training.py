"""What 3D-R2N2 is trained by: its loss, its first weights, its optimiser, its weights file."""

from dataclasses import replace

import pytest
import torch

from maquette.data.batch import Batch, Truth
from maquette.loss import voxel_cross_entropy, voxel_dice, voxel_focal
from maquette.metrics.voxel_iou import voxel_iou
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
    truth = Truth(voxels=solid, cameras=torch.zeros(2, 1, 3))
    return Batch(torch.rand(2, 1, 3, 24, 24), torch.arange(2), truth)


def test_a_step_is_of_the_loss_of_the_recipe(module, batch):
    updated = []
    numbers = module.step(batch, lambda name, loss: updated.append((name, loss)))
    logits = module.network(batch.images)
    expected = voxel_cross_entropy(logits, batch.truth.voxels) + voxel_dice(logits, batch.truth.voxels)
    azimuths = module.network.viewpoint(module.network.encode(batch.images))[:, 0]
    expected += 0.2 * -azimuths.log_softmax(1)[:, 0].mean()  # all cameras are at 0 degrees
    ((name, loss),) = updated
    assert name == "network"
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(numbers["loss"], expected)
    assert not any(number.requires_grad for number in numbers.values())
    judged = module.judge(module.network, batch)
    iou = voxel_iou(logits.softmax(1)[:, 1], batch.truth.voxels, 0.4)
    torch.testing.assert_close(judged["iou"], iou)
    torch.testing.assert_close(numbers["iou"], iou.mean())
    torch.testing.assert_close(judged["loss"], expected.expand(2))
    assert module.needs == {"voxels", "cameras"}
    assert module.show(module.network, batch).shape == (3, 2 * 96, 3 * 96)


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
    module = R2N2Training(tiny(recipe("simple-gru-1")))
    assert module.needs == {"voxels"}
    optimiser = module.optimisers()["network"]
    assert type(optimiser) is torch.optim.Adam
    weights, biases = optimiser.param_groups
    assert weights["weight_decay"] == 5e-5
    assert biases["weight_decay"] == (5e-5 if decayed else 0)
    assert all(p.ndim < 2 for p in biases["params"])


def test_weights_are_those_that_the_system_loads(module, batch, tmp_path):
    module.save_weights(tmp_path / "weights.safetensors", module.best_network, {"recipe": "best"})
    system = R2N2.load(tmp_path / "weights.safetensors")
    with torch.no_grad():
        expected = module.best_network.eval()(batch.images).softmax(1)[:, 1]
    torch.testing.assert_close(system.occupancy(batch.images), expected)
    assert system.training["recipe"] == "best"
    assert system.training["loss"] == {"cross_entropy": 1.0, "dice": 1.0, "focal": 0.0, "azimuth": 0.2}
    assert system.views_config == module.config.views
