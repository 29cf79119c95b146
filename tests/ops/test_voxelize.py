"""Solid voxelization: volumes of damaged closed shapes, open shapes, frames, bad numbers."""

import math

import pytest
import torch

from maquette.ops import voxelize
from maquette.structures import Meshes
from maquette.utils import ico_sphere, torus
from mesh_shapes import tetrahedron

SHAPES = {
    "sphere": (ico_sphere(4).scale_verts(0.45), 4 / 3 * math.pi * 0.45**3),
    "torus": (torus(0.12, 0.3, 32, 64), 2 * math.pi**2 * 0.3 * 0.12**2),
    "tetrahedron": (Meshes(*[[x] for x in tetrahedron()]).offset_verts(torch.full((3,), -0.31)), 1 / 6),
}


def damage(faces, kind):
    if kind == "inside out":
        return faces.flip(1)
    if kind == "mixed orientation":
        return torch.where(torch.rand(len(faces), 1) < 0.5, faces.flip(1), faces)
    if kind == "one face in ten missing":
        return faces[torch.rand(len(faces)) > 0.1] if len(faces) > 10 else faces
    return faces


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["whole", "inside out", "mixed orientation", "one face in ten missing"])
def test_volume_within_two_percent(shape, kind):
    meshes, volume = SHAPES[shape]
    side = 1.0 if shape != "tetrahedron" else 1.5
    damaged = Meshes(meshes.verts_list(), [damage(meshes.faces_list()[0], kind)])
    solid, surface = (voxelize(damaged, 128, side, fill=fill).occupancy.sum() for fill in (True, False))
    measured = (solid - 0.5 * surface).item() * (side / 128) ** 3
    assert abs(measured / volume - 1) < 0.02


def test_a_cup_without_lid_is_solid_inside():
    sphere = ico_sphere(3).scale_verts(0.4)
    below = sphere.verts_packed()[sphere.faces_packed()][..., 1].amax(1) < 0.2
    cup = Meshes(sphere.verts_list(), [sphere.faces_packed()[below]])
    occupancy = voxelize(cup, 32).occupancy[0]
    assert occupancy[16, 8:18, 16].all()
    assert not occupancy[16, 28:, 16].any()


def test_a_single_sheet_stays_a_sheet():
    verts = torch.tensor([[-0.39, -0.39, 0.01], [0.39, -0.39, 0.01], [0.39, 0.39, 0.01], [-0.39, 0.39, 0.01]])
    occupancy = voxelize(Meshes([verts], [torch.tensor([[0, 1, 2], [0, 2, 3]])]), 20).occupancy[0]
    assert occupancy.sum() == 16 * 16
    assert occupancy[2:18, 2:18, 10].all()


def test_axes_side_and_center():
    verts = torch.tensor([[10.0, 20, 30], [10.1, 20, 30], [10, 20.1, 30]])
    grid = voxelize(
        Meshes([verts + 0.2], [torch.tensor([[0, 1, 2]])]), 4, side=2.0, center=(10.0, 20.0, 29.5)
    )
    assert grid.side == 2.0
    assert grid.occupancy[0].nonzero().tolist() == [[2, 2, 3]]


def test_cells_outside_are_cut_off_and_still_count_for_parity():
    occupancy = voxelize(ico_sphere(3).scale_verts(0.9), 16).occupancy[0]
    assert occupancy[5:11, 5:11, 5:11].all()
    assert voxelize(ico_sphere(2).scale_verts(5.0), 8).occupancy.all()
    assert not voxelize(ico_sphere(2).offset_verts(torch.full((3,), 9.0)), 8).occupancy.any()


def test_batches_empty_meshes_and_numbers_that_are_none():
    verts, faces = tetrahedron()
    bad = verts.clone()
    bad[3] = torch.tensor([torch.nan, torch.inf, 1e38])
    nothing = torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64)
    meshes = Meshes([verts, nothing[0], bad], [faces, nothing[1], faces])
    occupancy = voxelize(meshes, 8, side=3.0).occupancy
    assert occupancy.shape == (3, 8, 8, 8)
    assert occupancy[0].any()
    assert not occupancy[1].any()
    alone = voxelize(Meshes([bad], [faces[:1]]), 8, side=3.0).occupancy[0]
    assert torch.equal(occupancy[2], alone)


def test_keeps_the_graph_of_the_meshes():
    verts, faces = tetrahedron()
    meshes = Meshes([verts.requires_grad_()], [faces])
    assert not voxelize(meshes, 4).occupancy.requires_grad
    assert meshes.verts_packed().requires_grad


def test_resolution_must_be_positive():
    with pytest.raises(ValueError, match="resolution"):
        voxelize(ico_sphere(0), 0)
