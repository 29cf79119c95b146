"""From voxels to meshes: values of the released code, what is done where nothing is solid, where cubes lie."""

import pytest
import torch

from maquette.structures.voxels import coarser
from maquette.systems.mesh_rcnn.camera import View, camera_of_grid, grid_of_camera
from maquette.systems.mesh_rcnn.cubes import cubes_of, spheres
from maquette.systems.mesh_rcnn.targets import frustum_voxels
from mesh_rcnn_golden import far, part, stored, tensors


@pytest.mark.parametrize("case", ["V8", "V48"])
def test_meshes_of_the_released_code(case: str) -> None:
    data = tensors(part(stored("cubify"), case))
    made = cubes_of(data["logits_x16"].float() / 16, float(data["threshold"]), original=True)
    assert made.meshes.num_verts_per_mesh().tolist() == data["num_verts"].tolist()
    assert made.meshes.num_faces_per_mesh().tolist() == data["num_faces"].tolist()
    assert made.empty.tolist() == ([False, True, False] if case == "V8" else [False, False])
    for i, (verts, faces) in enumerate(zip(made.meshes.verts_list(), made.meshes.faces_list(), strict=True)):
        assert far(verts, data[f"camera/{i}/verts"]) < 1e-5
        assert torch.equal(faces, data[f"camera/{i}/faces"].long())


def test_a_cell_at_the_threshold_counts() -> None:
    data = tensors(part(stored("cubify"), "at_threshold"))
    logits = torch.full((1, 4, 4, 4), -20.0)
    logits[0, 1, 1, 1] = 0.0
    made = cubes_of(logits, 0.5, original=False).meshes
    assert len(made.faces_packed()) == int(data["num_faces"][0])
    assert made.verts_packed().shape == data["verts"].shape


def test_nothing_solid_becomes_the_likeliest_cell() -> None:
    logits = torch.full((2, 8, 8, 8), -9.0)
    logits[0, 5, 2, 3] = -3.0
    logits[1, 1, 1, 1] = 4.0
    made = cubes_of(logits, 0.2, original=False)
    assert made.empty.tolist() == [True, False]
    assert made.meshes.num_faces_per_mesh().tolist() == [12, 12]
    middle = grid_of_camera(made.meshes.verts_list()[0]).mean(0)
    assert far((middle + 1) * 3.5, torch.tensor([3.0, 2.0, 5.0])) < 1e-5  # column, row, depth


def test_cubes_lie_around_what_they_were_trained_on() -> None:
    """Cubes of the cells that a shape's frustum has solid lie where the shape is, not half a cell beside it."""
    torch.manual_seed(0)
    grid = torch.zeros(1, 32, 32, 32, dtype=torch.bool)
    grid[0, 6:26, 4:28, 8:24] = True
    sides, view = torch.tensor([[0.8, 0.8, 0.8]]), View.of_cameras(torch.tensor([[35.0, 27.0, 0.8]]))
    solid = frustum_voxels(grid, sides, view, 48)
    true = torch.rand(1, 4000, 3) - 0.5
    true = true * torch.tensor([20, 24, 16]) / 32 * 0.8
    apart = []
    for original in (False, True):
        verts = cubes_of(torch.where(solid, 9.0, -9.0), 0.5, original).meshes.verts_packed()
        box = torch.stack([verts.amin(0), verts.amax(0)]).mean(0)
        seen = view.to_camera(true)[0]
        apart.append(float((box - torch.stack([seen.amin(0), seen.amax(0)]).mean(0)).norm()))
    assert apart[0] < 0.5 * apart[1]
    assert apart[0] < 0.02


def test_cells_of_the_frustum_are_those_of_the_object() -> None:
    """Every solid cell of the frustum holds a solid place of the grid, and every solid place is in a solid cell."""
    torch.manual_seed(1)
    grid = coarser(torch.rand(2, 16, 16, 16) > 0.9, 8)
    sides, view = (
        torch.tensor([[0.7, 0.7, 0.7], [0.5, 0.6, 0.7]]),
        View.of_cameras(torch.tensor([[200.0, 25.0, 0.7], [10.0, 29.0, 0.94]])),
    )
    size = 12
    solid = frustum_voxels(grid, sides, view, size)
    which, *cells = grid.nonzero().unbind(1)
    middles = ((torch.stack(cells, 1) + 0.5) / 8 - 0.5) * sides[which]
    for i in (0, 1):
        place = grid_of_camera(view.to_camera(middles[None].expand(2, -1, -1)))[i][which == i]
        column, row, depth = ((place + 1) * ((size - 1) / 2)).round().long().unbind(1)
        # their middles are not among the eight parts, but of the same cells or of those beside them
        near = torch.nn.functional.max_pool3d(solid[i : i + 1].float(), 3, 1, 1)[0]
        assert bool((near[depth, row, column] > 0).all())
    assert solid.sum() > 0


def test_spheres() -> None:
    ours, theirs = (spheres(2, 2, torch.device("cpu"), original) for original in (False, True))
    assert ours.num_verts_per_mesh().tolist() == [162, 162]
    assert theirs.verts_packed().norm(dim=1).sub(1).abs().max() < 1e-3
    assert grid_of_camera(ours.verts_packed()).abs().max() < 1


def test_faces_look_outwards() -> None:
    logits = torch.full((1, 6, 6, 6), -9.0)
    logits[0, 2:4, 2:4, 2:4] = 9.0
    mesh = cubes_of(logits, 0.2, original=False).meshes
    middle = camera_of_grid(torch.zeros(1, 3))
    a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(1)
    outwards = ((b - a).cross(c - a, dim=1) * ((a + b + c) / 3 - middle)).sum(1)
    assert bool((outwards > 0).all())
