"""Fields become closed, smooth surfaces in the object frame."""

import pytest
import torch

from maquette.lift import find_surface
from maquette.ops.mesh_face_areas_normals import mesh_face_areas_normals

from .solids import CHAIR, occupancy, solid


def ball(n: int = 32, radius: float = 0.3) -> torch.Tensor:
    steps = (torch.arange(n) + 0.5) / n - 0.5
    x, y, z = torch.meshgrid(steps, steps, steps, indexing="ij")
    return (radius - torch.sqrt(x**2 + y**2 + z**2) > 0).float()


def volume(mesh) -> float:
    a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(dim=1)
    return float((a * torch.linalg.cross(b, c)).sum()) / 6


def is_closed(mesh) -> bool:
    edges = mesh.faces_packed()[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).sort(dim=1).values
    return bool((edges.unique(dim=0, return_counts=True)[1] % 2 == 0).all())


def test_object_frame_and_orientation():
    surface = find_surface(ball())
    verts = surface.mesh.verts_packed()
    low, high = verts.amin(dim=0), verts.amax(dim=0)
    torch.testing.assert_close(low + high, torch.zeros(3), atol=1e-5, rtol=0)
    assert float((high - low).norm()) == pytest.approx(1.0, abs=1e-5)
    assert is_closed(surface.mesh)
    assert volume(surface.mesh) > 0


def test_volume_of_a_ball_is_kept():
    surface = find_surface(ball())
    solid_volume = float(ball().sum()) * surface.voxels.cell_size**3
    assert volume(surface.mesh) == pytest.approx(solid_volume, rel=0.03)


def test_voxels_lie_where_the_mesh_is():
    field = torch.zeros(16, 16, 16)
    field[2:6, 1:13, 10:14] = 1
    surface = find_surface(field)
    centres = surface.voxels.cell_centers()[field > 0]
    verts = surface.mesh.verts_packed()
    cell = surface.voxels.cell_size
    torch.testing.assert_close(verts.amin(dim=0), centres.amin(dim=0) - cell / 2, atol=0.5 * cell, rtol=0)
    torch.testing.assert_close(verts.amax(dim=0), centres.amax(dim=0) + cell / 2, atol=0.5 * cell, rtol=0)


def test_axes_keep_their_order():
    field = torch.zeros(16, 16, 16)
    field[1:15, 4:10, 6:9] = 1
    verts = find_surface(field).mesh.verts_packed()
    extent = verts.amax(dim=0) - verts.amin(dim=0)
    assert extent[0] > extent[1] > extent[2]


def test_thin_parts_stay():
    grid = occupancy(solid(CHAIR))
    surface = find_surface(grid)
    verts = surface.mesh.verts_packed()
    lowest = verts[verts[:, 1] < verts[:, 1].min() + 0.02]
    corners = {(bool(x > 0), bool(z > 0)) for x, _, z in lowest}
    assert len(corners) == 4


def test_smoother_than_the_cells():
    normals = mesh_face_areas_normals(
        find_surface(ball()).mesh.verts_packed(), find_surface(ball()).mesh.faces_packed()
    )[1]
    axis_aligned = (normals.abs().amax(dim=1) > 0.999).float().mean()
    assert axis_aligned < 0.2


def test_specks_are_dropped():
    field = ball()
    field[0:2, 0:2, 0:2] = 1
    surface = find_surface(field)
    assert surface.dropped == 1
    assert volume(surface.mesh) == pytest.approx(volume(find_surface(ball()).mesh), rel=1e-4)


def test_never_empty():
    field = 0.2 * ball() + 0.01 * torch.rand(32, 32, 32)
    surface = find_surface(field, 0.4)
    assert surface.threshold < 0.4
    assert len(surface.mesh.faces_packed()) > 10
    assert find_surface(field, 0.1).threshold == 0.1


def test_few_cells_below_the_threshold():
    field = torch.zeros(32, 32, 32)
    field[10:13, 10:13, 10:13] = 0.2
    surface = find_surface(field, 0.4)
    assert surface.threshold == pytest.approx(0.2)
    assert is_closed(surface.mesh)


@pytest.mark.parametrize("value", [0.0, 0.01, 0.5, 1.0])
def test_constant_fields(value):
    surface = find_surface(torch.full((8, 8, 8), value), 0.4)
    assert len(surface.mesh.faces_packed()) > 0
    assert torch.isfinite(surface.mesh.verts_packed()).all()


def test_a_single_cell():
    field = torch.zeros(8, 8, 8)
    field[3, 3, 3] = 0.9
    assert is_closed(find_surface(field).mesh)


@pytest.mark.parametrize(
    "field", [torch.rand(4, 4, 5), torch.full((4, 4, 4), float("nan"))], ids=["shape", "nan"]
)
def test_refuses(field):
    with pytest.raises(ValueError, match="cubic grid"):
        find_surface(field)


def test_nothing_but_specks_leaves_the_largest():
    field = torch.zeros(32, 32, 32)
    field[1::5, 1::5, 1::5] = 1
    field[1, 1, 1:3] = 1
    surface = find_surface(field)
    assert surface.dropped == 7**3 - 1
    assert is_closed(surface.mesh)
    assert surface.mesh.verts_packed()[:, 2].abs().max() > surface.mesh.verts_packed()[:, 0].abs().max()
