"""The cube of opacities: what a ray meets, and gradients to shape and cameras."""

import math

import torch

from maquette.poses.silhouettes import ring
from maquette.poses.volume import HALF, look_into, rays_of


def ball(cells: int, channels: int = 1) -> torch.Tensor:
    """Solid within a radius of .3, log odds falling off outside."""
    place = ((torch.arange(cells) + 0.5) / cells * 2 - 1) * HALF
    grid = torch.stack(torch.meshgrid(place, place, place, indexing="ij"))
    odds = 400 * (0.3 - grid.norm(dim=0))[None]
    return torch.cat([odds, 8 * grid]) if channels == 4 else odds


def test_rays_go_through_the_middles_of_pixels() -> None:
    rays = rays_of(2, 90.0)
    assert torch.allclose(rays[0], torch.tensor([0.5, 0.5, 1.0]))  # left and up in the picture: +X, +Y
    assert torch.allclose(rays[3], torch.tensor([-0.5, -0.5, 1.0]))


def test_a_ball_is_a_disc_from_everywhere() -> None:
    R = ring(torch.tensor([0.0, 77.0, 200.0]), 33.0)
    T = torch.tensor([[0.0, 0.0, 2.0]]).expand(3, 3)
    seen = look_into(ball(40), R, T, rays_of(48, 40.0), 60).opacity.view(3, 48, 48) > 0.5
    radius = 48 / 2 * math.tan(math.asin(0.3 / 2)) / math.tan(math.radians(20))
    area = math.pi * radius**2
    assert all(abs(float(one.sum()) / area - 1) < 0.05 for one in seen)


def test_colours_are_those_of_the_side_that_is_seen() -> None:
    """The cube is red where x is large: a camera there sees red, one on the other side none."""
    R = ring(torch.tensor([90.0, 270.0]), 0.0)
    T = torch.tensor([[0.0, 0.0, 2.0]]).expand(2, 3)
    colours = look_into(ball(32, 4), R, T, rays_of(33, 40.0), 48).colours
    middle = colours[:, 33 * 33 // 2, 0]
    assert middle[0] > 0.85
    assert middle[1] < 0.15


def test_gradients_reach_cube_and_cameras() -> None:
    cube = ball(12).requires_grad_()
    R, T = ring(torch.tensor([10.0]), 20.0), torch.tensor([[0.05, 0.0, 2.0]])
    R, T = R.requires_grad_(), T.requires_grad_()
    look_into(cube, R, T, rays_of(12, 40.0), 16).opacity.square().sum().backward()
    for part in (cube, R, T):
        assert part.grad.isfinite().all()
        assert part.grad.abs().sum() > 0


def test_a_shift_towards_the_left_moves_what_is_seen_to_the_left() -> None:
    R, rays = ring(torch.zeros(1), 0.0), rays_of(24, 40.0)
    seen = look_into(ball(24), R, torch.tensor([[0.2, 0.0, 2.0]]), rays, 32).opacity.view(24, 24)
    assert seen[:, :12].sum() > seen[:, 12:].sum() + 10  # +X is to the left
