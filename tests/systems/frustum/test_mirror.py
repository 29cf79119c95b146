"""Planes of symmetry: told, learned and used."""

import torch
from torch.nn.functional import normalize

from maquette.systems.frustum.grid import Frustum
from maquette.systems.frustum.mirror import Mirror, mirror_loss
from tests.systems.frustum.test_grid import frustums, poses


def told_of(normal: torch.Tensor, way: torch.Tensor, trust: float = 1.0) -> torch.Tensor:
    matrix = trust * normal[:, :, None] * normal[:, None]
    return torch.cat([matrix[:, (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)], 10 * way], dim=1)


def test_a_told_plane_is_read() -> None:
    frustum, normal = frustums(), normalize(torch.randn(4, 3), dim=1)
    way = 0.05 * torch.randn(4, 1) * normal
    mirror = Mirror.of_told(told_of(normal, way, 0.7), frustum)
    middle = frustum.points(torch.full((4, 1, 3), 0.5))[:, 0]
    assert torch.allclose((mirror.normal * normal).sum(1).abs(), torch.ones(4), atol=1e-5)
    assert torch.allclose(mirror.point, middle + way, atol=1e-5)
    assert torch.allclose(mirror.trust, torch.full((4,), 0.7), atol=1e-5)


def test_mirror_images_are_involutions_and_keep_the_plane() -> None:
    normal = normalize(torch.randn(4, 3), dim=1)
    mirror, points = Mirror(normal, torch.randn(4, 3), torch.ones(4)), torch.randn(4, 20, 3)
    images = mirror.image(points)
    assert torch.allclose(mirror.image(images), points, atol=1e-5)
    half = (points + images) / 2 - mirror.point[:, None]
    assert (half * normal[:, None]).sum(-1).abs().max() < 1e-5


def test_the_loss_is_zero_at_a_plane_of_the_object_alone() -> None:
    """Solids that are symmetric in x, in z, in both, and in neither."""
    place = torch.arange(16) - 7.5
    x, _, z = torch.meshgrid(place, place, place, indexing="ij")
    voxels = torch.stack([z > 0, x > 0, x**2 + z**2 < 36, (x > 0) & (z > 0)])
    frustum, pose = frustums(), poses()
    middle = frustum.points(torch.full((4, 1, 3), 0.5))[:, 0]
    aside = torch.cat([-middle[:, :2], torch.zeros(4, 1)], dim=1)
    losses = []
    for axis in (0, 2):
        normal = pose.axis(axis)
        told = told_of(normal, (aside * normal).sum(1, keepdim=True) * normal)
        losses.append(
            [float(mirror_loss(*_one(told, voxels, i), *_seen(frustum, pose, i))) for i in range(4)]
        )
    zero = [[loss < 1e-8 for loss in row] for row in losses]
    assert zero == [[True, False, True, False], [False, True, True, False]]
    nothing = mirror_loss(torch.zeros(1, 9), voxels[3:], *_seen(frustum, pose, 3))
    assert float(nothing) == 0


def test_half_of_an_object_is_completed_from_the_other() -> None:
    """A ball of which the field knows the left half becomes a ball of half probabilities, where it is sure."""
    place = (torch.arange(24) + 0.5) / 24
    z, y, x = torch.meshgrid(place, place, place, indexing="ij")
    frustum = Frustum(torch.tensor([2.0]), torch.tensor([[0.5, 0.5]]))
    points = frustum.points(torch.stack([x, y, z], dim=-1).view(1, -1, 3))
    ball = (points - points.new_tensor([0.0, 0.0, 2.0])).norm(dim=-1) < 0.35
    whole = ball.float().view(1, 24, 24, 24)
    half = whole.clone()
    half[..., :12] = 0
    plane = told_of(torch.tensor([[1.0, 0.0, 0.0]]), torch.zeros(1, 3))
    found = Mirror.of_told(plane, frustum).completed(half, frustum)
    assert torch.allclose(found, whole / 2, atol=1e-4)
    unsure = Mirror.of_told(torch.zeros(1, 9), frustum).completed(half, frustum)
    assert torch.allclose(unsure, half)


def _one(told, voxels, i: int):
    return told[i : i + 1], voxels[i : i + 1]


def _seen(frustum, pose, i: int):
    return frustum[i : i + 1], pose[i : i + 1]
