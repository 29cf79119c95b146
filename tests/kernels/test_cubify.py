"""Cube surfaces against a loop over voxels."""

import pytest
import torch

from maquette.kernels.cubify import cube_surfaces

# Sides x-, y+, z-, y-, x+, z+: the step (y, x, z) to the neighbour, and two triangles of corners (x, y, z).
SIDES = [
    ((0, -1, 0), ["000 001 010", "001 011 010"]),
    ((1, 0, 0), ["010 011 110", "011 111 110"]),
    ((0, 0, -1), ["000 010 110", "000 110 100"]),
    ((-1, 0, 0), ["000 101 001", "000 100 101"]),
    ((0, 1, 0), ["110 111 101", "110 101 100"]),
    ((0, 0, 1), ["001 111 011", "001 101 111"]),
]


def twin(occupied):
    """Corner positions (y, x, z) of all triangles of one grid, (F, 3, 3), and the voxel of each."""
    solid = set(map(tuple, occupied.nonzero().tolist()))
    triangles, voxels = [], []
    for y, x, z in occupied.nonzero().tolist():
        for (dy, dx, dz), words in SIDES:
            if (y + dy, x + dx, z + dz) in solid:
                continue
            for word in words:
                bits = [[int(digit) for digit in corner] for corner in word.split()]
                triangles.append([[y + b[1], x + b[0], z + b[2]] for b in bits])
                voxels.append((y * occupied.shape[1] + x) * occupied.shape[2] + z)
    return torch.tensor(triangles).view(-1, 3, 3), torch.tensor(voxels, dtype=torch.int64)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 1.0])
def test_matches_twin(share):
    occupied = torch.rand(3, 4, 5, 6) < share
    axes = tuple(torch.arange(n + 1.0) for n in (5, 4, 6))
    cubes = cube_surfaces(occupied, axes, want_voxels=True)
    verts, faces = cubes.verts.split(cubes.verts_counts), cubes.faces.split(cubes.faces_counts)
    voxels = cubes.voxels.split(cubes.faces_counts)
    for n in range(3):
        triangles, of_voxel = twin(occupied[n])
        positions = verts[n][:, [1, 0, 2]]
        assert torch.equal(positions[faces[n]].long(), triangles)
        assert torch.equal(voxels[n] - n * 120, of_voxel)
        # Every corner once, in the order of (y, x, z), and none without a face.
        assert torch.equal(positions.long(), triangles.view(-1, 3).unique(dim=0))


def test_a_single_voxel_grid():
    cubes = cube_surfaces(
        torch.ones(1, 1, 1, 1, dtype=torch.bool), (torch.arange(2.0),) * 3, want_voxels=False
    )
    assert cubes.verts.shape == (8, 3)
    assert cubes.faces.shape == (12, 3)
    assert len(cubes.voxels) == 0
