"""Work grows with the pixels that faces are near, not faster: 256² costs less than five times 128²."""

import time

import pytest
import torch
from torch import Tensor

from maquette.renderer import rasterize_meshes, soft_silhouettes
from maquette.structures import Meshes

SIGMA, BLUR = 1e-4, 9.21e-4


def batches_in_ndc() -> list[Meshes]:
    """50 meshes of 200 faces: ordinary ones, slivers, some off screen, some with corners behind the camera."""
    torch.manual_seed(0)
    verts = []
    for _ in range(50):
        centre = torch.randn(200, 1, 3) * torch.tensor([0.7, 0.7, 0.5]) + torch.tensor([0.0, 0.0, 2.0])
        corners = centre + torch.randn(200, 3, 3) * torch.rand(200, 1, 1) * 0.3
        corners[:20, 2] = corners[:20, 1] + 1e-6
        corners[20:40, :, 0] += 5
        corners[40:60, 0, 2] -= 4
        verts.append(corners.reshape(-1, 3))
    faces = torch.arange(600).reshape(-1, 3)
    return [Meshes(verts[k : k + 10], [faces] * 10) for k in range(0, 50, 10)]


def silhouettes(meshes: Meshes, size: int) -> Tensor:
    return soft_silhouettes(meshes, (size, size), SIGMA, BLUR)


def fragments(meshes: Meshes, size: int) -> Tensor:
    _, zbuf, bary, dists = rasterize_meshes(meshes, size, BLUR, faces_per_pixel=4)
    return zbuf + bary.sum(-1) + dists


@pytest.mark.slow
@pytest.mark.parametrize("render", [silhouettes, fragments])
def test_four_times_the_pixels_cost_less_than_five_times_as_much(render) -> None:
    batches = batches_in_ndc()

    def seconds(size: int) -> float:
        total = 0.0
        for meshes in batches:
            verts = meshes.verts_packed().clone().requires_grad_()
            moved = meshes.offset_verts(verts - meshes.verts_packed())
            start = time.perf_counter()
            torch.autograd.grad((render(moved, size) ** 2).mean(), verts)
            total += time.perf_counter() - start
        return total

    best = {size: min(seconds(size) for _ in range(7)) for size in (128, 256)}
    assert best[256] < 5 * best[128]
