"""The plane sweep against a torch twin, and on a plane whose depth is known."""

import torch
from torch import Tensor

from maquette.kernels.sweep import sweep

VIEWS, SIDE, STEP = 3, 12, 0.25


def pictures(seed: int) -> Tensor:
    return torch.rand(VIEWS, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(seed))


def beside() -> tuple[Tensor, Tensor]:
    """Two neighbours of each view, and matrices that move pixels sideways by what depth says."""
    neighbours = torch.tensor([[1, 2], [0, -1], [0, 1]], dtype=torch.int32)
    pairs = torch.eye(4).repeat(VIEWS, 2, 1, 1)
    pairs[..., 3, :] = torch.tensor([0.0, 0.0, 1.0, 0.0])  # w is the depth
    pairs[:, 0, 0, 3] = 3.0
    pairs[:, 1, 1, 3] = -2.0
    return neighbours, pairs


def bilinear(image: Tensor, x: float, y: float) -> Tensor:
    u, v = (min(max(a - 0.5, 0.0), SIDE - 1.0) for a in (x, y))
    c, r = min(int(u), SIDE - 2), min(int(v), SIDE - 2)
    s, t = u - c, v - r
    above, below = (image[k, c] * (1 - s) + image[k, c + 1] * s for k in (r, r + 1))
    return above * (1 - t) + below * t


def likeness(
    images: Tensor, view: int, other: int, pair: Tensor, x: float, y: float, z: float, slant: Tensor
) -> float | None:
    ours, theirs = [], []
    for k in range(9):
        step = torch.tensor([k % 3 - 1.0, k // 3 - 1.0])
        u, v, d = x + float(step[0]), y + float(step[1]), z + float(step @ slant) * z * 0.1
        p = pair @ torch.tensor([u * d, v * d, d, 1.0])
        if not (0 <= p[0] / p[3] <= SIDE and 0 <= p[1] / p[3] <= SIDE):
            return None
        ours.append(bilinear(images[view], u, v))
        theirs.append(bilinear(images[other], float(p[0] / p[3]), float(p[1] / p[3])))
    a, b = (torch.stack(taps).double() for taps in (ours, theirs))
    a, b = a - a.mean(dim=0), b - b.mean(dim=0)
    return float((a * b).sum() / ((a.square().sum() * b.square().sum()).sqrt() + 0.002))


def test_the_best_depth_is_that_of_a_twin() -> None:
    images = pictures(0)
    neighbours, pairs = beside()
    slants = torch.tensor([[0.0, 0.0], [1.0, -0.5]])
    pixels = torch.tensor([[0, 5, 4], [1, 6, 6], [2, 3, 8]], dtype=torch.int32)
    ranges = torch.tensor([[1.0, 3.0]] * 3)
    depths, scores = sweep(
        images,
        pixels,
        ranges,
        STEP,
        torch.ones(VIEWS, dtype=torch.bool),
        neighbours,
        pairs,
        torch.full((VIEWS,), 0.1),
        slants,
        1.0,
    )
    for (view, row, column), depth, score in zip(pixels.tolist(), depths, scores, strict=True):
        curve = []
        for k in range(9):
            z, best = 1.0 + STEP * k, -2.0
            for slant in slants:
                found = [
                    likeness(images, view, o, pairs[view, j], column + 0.5, row + 0.5, z, slant)
                    for j, o in enumerate(neighbours[view].tolist())
                    if o >= 0
                ]
                seen = sorted((x for x in found if x is not None), reverse=True)
                if seen:
                    half = seen[: (len(seen) + 1) // 2]
                    best = max(best, sum(half) / len(half))
            curve.append(best)
        place = max(range(9), key=curve.__getitem__)
        assert abs(curve[place] - float(score)) < 1e-4
        assert abs(float(depth) - (1 + STEP * place)) <= STEP / 2 + 1e-5


def test_gain_and_offset_of_the_light_do_not_matter() -> None:
    flat = torch.rand(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(1))
    images = torch.stack([flat, 0.3 + 0.5 * flat])
    neighbours = torch.tensor([[1], [0]], dtype=torch.int32)
    pairs = torch.eye(4).repeat(2, 1, 1, 1)
    pairs[:, 0, 3] = torch.tensor([0.0, 0.0, 1.0, 0.0])
    pairs[:, 0, 0, 3] = 4.0  # 4 / depth pixels to the right, less two of them
    pairs[:, 0, 0, 2] = -2.0
    pixels = torch.tensor([[0, 5, 5]], dtype=torch.int32)
    depths, scores = sweep(
        images,
        pixels,
        torch.tensor([[1.0, 4.0]]),
        0.125,
        torch.ones(2, dtype=torch.bool),
        neighbours,
        pairs,
        torch.full((2,), 0.1),
        torch.zeros(1, 2),
        1.0,
    )
    assert abs(float(depths) - 2) < 0.05  # where both meet
    assert float(scores) > 0.98


def test_a_pixel_that_no_neighbour_shows_is_told_apart() -> None:
    neighbours, pairs = beside()
    pixels = torch.tensor([[0, 5, 5]], dtype=torch.int32)
    _, scores = sweep(
        pictures(2),
        pixels,
        torch.tensor([[1.0, 2.0]]),
        STEP,
        torch.ones(VIEWS, dtype=torch.bool),
        torch.full_like(neighbours, -1),
        pairs,
        torch.full((VIEWS,), 0.1),
        torch.zeros(1, 2),
        1.0,
    )
    assert scores.tolist() == [-2.0]
