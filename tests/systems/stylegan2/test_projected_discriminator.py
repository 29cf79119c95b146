"""The projected discriminator: what it looks at is fixed and stored nowhere; what it says can be learned."""

import pytest
import torch
from torch import nn

from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.projected_discriminator import (
    CHANNELS,
    STRIDES,
    FeatureMixture,
    ProjectedDiscriminator,
    picture_network,
)
from maquette.systems.stylegan2.system import StyleGAN2System

CONFIG = NetworkConfig(width=0.01, channel_max=8, z_dim=4, w_dim=4, discriminator="projected")
COUNT = len(STRIDES) + 1

CPU = torch.device("cpu"), torch.float32


@pytest.fixture(scope="module")
def images():
    return torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_maps_are_always_the_same_mixture(images):
    torch.manual_seed(1)
    first = FeatureMixture()(images)
    torch.manual_seed(2)
    for one, other in zip(first, FeatureMixture()(images), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert [x.shape[-1] for x in first] == [*(64 // stride for stride in STRIDES), 16]
    changed = FeatureMixture(seed=1)(images)
    assert all((one - other).std() > 0.1 for one, other in zip(first[:-1], changed[:-1], strict=True))
    torch.testing.assert_close(first[-1], changed[-1])  # the picture itself


def test_maps_are_those_that_stored_weights_were_trained_with():
    """Means and deviations of the maps of a picture; other ones make stored discriminators worthless."""
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    told = [(float(x.mean()), float(x.std())) for x in FeatureMixture()(images)]
    wanted = [(-0.1244, 0.9329), (-0.3652, 1.1662), (-0.0314, 1.0754), (0.0761, 0.6425), (0.0101, 0.3575)]
    assert told == [pytest.approx(pair, abs=2e-3) for pair in wanted]


def test_random_numbers_go_on_as_if_there_were_no_mixture(images):
    picture_network.cache_clear()
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    FeatureMixture()(images)
    assert torch.equal(torch.rand(3), wanted)


def test_first_used_without_gradients_it_gives_them_later(images):
    picture_network.cache_clear()
    with torch.inference_mode():
        ProjectedDiscriminator(CONFIG)(images)
    leaf = images.clone().requires_grad_()
    ProjectedDiscriminator(CONFIG)(leaf).sum().backward()
    assert leaf.grad.abs().sum() > 0


def test_in_twice_the_precision(images):
    discriminator = ProjectedDiscriminator(CONFIG).eval()
    single, double = discriminator(images), discriminator.double()(images.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, rtol=1e-3, atol=1e-4)
    assert tuple(picture_network(*CPU).channels.values()) == CHANNELS


def test_every_map_knows_what_coarser_ones_see(images):
    """The coarsest features come down into the finest map: it changes where they do."""
    mixture = FeatureMixture()
    before = mixture(images)
    mixture.get_buffer("down3").zero_()
    after = mixture(images)
    assert not torch.equal(before[2], after[2])
    assert not torch.equal(before[0], after[0])
    torch.testing.assert_close(before[3], after[3], rtol=0, atol=0)


def test_pictures_get_gradients_and_nothing_fixed_does(images):
    discriminator = ProjectedDiscriminator(CONFIG)
    leaf = images.clone().requires_grad_()
    discriminator(leaf).sum().backward()
    assert leaf.grad is not None
    assert (leaf.grad.flatten(1).norm(dim=1) > 0).all()
    assert all(parameter.grad is None for parameter in picture_network(*CPU).parameters())
    assert all(name.startswith("heads.") for name in discriminator.state_dict())
    assert all(name.startswith("heads.") for name, _ in discriminator.named_parameters())


def test_one_number_of_each_map(images):
    assert ProjectedDiscriminator(CONFIG)(images).shape == (4, COUNT)
    small = ProjectedDiscriminator(NetworkConfig(size=8, width=0.01, discriminator="projected"))
    assert small(images[:, :, :8, :8]).shape == (4, COUNT)
    large = ProjectedDiscriminator(NetworkConfig(size=128, width=0.01, discriminator="projected"))
    assert large(torch.zeros(1, 3, 128, 128)).shape == (1, COUNT)


def test_weights_have_a_spectral_norm_of_one(images):
    torch.manual_seed(0)
    discriminator = ProjectedDiscriminator(CONFIG)
    with torch.no_grad():
        for _ in range(30):
            discriminator(images)
    norms = [
        torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)
        for layer in discriminator.modules()
        if isinstance(layer, nn.Conv2d) and layer.weight.requires_grad
    ]
    assert len(norms) == 18
    assert all(0.9 < float(norm) < 1.15 for norm in norms)


def test_it_learns_to_tell_squares_from_noise(images):
    torch.manual_seed(0)
    squares = torch.full_like(images, 0.9)
    squares[:, :, 20:40, 10:50] = -0.5
    discriminator = ProjectedDiscriminator(CONFIG)
    optimiser = torch.optim.Adam(discriminator.parameters(), 1e-3)
    for _ in range(12):
        loss = (discriminator(images) - discriminator(squares)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (discriminator(squares) > discriminator(images)).all()


def test_stored_and_loaded_it_says_the_same(images, tmp_path):
    StyleGAN2System(fresh_network(CONFIG, 0)).save(tmp_path / "gan.safetensors", "float32")
    picture_network.cache_clear()  # as in a new process, whose first network is one that weights fill
    loaded = StyleGAN2System.load(tmp_path / "gan.safetensors", device="cpu").network
    first = fresh_network(CONFIG, 0).eval()
    torch.testing.assert_close(loaded.discriminator(images), first.discriminator(images))


def test_networks_have_it_by_its_name():
    network = fresh_network(CONFIG, 0)
    assert isinstance(network.discriminator, ProjectedDiscriminator)
    made, told = network(torch.randn(2, 4))
    assert made.shape == (2, 3, 64, 64)
    assert told.shape == (2, COUNT)
    for wrong in ({"channels": 1}, {"labels": 3}):
        with pytest.raises(ValueError, match="projected"):
            NetworkConfig(discriminator="projected", **wrong)
