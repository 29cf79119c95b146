"""LeMul: pairs of a picture and its mirror image, crossed; colours that are even where the picture is."""

import math
from dataclasses import replace

import pytest
import torch

from maquette.data.faces import FaceViews
from maquette.data.pictures_config import PicturesConfig
from maquette.systems.unsup3d.config import FormationConfig, NetworkConfig
from maquette.systems.unsup3d.formation import canonical, reconstruct
from maquette.systems.unsup3d.lemul import LeMulTraining, albedo_loss
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.recipes import Unsup3DConfig, lemul, original
from maquette.systems.unsup3d.system import Unsup3DSystem
from unsup3d_fakes import some_raw

SIZE = 32


def config() -> Unsup3DConfig:
    whole = lemul()
    return replace(
        whole,
        network=replace(whole.network, size=SIZE, width=8),
        views=PicturesConfig(size=SIZE),
        loss=replace(whole.loss, features="mobilenet_v2", first_weights="none"),
        training=replace(whole.training, batch=2, lr=1e-3),
    )


def by_hand(albedo: torch.Tensor, image: torch.Tensor, depth: torch.Tensor, mask: torch.Tensor) -> float:
    """The loss of one picture, pixel by pixel."""
    total = 0.0
    height, width = depth.shape
    for v in range(height):
        for u in range(width):
            steps = torch.zeros(3, dtype=albedo.dtype)
            for y in range(max(v - 1, 0), min(v + 2, height)):
                for x in range(max(u - 1, 0), min(u + 2, width)):
                    unlike = float((image[:, v, u] - image[:, y, x]).square().sum())
                    if unlike < 0.5:
                        farther = float(depth[v, u] - depth[y, x])
                        weight = math.exp(-unlike / 0.1) * math.exp(-(farther**2) / 4)
                        steps += weight * (albedo[:, v, u] - albedo[:, y, x])
            total += float(steps.square().sum() * mask[0, v, u])
    return total / (height * width)


def test_the_albedo_loss_by_hand():
    albedo, image = torch.rand(2, 2, 3, 5, 4, dtype=torch.float64) * 2 - 1
    depth, mask = torch.rand(2, 5, 4, dtype=torch.float64), (torch.rand(2, 1, 5, 4) > 0.3).double()
    expected = sum(by_hand(*parts) for parts in zip(albedo, image, depth, mask, strict=True)) / 2
    assert float(albedo_loss(albedo, image, depth, mask)) == pytest.approx(expected, rel=1e-9)
    assert albedo_loss(torch.ones_like(albedo), image, depth, mask) == 0
    albedo.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: albedo_loss(a, image, depth, mask), (albedo,))


def test_second_reconstructions_are_of_the_other_ones_depth_and_colours():
    raw = some_raw(4)
    found = canonical(raw, FormationConfig(), crossed=True)
    other = torch.tensor([2, 3, 0, 1])
    assert torch.equal(found.depth[:4][other], found.depth[4:])
    assert torch.equal(found.albedo[:4][other], found.albedo[4:])
    assert torch.equal(found.view[:4], found.view[4:])
    assert torch.equal(found.light.direction[:4], found.light.direction[4:])
    alone = canonical(raw, FormationConfig())
    assert torch.equal(alone.depth[:4], found.depth[:4])
    assert torch.equal(alone.albedo[4:], found.albedo[:4].flip(-1))


def test_uncertainties_of_the_second_see_both_pictures():
    network = Unsup3DNetwork(NetworkConfig("lemul", size=SIZE, width=8, second="pair"))
    images = torch.rand(2, 3, SIZE, SIZE)
    raw, mirrored = network(images), network(images.flip(-1))
    assert raw.sigma_pixels.shape == (2, 2, SIZE, SIZE)
    assert raw.sigma_features.shape == (2, 2, SIZE // 4, SIZE // 4)
    assert not torch.allclose(raw.sigma_pixels, mirrored.sigma_pixels)
    pixels = network(torch.rand(2, 3, SIZE, SIZE)).sigma_pixels
    assert pixels.shape == (2, 2, SIZE, SIZE)
    assert Unsup3DNetwork(NetworkConfig(size=SIZE, width=8, second="pair", confidence="pixels"))(
        images
    ).sigma_features is None  # fmt: skip
    assert Unsup3DNetwork(NetworkConfig(size=SIZE, width=8, second="pair", confidence="none"))(
        images
    ).sigma_pixels is None  # fmt: skip


def test_six_networks_as_published():
    """Depth, albedo, light and view as in Unsup3D, and a network of one map for one picture and for two."""
    with torch.device("meta"):
        six, five = (
            sum(p.numel() for p in Unsup3DNetwork(own.network).parameters()) for own in (lemul(), original())
        )
    maps = 25 * 64 + 9 * 128  # weights of one map of pixels, and of one of features
    assert six == five - maps + 7_678_208 - maps + 3 * 16 * 64
    assert replace(lemul().network, second="mirrored", variant="original") == original().network


def test_it_learns_four_reconstructions():
    module, batch = LeMulTraining(config()), FaceViews(20, SIZE).training_batch(0, 2, 1)
    assert isinstance(Unsup3DSystem.training_module(config()), LeMulTraining)
    optimiser, losses = module.optimisers()["network"], []

    def update(name: str, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))

    for _ in range(20):
        told = module.step(batch, update)
    assert losses[-1] < losses[0] - 0.5
    assert {"loss", "pixels", "pixels_flip", "features", "features_flip", "albedo", "seen"} == set(told)
    parts = told["pixels"] + told["pixels_flip"] + told["features"] + told["features_flip"]
    torch.testing.assert_close(told["loss"], 2 * parts + 4 * 0.5 * told["albedo"])
    assert all(p.grad is not None for p in module.network.parameters())
    with torch.no_grad():
        scores = module.eval().judge(module.network, batch)
        assert module.show(module.network, batch).shape == (3, 2 * SIZE, 6 * SIZE)
    assert all(score.shape == (2,) for score in scores.values())
    assert set(scores) == {"loss", "pixels", "side", "mad"}


def test_a_mirrored_picture_changes_nothing_but_their_order():
    """The loss of a picture and of its mirror image is one, and so is the score of the picture's own depth."""
    module, images = LeMulTraining(config()), FaceViews(4, SIZE).held_batch([0, 1], 1).images[:, 0]
    with torch.no_grad():
        loss, *_, made = module._make(module.network, images)
        other, *_, mirrored = module._make(module.network, images.flip(-1))
        alone = reconstruct(
            canonical(module.network(images), config().network.formation), config().network.formation
        )
    torch.testing.assert_close(loss, other)
    torch.testing.assert_close(made.depth[:2], mirrored.depth[2:4])
    torch.testing.assert_close(made.depth[:2], alone.depth[:2])
