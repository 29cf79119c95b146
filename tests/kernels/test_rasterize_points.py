"""Discs of points against a twin that compares every pixel with every point."""

import pytest
import torch
from torch import Tensor

from maquette.kernels.rasterize_points import rasterize_discs
from tests.kernels.raster_twins import pixel_grid

FIRST, COUNT = torch.tensor([0, 40, 40]), torch.tensor([40, 0, 25])


def cloud() -> dict[str, Tensor]:
    """Three clouds, the second empty: points behind the camera, at one place, of one depth, of no radius, far out."""
    points = torch.rand(65, 3) * torch.tensor([2.6, 2.6, 1.0]) - torch.tensor([1.3, 1.3, 0.1])
    points[5:9] = points[4]
    points[10:20, 2] = 0.5
    points[20] = torch.tensor([3e38, 0.0, 1.0])
    points[21] = torch.tensor([0.0, -3e38, 1.0])
    points[22, 2] = 0.0
    radii = torch.rand(65) * 0.4
    radii[23:25] = 0.0
    return {"points": points, "radii": radii}


def twin(points: Tensor, radii: Tensor, size: tuple[int, int], slots: int) -> tuple[Tensor, Tensor, Tensor]:
    """idx, zbuf and dists of one cloud, (pixel, slot); differentiable."""
    d2 = (pixel_grid(*size, points.dtype)[:, None] - points[:, :2]).square().sum(-1)
    held = (d2 < radii.square()) & (points[:, 2] >= 0)
    depth = torch.where(held, points[:, 2], torch.inf)
    depth = torch.nn.functional.pad(depth, (0, slots), value=torch.inf)
    d2 = torch.nn.functional.pad(d2, (0, slots), value=-1.0)
    zbuf, idx = depth.sort(dim=1, stable=True)
    zbuf, idx = zbuf[:, :slots], idx[:, :slots]
    none = zbuf.isinf()
    return idx.masked_fill(none, -1), zbuf.masked_fill(none, -1.0), d2.gather(1, idx).masked_fill(none, -1.0)


@pytest.mark.parametrize("size", [(17, 17), (9, 23), (24, 8)])
@pytest.mark.parametrize("slots", [1, 3, 50])
def test_values_and_gradients(size: tuple[int, int], slots: int) -> None:
    batch = cloud()
    points, radii = batch["points"].requires_grad_(), batch["radii"]
    idx, zbuf, dists = rasterize_discs(points, radii, FIRST, COUNT, size, slots)
    assert idx.shape == zbuf.shape == dists.shape == (3, *size, slots)
    exact = points.detach().double().requires_grad_()
    loss, wanted_loss = 0.0, 0.0
    for n, (first, count) in enumerate(zip(FIRST.tolist(), COUNT.tolist(), strict=True)):
        part = slice(first, first + count)
        expected = twin(exact[part], radii[part].double(), size, slots)
        numbers = torch.where(expected[0] >= 0, expected[0] + first, -1)
        assert torch.equal(idx[n].view(-1, slots).long(), numbers)
        for found, wanted in zip((zbuf, dists), expected[1:], strict=True):
            torch.testing.assert_close(found[n].view(-1, slots).double(), wanted, rtol=1e-5, atol=1e-5)
            weight = torch.rand(wanted.shape)
            loss = loss + (found[n].view(-1, slots) * weight).sum()
            wanted_loss = wanted_loss + (wanted * weight.double()).sum()
    loss.backward()
    gradient = torch.autograd.grad(wanted_loss, exact)[0]
    torch.testing.assert_close(points.grad.double(), gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_pictures_do_not_depend_on_threads(count: int) -> None:
    batch, before = cloud(), torch.get_num_threads()
    expected = rasterize_discs(**batch, first=FIRST, count=COUNT, image_size=(16, 16), points_per_pixel=4)
    torch.set_num_threads(count)
    try:
        found = rasterize_discs(**batch, first=FIRST, count=COUNT, image_size=(16, 16), points_per_pixel=4)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_no_points_and_no_slots() -> None:
    none = torch.zeros(0, 3)
    zero = torch.zeros(2, dtype=torch.int64)
    idx, zbuf, dists = rasterize_discs(none.requires_grad_(), torch.zeros(0), zero, zero, (4, 4), 2)
    assert (idx == -1).all()
    (zbuf.sum() + dists.sum()).backward()
    assert none.grad.shape == (0, 3)
    assert (
        rasterize_discs(**cloud(), first=FIRST, count=COUNT, image_size=(4, 4), points_per_pixel=0)[0].shape[
            3
        ]
        == 0
    )
