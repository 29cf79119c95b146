from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.loss import point_mesh_edge_distance, point_mesh_face_distance
from maquette.structures import Meshes, Pointclouds
from operator_contract import LossContract

FACES = torch.tensor([[0, 1, 2], [1, 3, 2], [3, 4, 0]])


class TestPointMeshDistances(LossContract):
    gradcheck_dtype = torch.float32  # the kernels'
    fast_gradcheck = True
    degenerate = {
        "no points": lambda: (torch.zeros(2, 0, 3), torch.rand(2, 5, 3)),
        "no batch": lambda: (torch.zeros(0, 6, 3), torch.zeros(0, 5, 3)),
        "faces of no area": lambda: (torch.rand(2, 4, 3), torch.zeros(2, 5, 3)),
    }
    refused = {
        "equal sized batches": lambda: point_mesh_face_distance(*triangle_and_point(1.0, points=2)),
        "must be equal sized": lambda: point_mesh_edge_distance(*triangle_and_point(1.0, points=2)),
    }

    def arguments(self, batch, dtype):
        return torch.randn(batch, 6, 3, dtype=dtype), torch.randn(batch, 5, 3, dtype=dtype)

    def call(self, points, verts):
        meshes, clouds = Meshes(list(verts), [FACES] * len(verts)), Pointclouds(list(points))
        return point_mesh_face_distance(meshes, clouds), point_mesh_edge_distance(meshes, clouds)

    def shapes(self, batch):
        return [(), ()]


GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("name", ["mesh_fox", "mesh_ico2"])
def test_stored_value_and_gradient(name):
    stored = {
        k: torch.from_numpy(v)
        for k, v in np.load(GOLDEN / f"{name}.npz").items()
        if k[:2] in ("ve", "fa", "pm")
    }
    points = stored["pm_points"].requires_grad_()
    loss = point_mesh_face_distance(Meshes([stored["verts"]], [stored["faces"]]), Pointclouds([points]))
    torch.testing.assert_close(loss, stored["pm_face_distance"], rtol=1e-5, atol=0)
    grad = torch.autograd.grad(loss, points)[0]
    error = (grad - stored["pm_grad_points"]).norm() / stored["pm_grad_points"].norm()
    assert error < 1e-4


def triangle_and_point(height: float, points: int = 1) -> tuple[Meshes, Pointclouds]:
    verts, point = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 2, 0]]), torch.tensor([[0.5, 0.5, height]])
    return Meshes([verts], [torch.tensor([[0, 1, 2]])]), Pointclouds([point] * points)


def test_known_distances():
    meshes, clouds = triangle_and_point(3.0)
    torch.testing.assert_close(point_mesh_face_distance(meshes, clouds), torch.tensor(18.0))
    # nearest edge at 0.5; the three edges lie 0.5, 0.5 and sqrt(0.5) away in the plane
    expected = 9.25 + (9.25 + 9.25 + 9.5) / 3
    torch.testing.assert_close(point_mesh_edge_distance(meshes, clouds), torch.tensor(expected))


def test_mean_over_an_uneven_batch():
    pairs = [triangle_and_point(h) for h in (1.0, 2.0)]
    pairs.append((Meshes([torch.rand(9, 3)], [torch.randint(9, (5, 3))]), Pointclouds([torch.rand(30, 3)])))
    meshes = Meshes(
        [v for m, _ in pairs for v in m.verts_list()], [f for m, _ in pairs for f in m.faces_list()]
    )
    clouds = Pointclouds([p for _, c in pairs for p in c.points_list()])
    for distance in (point_mesh_face_distance, point_mesh_edge_distance):
        alone = torch.stack([distance(m, c) for m, c in pairs]).mean()
        torch.testing.assert_close(distance(meshes, clouds), alone)


@pytest.mark.parametrize("distance", [point_mesh_face_distance, point_mesh_edge_distance])
def test_nothing_on_one_side_costs_nothing(distance):
    meshes, clouds = triangle_and_point(1.0)
    nothing = (
        Meshes([torch.rand(3, 3)], [torch.zeros(0, 3, dtype=torch.int64)]),
        Pointclouds([torch.zeros(0, 3)]),
    )
    for pair in ((nothing[0], clouds), (meshes, nothing[1]), nothing):
        assert distance(*pair) == 0
