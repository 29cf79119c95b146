"""The large-steps parametrization and its Adam."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.systems.molding.large_steps import (
    DiffusionSolver,
    UniformAdam,
    combinatorial_laplacian,
    from_differential,
    to_differential,
)

TETRAHEDRON = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def grid_faces(rows: int, cols: int) -> torch.Tensor:
    """Faces of a flat grid of rows x cols vertices: an open mesh with uneven valences."""
    corner = (torch.arange(rows - 1)[:, None] * cols + torch.arange(cols - 1)).reshape(-1, 1)
    return torch.cat([corner + torch.tensor([0, 1, cols]), corner + torch.tensor([1, cols + 1, cols])])


def dense(faces: torch.Tensor, num_verts: int, smoothness: float) -> torch.Tensor:
    """I + lambda L, built edge by edge."""
    matrix = torch.eye(num_verts, dtype=torch.float64)
    edges = {tuple(sorted((f[k], f[(k + 1) % 3]))) for f in faces.tolist() for k in range(3)}
    for a, b in edges:
        difference = torch.zeros(num_verts, dtype=torch.float64)
        difference[a], difference[b] = 1, -1
        matrix += smoothness * torch.outer(difference, difference)
    return matrix


def test_laplacian_of_a_tetrahedron():
    expected = 4 * np.eye(4) - np.ones((4, 4))
    assert np.array_equal(combinatorial_laplacian(TETRAHEDRON, 4).toarray(), expected)


def test_isolated_vertices_have_zero_rows():
    laplacian = combinatorial_laplacian(TETRAHEDRON, 6).toarray()
    assert np.array_equal(laplacian[4:], np.zeros((2, 6)))


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 6), st.integers(2, 6), st.floats(0, 50), st.integers(0, 2**31))
def test_solve_and_multiply_agree_with_the_dense_matrix(rows, cols, smoothness, seed):
    faces, n = grid_faces(rows, cols), rows * cols
    x = torch.randn(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    solver, matrix = DiffusionSolver(faces, n, smoothness), dense(faces, n, smoothness)
    torch.testing.assert_close(solver.multiply(x), matrix @ x)
    torch.testing.assert_close(solver.solve(x), torch.linalg.solve(matrix, x))


def test_there_and_back_in_float32():
    verts = torch.randn(30, 3)
    solver = DiffusionSolver(grid_faces(5, 6), 30, 16.0)
    back = from_differential(solver, to_differential(solver, verts))
    assert back.dtype == torch.float32
    torch.testing.assert_close(back, verts, atol=1e-5, rtol=1e-5)


def test_a_translation_commutes():
    verts, shift = torch.randn(20, 3), torch.tensor([1.0, -2.0, 3.0])
    solver = DiffusionSolver(grid_faces(4, 5), 20)
    torch.testing.assert_close(
        to_differential(solver, verts + shift), to_differential(solver, verts) + shift, atol=1e-4, rtol=1e-4
    )


def test_gradients():
    solver = DiffusionSolver(grid_faces(3, 4), 12, 10.0)
    u = torch.randn(12, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: from_differential(solver, x), (u,))
    assert torch.autograd.gradgradcheck(lambda x: from_differential(solver, x) ** 2, (u,))


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="smoothness"):
        DiffusionSolver(TETRAHEDRON, 4, -1.0)
    with pytest.raises(ValueError, match="each of 4 vertices, not 5"):
        DiffusionSolver(TETRAHEDRON, 4).solve(torch.zeros(5, 3))


def test_uniform_adam_first_step_keeps_the_direction():
    x = torch.zeros(2, 3, requires_grad=True)
    grad = torch.tensor([[3.0, -1.5, 0.0], [0.3, 6.0, -0.6]])
    optimiser = UniformAdam([x], lr=0.1)
    x.grad = grad.clone()
    optimiser.step()
    torch.testing.assert_close(x.detach(), -0.1 * grad / 6.0)


def test_uniform_adam_follows_the_written_recurrence():
    x = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimiser = UniformAdam([x], lr=0.05, betas=(0.8, 0.95))
    m, s, expected = torch.zeros(4).double(), torch.zeros(4).double(), torch.zeros(4).double()
    for step in range(1, 6):
        x.grad = torch.randn(4, dtype=torch.float64)
        m, s = 0.8 * m + 0.2 * x.grad, 0.95 * s + 0.05 * x.grad**2
        expected = expected - 0.05 * (m / (1 - 0.8**step)) / (s / (1 - 0.95**step)).max().sqrt()
        optimiser.step()
    torch.testing.assert_close(x.detach(), expected)


def test_uniform_adam_without_a_gradient_stays():
    x, y = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    optimiser = UniformAdam([x, y])
    x.grad = torch.zeros(3)
    optimiser.step()
    assert torch.equal(x.detach(), torch.ones(3))
    assert torch.equal(y.detach(), torch.ones(3))


def test_uniform_adam_evaluates_a_closure_and_refuses_bad_settings():
    x = torch.ones(1, requires_grad=True)
    optimiser = UniformAdam([x], lr=0.5)

    def closure():
        optimiser.zero_grad()
        loss = (x**2).sum()
        loss.backward()
        return loss

    assert optimiser.step(closure).item() == 1.0
    assert x.item() == pytest.approx(0.5)
    with pytest.raises(ValueError, match="lr"):
        UniformAdam([x], lr=0.0)
    with pytest.raises(ValueError, match="betas"):
        UniformAdam([x], betas=(0.9, 1.0))
