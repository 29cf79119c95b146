"""Sampling of surfaces against a twin that looks faces up in the cumulative areas."""

import torch

from maquette.kernels.sample_points import sample_surface


def meshes() -> dict:
    """Three meshes: one with a face without area, one without faces, one without any area."""
    faces = torch.tensor([[0, 1, 2], [2, 2, 1], [1, 2, 3], [0, 1, 3], [4, 5, 6], [4, 6, 6]])
    verts = torch.rand(7, 3)
    verts[4:] = verts[4]
    return {
        "verts": verts,
        "faces": faces,
        "first": torch.tensor([0, 4, 4]),
        "count": torch.tensor([4, 0, 2]),
        "face_to_mesh": torch.tensor([0, 0, 0, 0, 2, 2]),
    }


def first_areas(batch: dict) -> torch.Tensor:
    """Areas of the faces of the first mesh, in float64."""
    a, b, c = batch["verts"].double()[batch["faces"][:4]].unbind(1)
    return torch.linalg.cross(b - a, c - a).norm(dim=1) / 2


def twin(batch: dict, uniform: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Faces and points of the first mesh, in float64."""
    verts, areas = batch["verts"].double(), first_areas(batch).detach()
    share = areas.cumsum(0) / areas.sum()
    face = torch.searchsorted(share, uniform[0, :, 0].double().contiguous(), right=True)
    root, v = uniform[0, :, 1].double().sqrt(), uniform[0, :, 2].double()
    weights = torch.stack([1 - root, root * (1 - v), root * v], dim=1)
    return face, (verts[batch["faces"][face]] * weights[..., None]).sum(1)


def test_faces_points_and_gradients():
    batch, uniform = meshes(), torch.rand(3, 500, 3)
    batch["verts"].requires_grad_()
    points, chosen, weights = sample_surface(**batch, uniform=uniform)
    face, expected = twin(batch, uniform)
    assert torch.equal(chosen[0], face)
    torch.testing.assert_close(points[0].double(), expected, rtol=1e-5, atol=1e-6)
    assert (chosen[1] == -1).all()
    assert not points[1].any()
    assert (chosen[2] == -1).all()
    assert not points[2].any()
    torch.testing.assert_close(weights[0].sum(1), torch.ones(500))

    weight = torch.randn(500, 3)
    found = torch.autograd.grad((points[0] * weight).sum(), batch["verts"])[0]
    wanted = torch.autograd.grad((expected * weight).sum(), batch["verts"])[0]
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_batch_without_any_face_has_no_points():
    faces, none = torch.zeros(0, 3, dtype=torch.long), torch.zeros(2, dtype=torch.long)
    verts = torch.rand(5, 3, requires_grad=True)
    points, chosen, weights = sample_surface(verts, faces, none, none, none[:0], torch.rand(2, 7, 3))
    assert (chosen == -1).all()
    assert not points.any()
    assert not weights.any()
    points.sum().backward()
    assert not verts.grad.any()


def test_shares_follow_the_areas():
    batch = meshes()
    _, chosen, _ = sample_surface(**batch, uniform=torch.rand(3, 40_000, 3))
    share = torch.bincount(chosen[0], minlength=4) / 40_000
    areas = first_areas(batch).float()
    torch.testing.assert_close(share, areas / areas.sum(), rtol=0, atol=0.01)
    assert share[1] == 0


def test_the_largest_uniform_number_stays_inside():
    batch = meshes()
    last = torch.full((3, 1, 3), 1 - 2**-24)
    _, chosen, _ = sample_surface(**batch, uniform=last)
    assert chosen[:, 0].tolist() == [3, -1, -1]
