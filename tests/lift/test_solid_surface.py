"""Meshes of any kind become closed, even ones around the same solid."""

import pytest
import torch

from maquette.lift.solid_surface import solid_surface
from maquette.metrics.voxel_iou import voxel_iou
from maquette.ops import voxelize
from maquette.structures import Meshes
from maquette.utils import ico_sphere

PLACE = torch.tensor([4.0, -2.0, 9.0])


def capsule(level: int = 4) -> Meshes:
    ball = ico_sphere(level)
    return Meshes([ball.verts_packed() * torch.tensor([2.0, 1.0, 0.7]) + PLACE], ball.faces_list())


def open_and_double() -> Meshes:
    """Two balls that overlap, one of them without a face."""
    first, second = ico_sphere(3), ico_sphere(3).offset_verts(torch.tensor([0.8, 0.0, 0.0]))
    count = len(first.verts_packed())
    faces = torch.cat([first.faces_packed()[1:], second.faces_packed() + count])
    return Meshes([torch.cat([first.verts_packed(), second.verts_packed()])], [faces])


@pytest.mark.parametrize("mesh", [capsule(), open_and_double()], ids=["capsule", "open and double"])
def test_it_is_closed_even_and_around_the_same_solid(mesh: Meshes) -> None:
    made = solid_surface(mesh, 48)
    assert 2 * len(made.edges_packed()) == 3 * len(made.faces_packed())
    a, b, c = made.verts_packed()[made.faces_packed()].unbind(1)
    assert (a * torch.linalg.cross(b, c)).sum() > 0
    middle = tuple(mesh.verts_packed().mean(dim=0).tolist())
    ours, theirs = (voxelize(one, 64, 5.0, middle).occupancy for one in (made, mesh))
    assert float(voxel_iou(ours, theirs)) > 0.95
    lengths = made.verts_packed()[made.edges_packed()].diff(dim=1).norm(dim=-1)
    box = mesh.verts_packed().amax(dim=0) - mesh.verts_packed().amin(dim=0)
    assert float(lengths.max()) < 3**0.5 * float(box.max()) * (1 + 2 / 48) / 48


def test_the_volume_stays() -> None:
    def volume(mesh: Meshes) -> float:
        a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(1)
        return float((a * torch.linalg.cross(b, c)).sum() / 6)

    assert volume(solid_surface(capsule())) == pytest.approx(volume(capsule()), rel=0.02)


def test_what_is_too_thin_is_refused() -> None:
    sheet = Meshes([torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])], [torch.tensor([[0, 1, 2]])])
    with pytest.raises(ValueError, match="nothing of the mesh is as thick as one of 64 cells"):
        solid_surface(sheet)
