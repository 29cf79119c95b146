"""Voxelization kernels against float64 twins: separating axes for the surface, ray by ray for the inside."""

from itertools import product

import pytest
import torch
from scipy.ndimage import binary_fill_holes

from maquette.kernels.voxel_parts import Parts
from maquette.kernels.voxelize import solid_cells, touched_cells
from maquette.utils import ico_sphere
from mesh_shapes import random_mesh


def one_part(corners, axes_needed=2):
    zero = torch.zeros(1, dtype=torch.int64)
    return Parts(corners, zero.expand(len(corners)), zero, zero + axes_needed)


def cells(corners, mesh_of_face, meshes, n, parts=None):
    """What faces touch, parts enclose, and both shut in."""
    return solid_cells(touched_cells(corners, mesh_of_face, meshes, n), meshes, n, parts)


def touches(corners, cell):
    """Whether a triangle and a closed unit box overlap, and by how much they do or do not, (bool, margin)."""
    points = corners - (torch.tensor(cell, dtype=torch.float64) + 0.5)
    edges = points.roll(-1, 0) - points
    axes = [*torch.eye(3, dtype=torch.float64), torch.linalg.cross(edges[0], edges[1])]
    axes += [
        torch.linalg.cross(edge, unit) for edge, unit in product(edges, torch.eye(3, dtype=torch.float64))
    ]
    gaps = []
    for axis in axes:
        if axis.norm() < 1e-9:
            continue
        axis = axis / axis.norm()
        along, reach = points @ axis, axis.abs().sum() / 2
        gaps.append(torch.maximum(along.min() - reach, -reach - along.max()))
    margin = torch.stack(gaps).max()
    return bool(margin <= 0), float(margin.abs())


def test_surface_matches_separating_axes():
    n = 5
    verts, faces = random_mesh(12, 5, torch.float64)
    corners = (verts * 1.5 + 2.5)[faces].float()
    solid = cells(corners, torch.zeros(5, dtype=torch.int64), 1, n)[0]
    for cell in product(range(n), repeat=3):
        results = [touches(triangle.double(), cell) for triangle in corners]
        if min(margin for _, margin in results) > 1e-4:
            assert bool(solid[cell]) == any(hit for hit, _ in results)


def votes(corners, n):
    """For each axis whether the ray through each cell's centre says inside (1), outside (-1) or nothing (0)."""
    result = torch.zeros(3, n, n, n)
    centres = torch.arange(n, dtype=torch.float64) + 0.5
    a, b, c = corners.unbind(1)
    for axis in range(3):
        u, v = (other for other in range(3) if other != axis)
        plane = torch.stack([b - a, c - a], 2)[:, [u, v]]
        seen = plane.det().abs() >= 1e-12
        for i, j in product(range(n), repeat=2):
            at = torch.stack([centres[i] - a[:, u], centres[j] - a[:, v]], 1)
            s, t = torch.linalg.solve(plane[seen], at[seen]).unbind(1)
            hit = (s >= 0) & (t >= 0) & (s + t <= 1)
            depths = (a[seen, axis] + s * (b - a)[seen, axis] + t * (c - a)[seen, axis])[hit]
            if len(depths) % 2:
                continue
            inside = (depths[:, None] <= centres).sum(0) % 2
            index = [0, 0, 0]
            index[axis], index[u], index[v] = slice(None), i, j
            result[axis][tuple(index)] = inside * 2.0 - 1
    return result


@pytest.mark.parametrize("axes_needed", [2, 3])
def test_inside_matches_rays_one_by_one(axes_needed):
    n = 9
    sphere = ico_sphere(1)
    keep = torch.rand(80) > 0.2
    corners = (sphere.verts_packed() * 3.3 + torch.tensor([4.51, 4.43, 4.57]))[sphere.faces_packed()[keep]]
    mesh_of_face = torch.zeros(len(corners), dtype=torch.int64)
    solid = cells(corners, mesh_of_face, 1, n, one_part(corners, axes_needed))[0]
    surface = cells(corners, mesh_of_face, 1, n)[0]
    inside = (votes(corners.double(), n) > 0).sum(0) >= axes_needed
    assert torch.equal(solid, torch.from_numpy(binary_fill_holes(surface | inside)))
    assert (inside & ~surface).any()


def test_parts_outside_of_the_grid_and_across_its_edge():
    verts = ico_sphere(2).verts_packed()
    faces = ico_sphere(2).faces_packed()
    for shift in (-20.0, -2.0, 35.0, 50.0):
        corners = (verts * 9 + torch.tensor([16.3, 15.8, shift]))[faces]
        solid = cells(corners[:0], faces[:0, 0], 1, 33, one_part(corners))[0]
        centres = torch.stack(torch.meshgrid(*[torch.arange(33) + 0.5] * 3, indexing="ij"), -1)
        far = (centres - torch.tensor([16.3, 15.8, shift])).norm(dim=-1)
        assert solid[far < 8.6].all()
        assert not solid[far > 9].any()


def shifted_spheres(count):
    """Spheres in a row, each a part of its own, two to a mesh."""
    sphere, index = ico_sphere(2), torch.arange(count)
    places = torch.stack([8.1 + 2.5 * index, 9 + 0.3 * index, 20 - 0.7 * index], 1)
    corners = (sphere.verts_packed() * 5.2 + places[:, None])[:, sphere.faces_packed()]
    part = index.repeat_interleave(320)
    return corners.flatten(0, 1), part, Parts(corners.flatten(0, 1), part, index // 2, index * 0 + 2)


def test_parts_add_up_and_meshes_do_not_mix(monkeypatch):
    corners, part, parts = shifted_spheres(6)
    together = cells(corners, part // 2, 3, 33, parts)
    for mesh in range(3):
        both = [corners[part == 2 * mesh + k] for k in (0, 1)]
        alone = [cells(own, torch.zeros(320, dtype=torch.int64), 1, 33, one_part(own))[0] for own in both]
        assert torch.equal(together[mesh], alone[0] | alone[1])
    monkeypatch.setattr("maquette.kernels.voxel_parts._WORDS_AT_ONCE", 500)
    assert torch.equal(cells(corners, part // 2, 3, 33, parts), together)
    monkeypatch.setattr("maquette.kernels.voxel_parts._WORDS_OF_COPIES", 1)
    assert torch.equal(cells(corners, part // 2, 3, 33, parts), together)


@pytest.mark.parametrize("n", [1, 31, 32, 33])
def test_same_bits_for_any_number_of_threads(n):
    sphere = ico_sphere(2)
    corners = ((sphere.verts_packed() * 0.45 + 0.5) * n)[sphere.faces_packed()]
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            mesh_of_face = torch.zeros(len(corners), dtype=torch.int64)
            results.append(cells(corners, mesh_of_face, 1, n, one_part(corners)))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])
    assert results[0].any()
