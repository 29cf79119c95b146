"""Generator and discriminator: sizes as published, styles, noise, names."""

import pytest
import torch

from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.mapping import Mapping, mixed, truncated
from maquette.systems.stylegan2.network import StyleGAN2Network, fresh_network

TINY = NetworkConfig(size=16, width=0.005, channel_max=8, z_dim=6, w_dim=5)
COUNTS = [
    ({"size": 1024, "width": 1.0, "mapping": 8}, 30_370_060, 29_012_513),
    ({"size": 1024, "width": 0.5, "mapping": 8}, 24_900_764, 24_038_161),
    ({"size": 512, "width": 1.0, "mapping": 8}, 30_276_583, 28_982_849),
    ({"size": 512, "width": 0.5, "mapping": 8}, 24_860_935, 24_030_753),
    ({"size": 256, "width": 0.5, "mapping": 8}, 24_767_458, 24_001_089),
    ({"size": 256}, 23_191_522, 24_001_089),
    ({"size": 128}, 22_949_277, 23_882_369),
    ({"size": 64}, 22_243_608, 23_407_361),
    ({"size": 32}, 19_947_539, 21_507_073),
    ({"width": 0.125, "channel_max": 128, "z_dim": 128, "w_dim": 128}, 1_395_288, 1_465_025),
    ({"width": 0.0625, "channel_max": 64, "z_dim": 64, "w_dim": 64}, 350_520, 366_945),
    ({"size": 32, "width": 0.0625, "channel_max": 64, "z_dim": 64, "w_dim": 64}, 314_387, 337_281),
]


@pytest.mark.parametrize(("sizes", "generator", "discriminator"), COUNTS)
def test_parameters_as_published(sizes, generator, discriminator):
    with torch.device("meta"):
        network = StyleGAN2Network(NetworkConfig(**sizes))
    parts = (network.generator, network.discriminator)
    assert tuple(sum(p.numel() for p in part.parameters()) for part in parts) == (generator, discriminator)


@pytest.mark.parametrize(("size", "styles"), [(1024, 18), (512, 16), (256, 14), (128, 12), (64, 10), (32, 8)])
def test_style_vectors_of_a_picture(size, styles):
    assert NetworkConfig(size=size).styles == styles


def test_names_are_the_official_ones():
    names = set(fresh_network(TINY, 0).state_dict())
    layer = {"weight", "bias", "noise_const", "noise_strength", "affine.weight", "affine.bias"}
    expected = {f"synthesis.b8.{conv}.{name}" for conv in ("conv0", "conv1") for name in layer}
    expected |= {f"synthesis.b4.{name}" for name in ("const", "conv1.weight", "torgb.affine.weight")}
    expected |= {"mapping.w_avg", "mapping.fc0.weight", "mapping.fc1.bias", "synthesis.b16.torgb.bias"}
    assert {f"generator.{name}" for name in expected} <= names
    expected = {"b16.fromrgb.weight", "b16.conv0.bias", "b8.conv1.weight", "b8.skip.weight", "b4.conv.weight"}
    assert {f"discriminator.{name}" for name in expected | {"b4.fc.weight", "b4.out.bias"}} <= names
    assert not {name for name in names if "b4.conv0" in name or "filter" in name or "b8.fromrgb" in name}


def test_noise_is_random_constant_or_none():
    generator = fresh_network(TINY, 1).generator
    z = torch.randn(2, 6)
    flat = generator(z, noise="none")
    assert torch.equal(generator(z, noise="random"), flat)  # its strength is 0 at first
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.5)
    assert torch.equal(generator(z, noise="const"), generator(z, noise="const"))
    assert not torch.equal(generator(z, noise="random"), generator(z, noise="random"))
    own = [torch.zeros(2, 1, size, size) for size in (4, 8, 8, 16, 16)]
    torch.testing.assert_close(generator(z, noise=own), flat)


def test_pictures_grow_from_coarse_to_fine():
    made = fresh_network(TINY, 2).generator.synthesis.stages(torch.randn(1, 6, 5), "none")
    assert [(x.shape[1], image.shape[-1]) for x, image in made] == [(8, 4), (8, 8), (8, 16)]


def test_truncation():
    styles, mean = torch.randn(3, 6, 5), torch.randn(5)
    assert truncated(styles, mean, 1.0) is styles
    torch.testing.assert_close(truncated(styles, mean, 0.0), mean.expand_as(styles))
    torch.testing.assert_close(truncated(styles, mean, 0.7), mean + 0.7 * (styles - mean))
    cut = truncated(styles, mean, -0.5, 2)
    torch.testing.assert_close(cut[:, :2], mean - 0.5 * (styles[:, :2] - mean))
    assert torch.equal(cut[:, 2:], styles[:, 2:])


def test_mixing_takes_the_layers_that_are_named():
    rows, columns = torch.randn(2, 6, 5), torch.randn(2, 6, 5)
    made = mixed(rows, columns, [0, 2])
    assert torch.equal(made[:, [0, 2]], columns[:, [0, 2]])
    assert torch.equal(made[:, [1, 3, 4, 5]], rows[:, [1, 3, 4, 5]])


def test_the_mean_of_styles_follows_slowly():
    mapping = Mapping(6, 0, 5, 2)
    mapping.w_avg.fill_(2.0)
    mapping.follow(torch.full((4, 5), 4.0))
    torch.testing.assert_close(mapping.w_avg, torch.full((5,), 2.01))


def test_labels_tell_pictures_apart():
    config = NetworkConfig(size=8, width=0.005, channel_max=8, z_dim=6, w_dim=5, labels=2)
    network = fresh_network(config, 0)
    z, labels = torch.randn(1, 6).repeat(2, 1), torch.eye(2)
    images, logits = network(z, labels)
    assert (images.shape, logits.shape) == ((2, 3, 8, 8), (2, 1))
    assert not torch.equal(images[0], images[1])
    with pytest.raises(ValueError, match="the network has 2 labels, none given"):
        network(z)


@pytest.mark.parametrize("kind", ["resnet", "skip", "orig"])
def test_discriminators(kind):
    config = NetworkConfig(size=16, width=0.005, channel_max=8, discriminator=kind, group=2)
    images = torch.randn(4, 3, 16, 16, requires_grad=True)
    logits = fresh_network(config, 0).discriminator(images)
    assert logits.shape == (4, 1)
    (gradient,) = torch.autograd.grad(logits.sum(), images)
    assert bool(gradient.abs().sum((1, 2, 3)).gt(0).all())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"size": 48}, "size must be one of 8, 16"),
        ({"channels": 2}, "3 channels or 1, not 2"),
        ({"width": 0.0}, "width must lie in"),
        ({"mapping": 0}, r"mapping must lie in \[1, 32\]"),
        ({"clamp": -1.0}, "clamp must lie in"),
    ],
)
def test_settings_out_of_range(wrong, says):
    with pytest.raises(ValueError, match=says):
        NetworkConfig(**wrong)
