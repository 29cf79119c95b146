"""The mask network learns drawn shapes, its pictures get shadows, and a run is kept as weights."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import maquette
from maquette.data.open import DataPlace, open_source
from maquette.loss.soft_dice import soft_dice
from maquette.systems.segment.config import NetworkConfig
from maquette.systems.segment.recipes import MaskLossConfig, best
from maquette.systems.segment.shadows import softened, with_shadows
from maquette.systems.segment.training import SegmentTraining
from maquette.training.config import TrainConfig


def small_config():
    whole = best()
    return replace(
        whole,
        network=NetworkConfig(size=64, width=8),
        views=replace(whole.views, size=64, photos="grounds:6"),
        training=TrainConfig(
            steps=4, batch=4, views=(1, 1), optimiser="adamw", lr=3e-3, ema=0.5, val_every=2, val_samples=2
        ),
        first_weights="none",
    )


def test_a_run(tmp_path: Path) -> None:
    config = small_config()
    module = SegmentTraining(config)
    source = open_source(DataPlace(shapes="families:12"), config.views, needs=module.needs).source
    held = source.held_batch([0, 1, 2], 1)
    judged = module.judge(module.best_network, held)
    assert judged["iou"].shape == (3,)
    assert module.show(module.best_network, held).shape == (3, 128, 192)
    told = {}
    module.train()

    def update(name: str, loss: torch.Tensor) -> None:
        told[name] = loss
        loss.backward()

    terms = module.step(source.training_batch(0, 4, 1), update)
    assert set(terms) == {"loss", "pixels", "dice", "iou"}
    assert torch.allclose(told["network"], terms["pixels"] + terms["dice"])
    assert all(p.grad is None for p in module.network.backbone.parameters())
    assert all(p.grad is not None for p in module.network.tell.parameters())
    module.save_weights(tmp_path / "w.safetensors", module.best_network, {"recipe": "best"})
    back = maquette.load("segment", tmp_path / "w.safetensors")
    assert back.training["recipe"] == "best"
    assert back.views_config.photos is None
    assert back.masks(torch.rand(1, 3, 50, 70)).shape == (1, 1, 50, 70)


def test_shadows_darken_only_what_is_behind() -> None:
    masks = torch.zeros(3, 1, 64, 64)
    masks[:, :, 20:44, 24:40] = 1
    images = torch.full((3, 3, 64, 64), 0.8)
    assert torch.equal(with_shadows(images, masks, 0.0), images)
    torch.manual_seed(1)
    dark = with_shadows(images, masks, 1.0)
    inside = masks.expand_as(images) > 0
    assert torch.equal(dark[inside], images[inside])
    assert (dark <= images + 1e-6).all()
    assert ((images - dark).flatten(1).amax(1) > 0.05).all()
    foot = (images - dark)[:, :, 44:50].mean()
    assert foot > (images - dark)[:, :, :6].mean()  # it lies at the foot


def test_soft_pictures_keep_their_mean() -> None:
    images = torch.rand(4, 3, 48, 48)
    assert torch.equal(softened(images, 0.0), images)
    made = softened(images, 1.0)
    assert (made.std(dim=(1, 2, 3)) < images.std(dim=(1, 2, 3))).all()
    assert torch.allclose(made.mean(dim=(2, 3)), images.mean(dim=(2, 3)), atol=0.05)


def test_dice() -> None:
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2] = 1
    sure = torch.where(mask > 0, 40.0, -40.0)
    assert float(soft_dice(sure, mask)) == pytest.approx(0, abs=1e-6)
    assert float(soft_dice(-sure, mask)) == pytest.approx(1, abs=1e-6)


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        NetworkConfig(size=100)
    with pytest.raises(ValueError, match="one size"):
        replace(small_config(), network=NetworkConfig(size=96))
    with pytest.raises(ValueError, match="probability"):
        MaskLossConfig(shadow=2)
