"""Colours of the picture on the surface, and of the mirrored side where it is hidden."""

import math

import pytest
import torch

from maquette.ops.depth_maps import normals_of_depth
from maquette.systems.unsup3d.config import FormationConfig
from maquette.systems.unsup3d.formation import Canonical, Light, shade
from maquette.systems.unsup3d.own_colours import own_colours

SMALL, CONFIG = 32, FormationConfig()
GREEN = torch.tensor([-1.0, 1.0, -1.0])


def found(depth: torch.Tensor, yaw: float = 0.0) -> Canonical:
    """An object that the networks say is green, and its mirror image; half of the light is directed."""
    maps = torch.stack([depth, depth.flip(-1)])
    light = Light(torch.full((2, 1), 0.5), torch.full((2, 1), 0.5), torch.tensor([[0.0, 0.0, 1.0]] * 2))
    normals = normals_of_depth(maps, CONFIG.fov)
    shading = shade(normals, light)
    albedo = GREEN[None, :, None, None].expand(2, 3, SMALL, SMALL)
    view = torch.zeros(2, 6)
    view[:, 1] = math.radians(yaw)
    return Canonical(maps[:1], maps, albedo, light, normals, shading, albedo * shading, view)


def ramp(size: int) -> torch.Tensor:
    """Red grows to the right, blue downwards."""
    across = (torch.arange(size) + 0.5) / size
    return torch.stack(
        [across.expand(size, size), torch.full((size, size), 0.25), across[:, None].expand(size, size)]
    )


def test_an_object_at_rest_has_the_colours_of_its_picture() -> None:
    own = own_colours(found(torch.ones(SMALL, SMALL)), ramp(256), CONFIG, 64)
    # The middles of the outermost pixels of 32 are those of 64: half a pixel of 32 from the edge.
    place = 0.5 / SMALL + torch.arange(64) / 63 * (1 - 1 / SMALL)
    seen = own.image[0] / 2 + 0.5
    torch.testing.assert_close(seen[0], place.expand(64, 64), atol=2e-3, rtol=0)
    torch.testing.assert_close(seen[2], place[:, None].expand(64, 64), atol=2e-3, rtol=0)
    torch.testing.assert_close(own.albedo / 2 + 0.5, seen[None] / own.shading, atol=1e-5, rtol=0)


@pytest.mark.parametrize("yaw", [40.0, -40.0])
def test_a_hidden_flank_is_the_mirror_image_of_the_other(yaw: float) -> None:
    across = torch.linspace(-1, 1, SMALL)
    ridge = (1.06 - 0.12 * (1 - across.abs() * 2).clamp(min=0)).expand(SMALL, SMALL)
    plain = torch.tensor([0.8, 0.1, 0.1])[:, None, None].expand(3, 128, 128)
    own = own_colours(found(ridge, yaw), plain, CONFIG, 64)
    colours = own.albedo[0] / 2 + 0.5
    assert (colours[0] > colours[1])[8:-8, 16:-16].all()  # nowhere on the ridge what the networks say
    other = own_colours(found(ridge, -yaw), plain, CONFIG, 64)
    torch.testing.assert_close(own.albedo, other.albedo.flip(-1), atol=1e-3, rtol=0)


def test_depth_is_finer_and_on_the_same_rays() -> None:
    bump = 1.05 - 0.1 * torch.outer(*[torch.hann_window(SMALL, periodic=False)] * 2)
    own = own_colours(found(bump), ramp(64), CONFIG, 63)
    assert own.depth.shape == (1, 63, 63)
    assert (own.depth[0, ::2, ::2] - bump).abs().max() < 0.004
    assert own.depth.flatten().argmin() == 31 * 63 + 31
