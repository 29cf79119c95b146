"""Points and motions, beyond what is compared with the official values."""

import torch

from maquette.ops.depth_maps import unproject
from maquette.systems.unsup3d.geometry import move, move_back, project, rotation

FOV = 10.0


def some_view(count: int) -> torch.Tensor:
    return (torch.rand(count, 6, dtype=torch.float64) - 0.5) * torch.tensor([2, 2, 2, 0.1, 0.1, 0.1])


def test_what_is_moved_comes_back():
    points = unproject(0.9 + 0.2 * torch.rand(3, 8, 8, dtype=torch.float64), FOV)
    view = some_view(3)
    back = move_back(move(points, view, 1.0), view, 1.0)
    torch.testing.assert_close(back, points, rtol=0, atol=1e-14)


def test_pixels_are_projected_to_where_they_were_unprojected_from():
    places = project(unproject(0.9 + 0.2 * torch.rand(1, 9, 9, dtype=torch.float64), FOV), 9, FOV)
    grid = torch.linspace(-1, 1, 9, dtype=torch.float64)
    torch.testing.assert_close(places[0, 0, :, 0], grid)
    torch.testing.assert_close(places[0, :, 0, 1], grid)


def test_rotations_are_rotations_in_the_order_x_y_z():
    angles = some_view(4)[:, :3]
    whole = rotation(angles)
    torch.testing.assert_close(whole @ whole.mT, torch.eye(3).double().expand(4, 3, 3))
    one = [rotation(angles * torch.eye(3, dtype=torch.float64)[axis]) for axis in range(3)]
    torch.testing.assert_close(whole, one[2] @ one[1] @ one[0])


def test_gradients_are_those_of_finite_differences():
    depth = (0.9 + 0.2 * torch.rand(1, 5, 5, dtype=torch.float64)).requires_grad_()
    view = some_view(1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda d, v: project(move_back(unproject(d, FOV), v, 1.0), 5, FOV), (depth, view)
    )
