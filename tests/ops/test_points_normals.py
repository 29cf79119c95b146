import torch

from maquette.ops import estimate_pointcloud_local_coord_frames, estimate_pointcloud_normals
from maquette.structures import Pointclouds
from operator_contract import OperatorContract


class TestPointcloudNormals(OperatorContract):
    gradcheck_dtype = None  # eigenvectors have a sign each; below with signs held
    refused = {
        r"\(minibatch, N, 3\)": lambda: estimate_pointcloud_normals(torch.rand(1, 90, 2)),
        "neighborhood_size": lambda: estimate_pointcloud_normals(torch.rand(1, 50, 3), 50),
    }
    degenerate = {
        "one place": lambda: (torch.zeros(1, 20, 3),),
        "lattice": lambda: (torch.cartesian_prod(*[torch.arange(3.0)] * 3)[None],),
    }

    def arguments(self, batch, dtype):
        return (torch.rand(batch, 12, 3, dtype=dtype) * torch.tensor([1, 2, 3], dtype=dtype),)

    def call(self, points):
        curvatures, frames = estimate_pointcloud_local_coord_frames(points, 7)
        return estimate_pointcloud_normals(points, 7), curvatures, frames.abs()

    def shapes(self, batch):
        return [(batch, 12, 3), (batch, 12, 3), (batch, 12, 3, 3)]


def test_normals_of_a_sphere_point_along_the_radius():
    points = torch.nn.functional.normalize(torch.randn(2, 1500, 3), dim=-1)
    normals = estimate_pointcloud_normals(points + 5, neighborhood_size=20)
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(2, 1500))
    assert ((normals * points).sum(-1).abs() > 0.98).all()
    assert ((normals * points).sum(-1) < 0).float().mean() > 0.95  # the neighbours lie on the inner side


def test_frames_are_orthonormal_and_curvatures_ascend():
    points = torch.rand(1, 200, 3) * torch.tensor([3.0, 1, 0.1])
    curvatures, frames = estimate_pointcloud_local_coord_frames(points, 30)
    assert (curvatures.diff(dim=-1) >= 0).all()
    torch.testing.assert_close(frames.mT @ frames, torch.eye(3).expand(1, 200, 3, 3), atol=1e-5, rtol=0)
    normal, second, last = frames.unbind(dim=3)
    torch.testing.assert_close(torch.linalg.cross(normal, last), second)


def test_clouds_of_different_sizes():
    clouds = Pointclouds([torch.rand(60, 3), torch.rand(90, 3)])
    together = estimate_pointcloud_normals(clouds, 12)
    alone = estimate_pointcloud_normals(clouds.points_list()[0][None], 12)
    assert together.shape == (2, 90, 3)
    assert ((together[0, :60] * alone[0]).sum(-1).abs() > 0.999).all()


def test_gradient_is_right_and_never_nan():
    points = torch.rand(1, 12, 3, dtype=torch.float64, requires_grad=True)
    signs = torch.sign(estimate_pointcloud_normals(points, 8, False)).detach()
    assert torch.autograd.gradcheck(
        lambda p: estimate_pointcloud_normals(p, 8, False) * signs, points, eps=1e-7, atol=1e-3
    )
    for flat in (torch.zeros(1, 20, 3), torch.cartesian_prod(*[torch.arange(3.0)] * 3)[None]):
        flat.requires_grad_()
        curvatures, frames = estimate_pointcloud_local_coord_frames(flat, 7)
        assert torch.isfinite(torch.autograd.grad(curvatures.sum() + frames.square().sum(), flat)[0]).all()
