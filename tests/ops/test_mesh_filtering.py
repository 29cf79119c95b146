"""Taubin smoothing against dense matrices."""

import torch

from maquette.ops import norm_laplacian, taubin_smoothing
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from operator_contract import MeshContract


class TestTaubinSmoothing(MeshContract):
    def of_meshes(self, meshes):
        return taubin_smoothing(meshes, num_iter=2).verts_packed()

    def shapes(self, batch):
        return [(sum([4, 6, 7][:batch]), 3)]


def test_matches_dense_matrices():
    meshes = ico_sphere(1)
    noisy = meshes.offset_verts(0.05 * torch.randn_like(meshes.verts_packed()))
    verts = noisy.verts_packed().double()
    for share in (0.5, -0.51) * 3:
        weights = norm_laplacian(verts, meshes.edges_packed()).to_dense()
        verts = (1 - share) * verts + share * weights @ verts / weights.sum(1, keepdim=True)
    smooth = taubin_smoothing(noisy, 0.5, -0.51, 3)
    torch.testing.assert_close(smooth.verts_packed().double(), verts, rtol=1e-5, atol=1e-6)


def test_noise_goes_and_size_stays():
    sphere = ico_sphere(3)
    noisy = sphere.offset_verts(0.05 * torch.randn_like(sphere.verts_packed()))
    smooth = taubin_smoothing(noisy, num_iter=20)
    error, left = ((m.verts_packed() - sphere.verts_packed()).norm(dim=1).mean() for m in (noisy, smooth))
    assert left < 0.6 * error
    assert abs(smooth.verts_packed().norm(dim=1).mean() - 1) < 0.02


def test_vertices_without_edges_and_empty_meshes_stay():
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]], requires_grad=True)
    smooth = taubin_smoothing(Meshes([verts], [torch.tensor([[0, 1, 2]])]))
    assert torch.equal(smooth.verts_packed()[3], verts[3])
    smooth.verts_packed().sum().backward()
    assert verts.grad.isfinite().all()
    nothing = Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.int64)])
    assert taubin_smoothing(nothing).isempty()
