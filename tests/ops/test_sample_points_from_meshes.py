import pytest
import torch

from maquette.ops import sample_points_from_meshes
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex
from operator_contract import MeshContract


class TestSamplePointsFromMeshes(MeshContract):
    gradcheck_dtype = torch.float64
    refusal = (ValueError, RuntimeError)
    degenerate = {"a face of no area": lambda: ([torch.tensor([[0, 0, 1], [0, 1, 2]])], torch.rand(3, 3))}
    refused = {
        "Meshes are empty": lambda: sample_points_from_meshes(
            Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.int64)])
        ),
        "nan or inf": lambda: sample_points_from_meshes(Meshes([square(0.0)[0] / 0], [square(0.0)[1]])),
        "without area": lambda: sample_points_from_meshes(
            Meshes([torch.ones(3, 3)], [torch.arange(3)[None]])
        ),
        "do not contain textures": lambda: sample_points_from_meshes(
            Meshes(*[[x] for x in square(0.0)]), return_textures=True
        ),
    }

    def of_meshes(self, meshes):
        return sample_points_from_meshes(meshes, 5, return_normals=True)

    def shapes(self, batch):
        return [(batch, 5, 3)] * 2

    test_batch_is_its_items = None  # the items of a batch draw other numbers


def square(height: float) -> tuple[torch.Tensor, torch.Tensor]:
    verts = torch.tensor([[0.0, 0, height], [1, 0, height], [1, 1, height], [0, 1, height]])
    return verts, torch.tensor([[0, 1, 2], [0, 2, 3]])


def two_squares() -> Meshes:
    (low, faces), (high, _) = square(0.0), square(2.0)
    return Meshes([low, torch.zeros(0, 3), high], [faces, torch.zeros(0, 3, dtype=torch.int64), faces])


def test_points_normals_and_empty_meshes():
    points, normals = sample_points_from_meshes(two_squares(), 400, return_normals=True)
    assert points.shape == normals.shape == (3, 400, 3)
    assert (points[0, :, 2] == 0).all()
    torch.testing.assert_close(points[2, :, 2], torch.full((400,), 2.0))
    assert not points[1].any()
    assert not normals[1].any()
    torch.testing.assert_close(normals[0], torch.tensor([[0.0, 0, 1]]).expand(400, 3))


def test_uniform_over_the_surface():
    points = sample_points_from_meshes(two_squares(), 40_000)[0, :, :2]
    cells = (points * 4).long()
    counts = torch.bincount(cells[:, 0] * 4 + cells[:, 1], minlength=16)
    expected = 40_000 / 16
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert chi2 < 44  # 1 in 10,000 for 15 degrees of freedom


def test_colours_follow_the_points():
    verts, faces = square(0.5)
    meshes = Meshes([verts], [faces], textures=TexturesVertex([verts]))
    points, normals, colours = sample_points_from_meshes(
        meshes, 50, return_normals=True, return_textures=True
    )
    torch.testing.assert_close(colours, points)
    assert normals.shape == points.shape


def test_seed_and_gradient():
    meshes = two_squares()
    verts = meshes.verts_packed().clone().requires_grad_()
    moved = meshes.offset_verts(verts - verts.detach())
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(sample_points_from_meshes(moved, 100))
    assert torch.equal(*results)
    grad = torch.autograd.grad(results[0].sum(), verts)[0]
    torch.testing.assert_close(grad.sum(), torch.tensor(600.0))
    assert (grad >= 0).all()


def test_float64_meshes_give_float64_points():
    verts, faces = square(1 / 3)
    verts = verts.double().requires_grad_()
    points = sample_points_from_meshes(Meshes([verts], [faces]), 10)
    assert points.dtype == torch.float64
    assert torch.isfinite(torch.autograd.grad(points.sum(), verts)[0]).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-10, 1e10, 1e30])
def test_uniform_at_any_scale(scale, dtype):
    verts, faces = square(0.0)
    torch.manual_seed(0)
    expected = sample_points_from_meshes(Meshes([verts.to(dtype)], [faces]), 500)
    torch.manual_seed(0)
    points = sample_points_from_meshes(Meshes([verts.to(dtype) * scale], [faces]), 500)
    torch.testing.assert_close(points / scale, expected)


def test_a_far_corner_draws_by_area():
    verts, faces = square(0.0)
    verts[3] = 1e30  # beyond float32 in products
    points = sample_points_from_meshes(Meshes([verts], [faces]), 100)
    assert (points.abs().amax(2) > 1e20).all()


def test_a_small_mesh_beside_a_large_one():
    (verts, faces), scale = square(0.0), torch.tensor([1e15, 1e-15]).view(2, 1, 1)
    faces = torch.cat([faces, torch.tensor([[0, 0, 1]])])
    points = sample_points_from_meshes(Meshes(verts * scale, faces.expand(2, 3, 3)), 2000) / scale
    torch.testing.assert_close(points.mean(1), torch.tensor([[0.5, 0.5, 0]]).expand(2, 3), atol=0.03, rtol=0)


def test_what_is_beyond_all_numbers_is_refused():
    verts, faces = square(0.0)
    with pytest.raises(RuntimeError, match="beyond all numbers"):
        sample_points_from_meshes(Meshes([verts.double() * 1e200], [faces]), 5)


def test_what_has_no_area_cannot_be_sampled_and_only_that():
    verts = torch.tensor([[0.0, 1e-4, 3.0], [0.3, -1e-8, 0.7], [1e-30, 0.7, 100.0]])
    for corners in ([0, 1, 1], [2, 1, 2], [2, 2, 0]):
        mesh = Meshes([verts], [torch.tensor([corners])])
        assert mesh.faces_areas_packed().tolist() == [0.0]
        with pytest.raises(RuntimeError, match="without area"):
            sample_points_from_meshes(mesh, 3)
