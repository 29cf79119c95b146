"""The network by itself says what the system sees, without Fourier transforms and picked rays."""

import pytest
import torch

from maquette.systems.frustum.config import RESOLUTIONS, NetworkConfig
from maquette.systems.frustum.network import FrustumNetwork
from maquette.systems.frustum.portable import spread
from maquette.systems.frustum.rays import Rays, rays_on
from maquette.systems.frustum.recipes import best
from maquette.systems.frustum.system import FrustumSystem


def masks_of(size: int) -> torch.Tensor:
    """A disc with soft edges, two thin bars that touch the border, and a single pixel."""
    place = torch.arange(size) - size / 2
    disc = (size / 3 - torch.hypot(place[:, None], place[None])).clamp(0, 1)
    bars, pixel = torch.zeros(2, size, size)
    bars[:, :2] = bars[3] = 1
    pixel[5, 9] = 1
    return torch.stack([disc, bars, pixel])[:, None]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_it_says_what_the_system_sees(resolution: int) -> None:
    torch.manual_seed(0)
    variant = f"rays-{resolution}"
    network = FrustumNetwork(NetworkConfig(variant, 0.25, 7))
    with torch.no_grad():
        network.head[-1].weight.mul_(50)  # surfaces that differ from ray to ray
    system = FrustumSystem(network, best(variant).views)
    masks = masks_of(2 * resolution)
    images = torch.rand(3, 3, *masks.shape[2:])
    field, up = system.see(images, masks)
    with torch.no_grad():
        solid, upwards = system.portable().module(images, masks)
    assert field.std() > 0.1
    assert (solid - field).abs().max() < 1e-5
    assert (solid.amax(1)[~rays_on(masks, resolution)] == 0).all()
    assert torch.equal(upwards, up)


@pytest.mark.parametrize("run", [1, 4, 12])
def test_the_spread_is_that_of_rays(run: int) -> None:
    told = Rays.of_output(torch.randn(6, 24 + run), 12)
    front, behind = (x.T.reshape(1, -1, 2, 3) for x in (told.front.softmax(1), told.run.sigmoid()))
    assert torch.allclose(spread(front, behind).flatten(2)[0].T, told.visible(), atol=1e-6)


def test_what_is_said_of_inputs_and_outputs() -> None:
    told = FrustumSystem(FrustumNetwork(NetworkConfig(width=0.25)), best("rays-48").views).portable()
    assert told.inputs == {"images": ("batch", 3, 96, 96), "masks": ("batch", 1, 96, 96)}
    assert told.outputs == ("solid", "up")
    assert told.settings == {
        "framing": "object", "size": 96, "background": 240 / 255, "margin": 0.15, "fov": 50.0, "extent": 1.3
    }  # fmt: skip
