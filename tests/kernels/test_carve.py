"""Space carving against a twin in plain torch that adds up pixels."""

import pytest
import torch

from maquette.kernels.carve import carve

N = 7


def scene(seed, views=3, margin=0.0):
    """Blotchy masks of different sizes and cameras that look at a grid from all around, near and far."""
    draw = torch.Generator().manual_seed(seed)
    masks, rows = [], []
    for _ in range(views):
        size = [int(s) for s in torch.randint(12, 24, (2,), generator=draw)]
        coarse = torch.rand(1, 1, 4, 4, generator=draw)
        masks.append(torch.nn.functional.interpolate(coarse, size, mode="bilinear")[0, 0] > 0.5)
        turn = torch.linalg.qr(torch.randn(3, 3, generator=draw, dtype=torch.float64))[0]
        view = torch.cat(
            [turn, torch.tensor([[0.0], [0.0], [9.0]]) - turn @ torch.full((3, 1), N / 2).double()], 1
        )
        scale = 1.2 * max(size)
        x = scale * view[0] + size[1] / 2 * view[2]
        y = scale * view[1] + size[0] / 2 * view[2]
        rows.append(torch.stack([x, y, view[2], view[2]]))
    whole = torch.rand(views, generator=draw) < 0.5
    return masks, torch.stack(rows), whole


def packed(masks):
    tables, sums, start = [], [], 0
    for mask in masks:
        table = torch.nn.functional.pad(mask.int(), (1, 0, 1, 0)).cumsum(0).cumsum(1)
        tables.append((mask.shape[1], mask.shape[0], start))
        sums.append(table.int().reshape(-1))
        start += table.numel()
    return torch.tensor(tables, dtype=torch.int32), torch.cat(sums)


def overlap(low, high, count):
    """Length of [low, high] within each of `count` unit intervals from 0."""
    first = torch.arange(count, dtype=torch.float64)
    return (torch.minimum(high[:, None], first + 1) - torch.maximum(low[:, None], first)).clamp(min=0)


def twin(masks, projections, whole, margin):
    """Shares of all cells, cell by cell over whole masks."""
    index = torch.cartesian_prod(*[torch.arange(N, dtype=torch.float64)] * 3)
    steps = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    corners = torch.nn.functional.pad(index[:, None] + steps, (0, 1), value=1.0)
    least = torch.ones(len(index), dtype=torch.float64)
    for mask, projection, complete in zip(masks, projections, whole, strict=True):
        seen = corners @ projection.T
        before = (seen[..., 2:] > 0).all(dim=2).all(dim=1)
        at = seen[..., :2] / seen[..., 3:]
        low, high = at.amin(dim=1) - margin, at.amax(dim=1) + margin
        height, width = mask.shape
        across, down = (overlap(low[:, k], high[:, k], (width, height)[k]) for k in range(2))
        covered = torch.einsum("cx,cy,yx->c", across, down, mask.double())
        share = covered / (high - low).prod(dim=1)
        inside = (low >= 0).all(dim=1) & (high <= torch.tensor([width, height])).all(dim=1)
        tells = before & (inside | complete)
        least = torch.where(tells, torch.minimum(least, share), least)
    return least.view(N, N, N).float()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0.0, 0.7])
def test_matches_the_twin(seed, margin):
    masks, projections, whole = scene(seed)
    tables, sums = packed(masks)
    expected = twin(masks, projections, whole, margin)
    found = carve(N, projections, whole, tables, sums, margin)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)
    assert torch.equal(found > 0, expected > 0)
    assert 0 < (expected == 0).sum() < N**3


def test_what_reaches_behind_a_camera_is_kept():
    masks, projections, whole = scene(0, views=1)
    projections[:, 2:, 3] -= 9.0  # the camera stands in the middle of the grid
    tables, sums = packed([torch.zeros_like(masks[0])])
    found = carve(N, projections, torch.ones_like(whole), tables, sums, 0.0)
    index = torch.cartesian_prod(*[torch.arange(N, dtype=torch.float64)] * 3)
    steps = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    depth = (index[:, None] + steps) @ projections[0, 2, :3] + projections[0, 2, 3]
    assert torch.equal(found.view(-1) == 0, (depth > 0).all(dim=1))
    assert 0 < (found == 0).sum() < N**3


def test_large_pictures_count_as_small_ones_do():
    """1600 x 1600 pixels of a picture 2047 wide: times its stride that is 462,848 more than 32 bits can count to."""
    side, width = 1600, 2047
    marked = (side * side * (width + 1) - 2**32) // (width + 1)
    mask = torch.zeros(side, width)
    mask[: marked // side, :side] = 1
    mask[marked // side, : marked % side] = 1
    tables, sums = packed([mask])
    projection = torch.tensor([[[side, 0, 0, 0], [0, side, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1.0]]])
    found = carve(1, projection.double(), torch.tensor([True]), tables, sums, 0.0)
    assert float(found) == pytest.approx(marked / side**2)
