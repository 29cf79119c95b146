"""Marching cubes: golden counts, closed surfaces, coordinates, errors."""

import pytest
import torch

from maquette.ops import marching_cubes
from maquette.structures import Meshes
from mesh_shapes import golden
from operator_contract import OperatorContract


class TestMarchingCubes(OperatorContract):
    differentiable = False
    known = {
        "nothing": lambda: (marching_cubes(torch.zeros(0, 3, 3, 3)), ([], [])),
    }
    degenerate = {
        "one value": lambda: (torch.zeros(2, 4, 4, 4),),
        "one layer": lambda: (torch.rand(2, 1, 4, 4),),
    }

    def arguments(self, batch, dtype):
        volume = torch.zeros(batch, 3, 4, 5, dtype=dtype)
        volume[:, 1, 1, 2] = torch.rand(batch, dtype=dtype) + 1  # an octahedron each
        return (volume,)

    def call(self, volume):
        return marching_cubes(volume.detach(), 0.5)

    def shapes(self, batch):
        return [(6, 3)] * batch + [(8, 3)] * batch

    def joined(self, results):
        return [verts for verts, _ in results] + [faces for _, faces in results]


def ball(n=20, radius=7.0):
    grid = torch.stack(torch.meshgrid(*[torch.arange(float(n))] * 3, indexing="ij"))
    return (grid - (n - 1) / 2).square().sum(0).sqrt()[None] - radius


def test_golden_counts_and_area():
    data = golden("voxels")
    volume = data["mc_volume"]
    matches = []
    for level in (None, 0.0, 0.5):
        verts, faces = marching_cubes(volume, level)
        if len(faces[0]):
            area = Meshes(verts, faces).faces_areas_packed().sum()
            matches.append((len(verts[0].unique(dim=0)), len(faces[0]), round(area.item(), 4)))
    expected = (
        int(data["mc_verts_unique_count"]),
        int(data["mc_faces_count"]),
        round(float(data["mc_area"]), 4),
    )
    assert expected in matches


def test_surface_of_a_ball_is_closed_and_lies_on_the_sphere():
    verts, faces = marching_cubes(ball(), 0.0, return_local_coords=False)
    meshes = Meshes(verts, faces)
    radius = (verts[0] - 9.5).norm(dim=1)
    assert (radius - 7).abs().max() < 0.05
    assert len(verts[0]) - len(meshes.edges_packed()) + len(faces[0]) == 2
    sides = meshes.faces_packed_to_edges_packed().flatten().bincount()
    assert (sides == 2).all()


def test_order_of_axes_and_local_coordinates():
    volume = torch.ones(1, 3, 4, 5)
    volume[0, :2] = 0  # a wall across z between the second and the third layer
    verts, _ = marching_cubes(volume, 0.5, return_local_coords=False)
    assert verts[0].amax(0).tolist() == [4.0, 3.0, 1.5]
    assert verts[0].amin(0).tolist() == [0.0, 0.0, 1.5]
    local, _ = marching_cubes(volume, 0.5)
    torch.testing.assert_close(local[0], verts[0] * 2 / torch.tensor([4.0, 3.0, 2.0]) - 1)


def test_vertices_on_grid_points_leave_no_hole():
    volume = ball(12, 0.0).round()
    verts, faces = marching_cubes(volume, 4.0)
    meshes = Meshes(verts, faces)
    assert meshes.faces_areas_packed().min() > 0
    assert_closed(verts[0], faces[0])


def assert_closed(verts, faces):
    """Every edge is a side of two or four triangles, and no two vertices are at one place."""
    sides = Meshes([verts], [faces]).faces_packed_to_edges_packed().flatten().bincount()
    assert (sides % 2 == 0).all()
    assert len(verts.unique(dim=0)) == len(verts)


@pytest.mark.parametrize("level", [25.0, 26.0, 36.0, 42.0])
def test_a_ball_whose_surface_meets_grid_points_is_closed(level):
    squares = (ball(16, 0.0) ** 2 - 0.75).round()  # whole numbers
    shifted = torch.nn.functional.pad(squares, (1, 1, 1, 1, 1, 1), value=1e3)
    for field in (shifted, -shifted, shifted + 3e-6 * torch.rand_like(shifted)):
        sign = 1 if field.max() > 1 else -1
        verts, faces = marching_cubes(field, sign * level, return_local_coords=False)
        assert_closed(verts[0], faces[0])


def test_distances_of_a_cube_at_a_whole_level_are_closed():
    inside = torch.zeros(1, 12, 12, 12)
    inside[0, 3:9, 3:9, 3:9] = 1
    pooled = inside + sum(-torch.nn.functional.max_pool3d(-inside, 2 * r + 1, 1, r) for r in (1, 2))
    for level in (1.0, 2.0):
        verts, faces = marching_cubes(pooled, level)
        assert_closed(verts[0], faces[0])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_does_no_harm(value):
    volume = torch.rand(1, 5, 6, 7)
    volume[0, ::2, 1::3] = value
    for level in (0.5, value):
        _, faces = marching_cubes(volume, level)
        assert len(faces) == 1


def test_no_surface_gives_empty_lists():
    for volume in (torch.zeros(2, 4, 4, 4), torch.rand(2, 1, 4, 4)):
        assert marching_cubes(volume, 0.5 if volume.shape[1] > 1 else None) == ([[], []], [[], []])
    assert marching_cubes(torch.zeros(0, 3, 3, 3)) == ([], [])


def test_float64_and_backward():
    volume = ball().double().requires_grad_()
    verts, _ = marching_cubes(volume, 0.0)
    assert verts[0].dtype == torch.float64
    with pytest.raises(ValueError, match="not supported"):
        verts[0].sum().backward()
