"""What all regularisers of meshes share: golden values, batches, empty meshes, finite gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.loss import (
    mesh_edge_loss,
    mesh_flatten_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
)
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from mesh_shapes import golden, golden_mesh, tetrahedron

LOSSES = {
    "edge": mesh_edge_loss,
    "normal_consistency": mesh_normal_consistency,
    "laplacian_uniform": lambda m: mesh_laplacian_smoothing(m, "uniform"),
    "laplacian_cot": lambda m: mesh_laplacian_smoothing(m, "cot"),
    "laplacian_cotcurv": lambda m: mesh_laplacian_smoothing(m, "cotcurv"),
}
ALL = LOSSES | {"flatten": mesh_flatten_loss, "edge_target": lambda m: mesh_edge_loss(m, 0.3)}


@pytest.mark.parametrize("mesh", ["mesh_ico2", "mesh_fox"])
@pytest.mark.parametrize("name", LOSSES)
def test_golden_values_and_gradients(mesh, name):
    verts, faces = golden_mesh(mesh)
    expected = golden(mesh)
    loss = LOSSES[name](Meshes([verts], [faces]))
    grad = torch.autograd.grad(loss, verts)[0]
    torch.testing.assert_close(loss.detach(), expected[f"loss_{name}"], rtol=1e-5, atol=0)
    assert (grad - expected[f"grad_{name}"]).norm() < 1e-4 * expected[f"grad_{name}"].norm()


# Levels 0 to 4 of the ico-sphere: edge, normal consistency, laplacian uniform, cot, cotcurv.
ICO_SPHERES = [
    [1.105629, 0.254644, 0.552801, 0.552800, 0.333325],
    [0.3403322, 6.247343e-2, 0.1691748, 0.1667286, 0.335437],
    [8.997259e-2, 1.559465e-2, 4.837960e-2, 4.401005e-2, 0.334073],
    [2.281521e-2, 3.905979e-3, 1.393357e-2, 1.115824e-2, 0.333530],
    [5.724199e-3, 9.780703e-4, 4.000954e-3, 2.799585e-3, 0.333383],
]


@pytest.mark.parametrize("level", range(5))
def test_ico_spheres(level):
    meshes = ico_sphere(level)
    values = [loss(meshes).item() for loss in LOSSES.values()]
    assert values == pytest.approx(ICO_SPHERES[level], rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    points=st.lists(st.tuples(*[st.floats(-1e3, 1e3, width=32)] * 3), min_size=4, max_size=4),
    name=st.sampled_from(sorted(ALL)),
)
def test_no_nan_for_any_finite_tetrahedron(points, name):
    verts = torch.tensor(points, dtype=torch.float32, requires_grad=True)
    loss = ALL[name](Meshes([verts], [tetrahedron()[1]]))
    loss.backward()
    assert loss.isfinite()
    assert verts.grad.isfinite().all()


@pytest.mark.parametrize("name", ALL)
def test_meshes_that_share_edges_give_the_values_of_fresh_ones(name):
    verts, faces = golden_mesh("mesh_ico2")
    source = Meshes([verts.detach()], [faces])
    for seed in range(3):
        torch.manual_seed(seed)
        offsets = 0.1 * torch.randn_like(verts)
        moved = source.offset_verts(offsets)
        fresh = Meshes([verts.detach() + offsets], [faces])
        torch.testing.assert_close(ALL[name](moved), ALL[name](fresh), rtol=1e-6, atol=0)
