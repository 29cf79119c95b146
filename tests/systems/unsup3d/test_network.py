"""The five networks: as many parameters as published, other widths and sizes, what is refused."""

import pytest
import torch

from maquette.systems.unsup3d.config import FormationConfig, LossConfig, NetworkConfig
from maquette.systems.unsup3d.features import PerceptualFeatures, perceptual_features
from maquette.systems.unsup3d.formation import canonical
from maquette.systems.unsup3d.network import Unsup3DNetwork

PUBLISHED = {
    "depth": 12_979_648, "albedo": 12_982_848, "light": 1_739_264, "view": 1_739_776, "confidence": 7_678_208,
}  # fmt: skip


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_at_the_published_width_there_are_as_many_parameters_as_published():
    network = Unsup3DNetwork(NetworkConfig("original"))
    assert {name: parameters(part) for name, part in network.named_children()} == PUBLISHED
    assert parameters(network) == 37_119_744


def test_light_and_view_can_be_as_wide_as_published_beside_narrow_maps():
    wide = Unsup3DNetwork(NetworkConfig(width=16, numbers_width=32))
    assert parameters(Unsup3DNetwork(NetworkConfig("original", numbers_width=24))) == 37_119_744  # no less
    assert {name: parameters(getattr(wide, name)) for name in ("light", "view")} == {
        name: PUBLISHED[name] for name in ("light", "view")
    }
    assert parameters(wide.depth) == parameters(Unsup3DNetwork(NetworkConfig(width=16)).depth)


def test_a_dome_is_nearest_in_the_middle_and_furthest_in_the_corners():
    images = torch.rand(1, 3, 32, 32)
    networks = {}
    for dome in (0.0, 0.5):
        torch.manual_seed(0)
        networks[dome] = Unsup3DNetwork(NetworkConfig(size=32, width=8, dome=dome))
    more = (networks[0.5](images).depth - networks[0.0](images).depth)[0, 0]
    torch.testing.assert_close(more[[0, 0, -1, -1], [0, -1, 0, -1]], torch.ones(4), rtol=0, atol=1e-5)
    assert more[15:17, 15:17].abs().max() < 2e-3
    torch.testing.assert_close(more, more.mT)
    torch.testing.assert_close(more, more.flip(0))


def test_a_network_that_begins_as_a_dome_begins_nearest_in_the_middle():
    torch.manual_seed(0)
    network = Unsup3DNetwork(NetworkConfig(size=32, width=8, smooth_start=True, dome=0.5))
    depth = canonical(network(torch.rand(1, 3, 32, 32)), FormationConfig()).smooth[0]
    middle, corners = depth[12:20, 12:20].mean(), depth[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
    assert middle + 0.05 < corners


@pytest.mark.parametrize("size", [32, 64, 128])
def test_every_size_has_maps_of_its_own_size(size):
    raw = Unsup3DNetwork(NetworkConfig(size=size, width=8))(torch.rand(2, 3, size, size))
    assert raw.depth.shape == (2, 1, size, size)
    assert raw.albedo.shape == (2, 3, size, size)
    assert raw.sigma_pixels.shape == (2, 2, size, size)
    assert raw.sigma_features.shape == (2, 2, size // 4, size // 4)
    assert (raw.sigma_pixels > 0).all()
    assert all((x.abs() <= 1).all() for x in (raw.albedo, raw.light, raw.view))


@pytest.mark.parametrize(("kind", "maps"), [("both", 2), ("pixels", 1), ("none", 0)])
def test_there_are_as_many_uncertainties_as_asked_for(kind, maps):
    raw = Unsup3DNetwork(NetworkConfig(size=32, width=8, confidence=kind))(torch.rand(1, 3, 32, 32))
    assert sum(x is not None for x in (raw.sigma_pixels, raw.sigma_features)) == maps


def test_pictures_of_another_size_are_refused():
    with pytest.raises(ValueError, match="need pictures of 32 x 32"):
        Unsup3DNetwork(NetworkConfig(size=32, width=8))(torch.rand(1, 3, 64, 64))


@pytest.mark.parametrize("name", ["vgg16", "mobilenet_v2"])
def test_features_are_four_pixels_apart_and_stay_as_they_are(name):
    features = PerceptualFeatures(name, "none").train()
    images = torch.rand(1, 3, 32, 32, requires_grad=True)
    features(images)[0].square().mean().backward()
    (found,) = features(images)
    assert found.shape[2:] == (8, 8)
    assert images.grad.abs().sum() > 0
    assert not features.training
    assert all(p.grad is None and not p.requires_grad for p in features.parameters())
    assert perceptual_features(LossConfig(perceptual=0, features="none")) is None


@pytest.mark.parametrize("name", ["vgg16", "mobilenet_v2"])
def test_features_of_several_levels_begin_with_those_of_one(name):
    torch.manual_seed(0)
    levels = perceptual_features(LossConfig(features=name, first_weights="none", levels=(8, 4)))
    found = levels(torch.rand(1, 3, 64, 64))
    assert [one.shape[-1] for one in found] == [8, 16]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: NetworkConfig("other"), "variant must be one of"),
        (lambda: NetworkConfig(size=48), "size must be one of 32, 64, 128"),
        (lambda: NetworkConfig(width=12), "width must be a multiple of 8"),
        (lambda: NetworkConfig(dome=-1), "dome must lie"),
        (lambda: NetworkConfig(numbers_width=6), "numbers_width must be a multiple of 4"),
        (lambda: FormationConfig(depth=(1.1, 0.9)), "depth must rise"),
        (lambda: FormationConfig(border_depth=1.2), "border_depth in"),
        (lambda: FormationConfig(fov=0), "fov must lie"),
        (lambda: FormationConfig(shift=2.0), "shift must lie"),
        (lambda: FormationConfig(diffuse=(1.0, 0.5)), "diffuse must rise"),
        (lambda: LossConfig(flip=-1), "not negative"),
        (lambda: LossConfig(filtered=-1), "not negative"),
        (lambda: LossConfig(features="none"), "must be 0"),
        (lambda: LossConfig(levels=()), "levels must be of"),
        (lambda: LossConfig(levels=(4, 4)), "each once"),
        (lambda: LossConfig(levels=(3,)), "levels must be of"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
