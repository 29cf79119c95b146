"""The hard rasterizer against its dense twin in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.kernels.rasterize import rasterize
from maquette.kernels.tiles import binned_tiles
from tests.kernels.raster_twins import rasterize_twin
from tests.kernels.test_silhouette import agree, coordinate, random_mesh


def render(verts, faces, size, blur=0.0, slots=1, perspective=True, clip=False, cull=False, tiles=None):
    one, zero = torch.tensor([len(faces)]), torch.zeros(1, dtype=torch.long)
    to_mesh = torch.zeros(len(faces), dtype=torch.long)
    out = rasterize(verts, faces, zero, one, to_mesh, size, blur, slots, perspective, clip, cull, tiles=tiles)
    return [x[0] for x in out]


@pytest.mark.parametrize("seed", range(50))
def test_values_and_gradients_match_twin(seed):
    verts, faces = random_mesh(seed)
    size = (24, 30) if seed % 2 else (28, 28)
    blur, slots = (0.0, 1) if seed % 3 == 0 else (4e-3, 6)
    options = (blur, slots, seed % 4 < 2, blur > 0, seed % 5 == 0)
    mine, twin = verts.clone().requires_grad_(), verts.double().requires_grad_()
    out, expected = render(mine, faces, size, *options), rasterize_twin(twin, faces, *size, *options)
    same = out[0] == expected[0]
    assert same.double().mean() > 0.998  # a pixel centre on an edge may fall to either side
    for x, y in zip(out[1:], expected[1:], strict=True):
        scale = y[same].abs().clamp(min=1)
        assert ((x.double()[same] - y[same]).abs() / scale).max() < 2e-3
    weights = [torch.rand(x.shape, generator=torch.Generator().manual_seed(i)) for i, x in enumerate(out[1:])]
    # barycentric coordinates of slivers are steep beyond all measure: weigh faces of a fair size alone
    corners = verts[faces]
    u, v = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    fair = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).abs() > 3e-3
    used = same & fair[out[0].clamp(min=0)] & (out[0] >= 0)
    masks = (used, used[..., None], used)
    sum((x * w * m).sum() for x, w, m in zip(out[1:], weights, masks, strict=True)).backward()
    sum((x * w * m).sum() for x, w, m in zip(expected[1:], weights, masks, strict=True)).backward()
    agree(mine.grad, twin.grad, cosine=0.9999, error=1e-2)


def test_batch_of_unlike_meshes_is_each_alone():
    (v0, f0), (v1, f1) = random_mesh(1, 20), random_mesh(2, 33)
    first, count = torch.tensor([0, 20, 20]), torch.tensor([20, 0, 33])
    to_mesh = torch.tensor([0] * 20 + [2] * 33)
    verts, faces = torch.cat((v0, v1)), torch.cat((f0, f1 + len(v0)))
    batch = rasterize(verts, faces, first, count, to_mesh, (20, 20), 1e-3, 3, True, True)
    alone = render(v1, f1, (20, 20), 1e-3, 3, True, True)
    torch.testing.assert_close(batch[1][2], alone[1])
    torch.testing.assert_close(batch[0][2], torch.where(alone[0] < 0, -1, alone[0] + 20))
    assert (batch[0][1] == -1).all()


@pytest.mark.parametrize("slots", [1, 4])
def test_binned_tiles_give_the_same_fragments(slots):
    verts, faces = random_mesh(4, 60)
    to_mesh = torch.zeros(len(faces), dtype=torch.long)
    tiles = binned_tiles(verts, faces, to_mesh, 1, (17, 33), 0.1)
    whole = render(verts, faces, (17, 33), 1e-2, slots, True, True)
    for x, y in zip(render(verts, faces, (17, 33), 1e-2, slots, True, True, tiles=tiles), whole, strict=True):
        assert torch.equal(x, y)


def test_nearest_face_wins_and_ties_go_to_the_smaller_number():
    square = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]])
    verts = torch.cat([torch.cat((square, torch.full((3, 1), z)), 1) for z in (3.0, 2.0, 2.0, 1.0)])
    faces = torch.arange(12).reshape(4, 3)
    pix_to_face, zbuf, _, dists = render(verts, faces, (9, 9), slots=5)
    assert pix_to_face[4, 4].tolist() == [3, 1, 2, 0, -1]
    torch.testing.assert_close(zbuf[4, 4], torch.tensor([1.0, 2.0, 2.0, 3.0, -1.0]))
    assert (dists[4, 4, :4] < 0).all()


def test_of_two_halves_of_a_cut_face_the_nearer_stays():
    verts = torch.tensor([[0.5, -0.5, 1.0], [-0.5, -0.5, 1.0], [0.5, 0.5, 1.0], [-0.5, 0.5, 1.0]])
    faces = torch.tensor([[0, 1, 2], [1, 3, 2]])
    first, count = torch.tensor([0]), torch.tensor([2])
    to_mesh, twin = torch.zeros(2, dtype=torch.long), torch.tensor([1, 0])
    out = rasterize(verts, faces, first, count, to_mesh, (16, 16), 0.3, 2, False, True, twin=twin)
    assert (out[0][0, ..., 1] == -1).all()
    both = rasterize(verts, faces, first, count, to_mesh, (16, 16), 0.3, 2, False, True)
    assert (both[0][0, ..., 1] >= 0).any()
    nearer = both[3].abs().where(both[0] >= 0, torch.inf).argmin(-1, keepdim=True)
    covered = both[0][..., 0] >= 0
    assert torch.equal(out[0][..., 0][covered], both[0].gather(-1, nearer)[..., 0][covered])


def test_same_bits_twice():
    verts, faces = random_mesh(7, 80)
    gradients = []
    for _ in range(2):
        x = verts.clone().requires_grad_()
        out = render(x, faces, (64, 64), 1e-3, 4, True, True)
        (out[1].square().sum() + out[2].square().sum() + out[3].sum()).backward()
        gradients.append(x.grad)
    assert torch.equal(*gradients)


@settings(max_examples=60, deadline=None)
@given(st.lists(coordinate, min_size=18, max_size=18), st.booleans(), st.booleans())
def test_gradients_are_finite_for_any_finite_input(values, perspective, clip):
    verts = torch.tensor(values).reshape(6, 3).requires_grad_()
    faces = torch.tensor([[0, 1, 2], [3, 4, 5], [0, 4, 2]])
    out = render(verts, faces, (6, 7), 0.05, 2, perspective, clip)
    sum(x.tanh().sum() for x in out[1:]).backward()
    assert all(torch.isfinite(x).all() for x in out[1:])
    assert torch.isfinite(verts.grad).all()


def test_tiny_worlds_are_drawn_like_large_ones():
    verts, faces = random_mesh(9, 40)
    scale = torch.tensor([1.0, 1.0, 1e-5])
    whole, tiny = render(verts, faces, (24, 24)), render(verts * scale, faces, (24, 24))
    assert torch.equal(tiny[0], whole[0])
    torch.testing.assert_close(tiny[2], whole[2], atol=1e-4, rtol=1e-4)
    covered = whole[0] >= 0
    torch.testing.assert_close(tiny[1][covered], whole[1][covered] * 1e-5, rtol=1e-4, atol=0)


def plane_grid(count, jitter, steps):
    """A square of [-1.2, 1.2] in triangles turned either way; corners on a lattice of `steps` a unit, if any."""
    at = torch.linspace(-1.2, 1.2, count)
    corners = torch.cartesian_prod(at, at)
    corners += (torch.rand_like(corners) - 0.5) * jitter * 2.4 / count
    corners = (corners * steps).round() / steps if steps else corners
    place = torch.arange(count**2).view(count, count)
    a, b, c, d = (x.reshape(-1) for x in (place[:-1, :-1], place[:-1, 1:], place[1:, :-1], place[1:, 1:]))
    faces = torch.cat([torch.stack([a, b, c], 1), torch.stack([b, d, c], 1)])
    turned = torch.where(torch.rand(len(faces), 1) < 0.5, faces, faces.flip(1))
    return torch.nn.functional.pad(corners, (0, 1), value=1.0), turned


@pytest.mark.parametrize("size", [(64, 64), (60, 60), (128, 128)])
@pytest.mark.parametrize(("jitter", "steps"), [(0.0, 0), (0.4, 0), (0.0, 64), (0.4, 64), (0.0, 5)])
@pytest.mark.parametrize("count", [5, 17, 33])
def test_every_pixel_of_a_surface_is_covered_once(size, jitter, steps, count):
    verts, faces = plane_grid(count, jitter, steps)
    pix_to_face, _, _, dists = render(verts, faces, size, slots=3)
    assert ((pix_to_face >= 0).sum(-1) == 1).all()
    assert (dists[..., 0] <= 0).all()
    tiles = binned_tiles(verts, faces, torch.zeros(len(faces), dtype=torch.long), 1, size, 0.0)
    assert torch.equal(render(verts, faces, size, slots=3, tiles=tiles)[0], pix_to_face)


def test_a_pixel_on_an_edge_is_of_the_face_right_of_it_or_below():
    across = torch.tensor([[1.0, 1], [1, -1], [0, -1], [0, 1], [-1, 1], [-1, -1]])  # x points left
    faces = torch.tensor([[0, 1, 2], [0, 2, 3], [3, 2, 5], [3, 5, 4]])
    upright = torch.nn.functional.pad(across, (0, 1), value=1.0)
    level = torch.nn.functional.pad(across.flip(1), (0, 1), value=1.0)
    middle = 4  # of 9 pixels
    assert set(render(upright, faces, (9, 9))[0][:, middle, 0].tolist()) <= {2, 3}
    assert set(render(level, faces, (9, 9))[0][middle, :, 0].tolist()) <= {2, 3}
    assert (render(upright, faces, (9, 9))[0] >= 0).all()


@pytest.mark.parametrize("near", [1e-1, 1e-4, 1e-7])
def test_depths_of_a_face_from_before_the_eye_to_the_horizon(near):
    # a floor one below the eye, from depth `near` to 100: its depth at (x, y) is -1 / y
    ends = torch.tensor([near, 100.0])
    verts = torch.tensor([[s * 1e3 / z, -1 / z, z] for z in ends for s in (-1, 1)]).requires_grad_()
    _, zbuf, _, _ = render(verts, torch.tensor([[0, 1, 2], [1, 3, 2]]), (60, 60))
    expected = -1 / (1 - (2 * torch.arange(31, 60) + 1) / 60)
    torch.testing.assert_close(zbuf[31:, :, 0], expected[:, None].expand(-1, 60), rtol=1e-4, atol=0)
    zbuf[31:].log().sum().backward()
    assert verts.grad.isfinite().all()


def test_a_pixel_may_keep_no_face():
    verts, faces = random_mesh(1)
    assert [x.shape[:3] for x in render(verts, faces, (8, 8), slots=0)] == [(8, 8, 0)] * 4
