"""The fused soft silhouette against its dense twin in float64."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.kernels.silhouette import soft_silhouette
from maquette.kernels.tiles import binned_tiles
from tests.kernels.raster_twins import soft_silhouette_twin

SIGMA = 1e-3
BLUR = math.log(1e4 - 1) * SIGMA


def random_mesh(seed: int, faces: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """A soup of triangles with slivers, faces off the picture and faces behind the camera."""
    g = torch.Generator().manual_seed(seed)
    centre = torch.rand(faces, 1, 2, generator=g) * 2.6 - 1.3
    size = torch.rand(faces, 1, 1, generator=g) * 0.6 + 0.02
    xy = centre + size * (torch.rand(faces, 3, 2, generator=g) - 0.5)
    xy[::7, 2] = xy[::7, 0] * 0.5 + xy[::7, 1] * 0.5 + 1e-3  # slivers
    xy[3::11, 1] = xy[3::11, 0]  # no area
    z = torch.rand(faces, 3, 1, generator=g) + 1
    z[5::9, 1] = -0.5  # one corner behind the camera
    return torch.cat((xy, z), -1).reshape(-1, 3), torch.arange(3 * faces).reshape(-1, 3)


def render(verts, faces, size, sigma=SIGMA, blur=BLUR, tiles=None):
    one, zero = torch.tensor([len(faces)]), torch.zeros(1, dtype=torch.long)
    to_mesh = torch.zeros(len(faces), dtype=torch.long)
    return soft_silhouette(verts, faces, zero, one, to_mesh, size, sigma, blur, tiles)[0]


def agree(x: torch.Tensor, y: torch.Tensor, cosine: float = 0.99999, error: float = 1e-3) -> None:
    x, y = x.double().flatten(), y.double().flatten()
    assert torch.dot(x, y) / (x.norm() * y.norm()) > cosine
    assert (x - y).norm() / y.norm() < error


@pytest.mark.parametrize("seed", range(50))
def test_values_and_gradients_match_twin(seed):
    verts, faces = random_mesh(seed)
    size = (24, 30) if seed % 2 else (28, 28)
    mine, twin = verts.clone().requires_grad_(), verts.double().requires_grad_()
    alpha = render(mine, faces, size)
    expected = soft_silhouette_twin(twin, faces, *size, SIGMA, BLUR)
    # a face whose distance rounds to the other side of the blur radius adds up to 1e-4
    torch.testing.assert_close(alpha.double(), expected, atol=1.2e-4, rtol=0)
    assert (alpha.double() - expected).abs().mean() < 5e-6
    weight = torch.rand(size, generator=torch.Generator().manual_seed(seed))
    (alpha * weight).sum().backward()
    (expected * weight).sum().backward()
    agree(mine.grad, twin.grad)


def test_batch_of_unlike_meshes_is_each_alone():
    (v0, f0), (v1, f1) = random_mesh(1, 20), random_mesh(2, 33)
    first, count = torch.tensor([0, 20, 20]), torch.tensor([20, 0, 33])
    to_mesh = torch.tensor([0] * 20 + [2] * 33)
    verts, faces = torch.cat((v0, v1)), torch.cat((f0, f1 + len(v0)))
    batch = soft_silhouette(verts, faces, first, count, to_mesh, (20, 20), SIGMA, BLUR)
    torch.testing.assert_close(batch[0], render(v0, f0, (20, 20)), atol=1e-6, rtol=0)
    assert batch[1].abs().max() == 0
    torch.testing.assert_close(batch[2], render(v1, f1, (20, 20)), atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(17, 33), (40, 24)])
def test_binned_tiles_give_the_same_picture(size):
    verts, faces = random_mesh(4, 60)
    to_mesh = torch.zeros(len(faces), dtype=torch.long)
    tiles = binned_tiles(verts, faces, to_mesh, 1, size, math.sqrt(BLUR))
    torch.testing.assert_close(
        render(verts, faces, size, tiles=tiles), render(verts, faces, size), atol=0, rtol=0
    )


def test_order_of_faces_does_not_matter():
    verts, faces = random_mesh(5, 60)
    shuffled = faces[torch.randperm(60, generator=torch.Generator().manual_seed(0))]
    torch.testing.assert_close(
        render(verts, shuffled, (32, 32)), render(verts, faces, (32, 32)), atol=1e-6, rtol=0
    )


def test_orientation_of_faces_does_not_matter():
    verts, faces = random_mesh(6)
    torch.testing.assert_close(render(verts, faces.flip(1), (32, 32)), render(verts, faces, (32, 32)))


def test_same_bits_twice_with_any_number_of_bands():
    verts, faces = random_mesh(7, 80)
    pictures, gradients = [], []
    for _ in range(2):
        x = verts.clone().requires_grad_()
        alpha = render(x, faces, (64, 64))
        alpha.square().sum().backward()
        pictures.append(alpha.detach())
        gradients.append(x.grad)
    assert torch.equal(*pictures)
    assert torch.equal(*gradients)


def test_full_pixels_are_exactly_one():
    verts = torch.tensor([[-9.0, -9.0, 2.0], [9.0, -9.0, 2.0], [0.0, 9.0, 2.0]], requires_grad=True)
    alpha = render(verts, torch.tensor([[0, 1, 2]]), (8, 8), sigma=1e-4)
    assert (alpha == 1).all()
    alpha.sum().backward()
    assert (verts.grad == 0).all()


def test_no_faces():
    empty = torch.zeros(0, 3, dtype=torch.long)
    assert render(torch.zeros(0, 3), empty, (4, 5)).abs().max() == 0


coordinate = st.floats(-(2.0**60), 2.0**60, width=32) | st.sampled_from([0.0, 1e-30, 1.0, -1.0, 3e38])


@settings(max_examples=60, deadline=None)
@given(st.lists(coordinate, min_size=18, max_size=18))
def test_gradients_are_finite_for_any_finite_input(values):
    verts = torch.tensor(values).reshape(6, 3).requires_grad_()
    alpha = render(verts, torch.tensor([[0, 1, 2], [3, 4, 5], [0, 4, 2]]), (6, 7))
    alpha.square().sum().backward()
    assert torch.isfinite(alpha).all()
    assert torch.isfinite(verts.grad).all()
