"""Fixed filters: blurs keep what is even, steps measure slopes, and all of them are linear."""

import torch
from scipy.ndimage import gaussian_filter

from maquette.systems.unsup3d.filters import filtered


def test_blurs_are_gaussians_and_steps_are_central_differences():
    maps = torch.rand(2, 3, 20, 24, dtype=torch.float64)
    fine, wide, along, down = filtered(maps)
    for found, deviation in ((fine, 1), (wide, 2)):
        expected = gaussian_filter(maps.numpy(), (0, 0, deviation, deviation), mode="constant", truncate=3)
        torch.testing.assert_close(found, torch.from_numpy(expected))
    torch.testing.assert_close(along[..., 1:-1], (maps[..., 2:] - maps[..., :-2]) / 2)
    torch.testing.assert_close(down[:, :, 1:-1], (maps[:, :, 2:] - maps[:, :, :-2]) / 2)


def test_an_even_picture_stays_and_has_no_steps_away_from_the_edge():
    even = torch.ones(1, 1, 20, 20)
    inside = [found[..., 6:-6, 6:-6] for found in filtered(even)]
    for found, expected in zip(inside, (1, 1, 0, 0), strict=True):
        torch.testing.assert_close(found, torch.full_like(found, expected))


def test_gradients_reach_the_pictures():
    maps = torch.rand(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: torch.stack(filtered(x)), maps)
