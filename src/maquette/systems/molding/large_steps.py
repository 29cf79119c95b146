"""The parametrization and the optimiser of "Large Steps in Inverse Rendering of Geometry".

Nicolet, Jacobson and Jakob (SIGGRAPH Asia 2021) optimise `u = (I + lambda L) v` in place of the vertices `v`,
where `L` is the combinatorial Laplacian (degree minus adjacency). A step along the gradient with respect to
`u` is a step along `(I + lambda L)^-2` times the gradient with respect to `v`: sparse or noisy gradients
spread into smooth motion of the surface, and a large step does not tangle it.

Differs from the authors' code (rgl-epfl/large-steps-pytorch): the matrix is factorised on the CPU in float64
by SciPy's SuperLU, whatever the device; the two small copies a solve cost less on CUDA than a launch a row of
the triangular factors would.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sparse
import torch
from jaxtyping import Float, Int
from scipy.sparse.linalg import splu
from torch import Tensor
from torch.optim.optimizer import ParamsT


def combinatorial_laplacian(faces: Int[Tensor, "face 3"], num_verts: int) -> sparse.csc_array:
    """Degree minus adjacency of a triangle mesh.

    Args:
        faces: vertex indices, each in [0, num_verts).
        num_verts: number of vertices, isolated ones included (their rows are zero).

    Returns:
        Symmetric positive semidefinite matrix (num_verts, num_verts), float64; each row sums to 0.
    """
    corners = faces.detach().cpu().numpy()
    ends = corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    rows = np.concatenate([ends[:, 0], ends[:, 1]])
    cols = np.concatenate([ends[:, 1], ends[:, 0]])
    shape = (num_verts, num_verts)
    adjacency = sparse.coo_array((np.ones(len(rows)), (rows, cols)), shape).tocsc()
    adjacency.data[:] = 1.0  # edges shared by faces were counted once a face
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    return (sparse.diags_array(degree) - adjacency).tocsc()


class DiffusionSolver:
    """The matrix `M = I + lambda L` of one mesh, factorised once.

    Args:
        faces: vertex indices (face, 3).
        num_verts: number of vertices.
        smoothness: the paper's lambda, >= 0; 0 gives the identity, 10 to 20 suits most meshes.
    """

    def __init__(self, faces: Int[Tensor, "face 3"], num_verts: int, smoothness: float = 16.0) -> None:
        if smoothness < 0:
            raise ValueError(f"smoothness must be >= 0, not {smoothness}")
        self.num_verts = num_verts
        laplacian = combinatorial_laplacian(faces, num_verts)
        self.matrix = (sparse.eye_array(num_verts) + smoothness * laplacian).tocsc()
        # The matrix is symmetric and diagonally dominant, so the diagonal pivots are safe and keep it sparse.
        options = {"SymmetricMode": True}
        self._factors = splu(self.matrix, permc_spec="COLAMD", diag_pivot_thresh=0.0, options=options)

    def multiply(self, x: Float[Tensor, "vert dim"]) -> Float[Tensor, "vert dim"]:
        """`M x`, without a gradient."""
        return self._on_cpu(x, self.matrix.__matmul__)

    def solve(self, x: Float[Tensor, "vert dim"]) -> Float[Tensor, "vert dim"]:
        """`M^-1 x`, without a gradient; computed in float64, returned in x's type on x's device."""
        return self._on_cpu(x, self._factors.solve)

    def _on_cpu(self, x: Tensor, operation: Callable[[np.ndarray], np.ndarray]) -> Tensor:
        if x.shape[0] != self.num_verts:
            raise ValueError(f"expected a row for each of {self.num_verts} vertices, not {x.shape[0]}")
        result = operation(x.detach().cpu().double().numpy())
        return torch.from_numpy(result).to(x)


class _Solve(torch.autograd.Function):
    """`M^-1 x`; `M` is symmetric, so the gradient is the same solve."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, solver: DiffusionSolver) -> Tensor:
        ctx.solver = solver
        return solver.solve(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _Solve.apply(grad, ctx.solver), None


def to_differential(solver: DiffusionSolver, verts: Float[Tensor, "vert 3"]) -> Float[Tensor, "vert 3"]:
    """Differential coordinates `u = (I + lambda L) v` of vertices (without a gradient)."""
    return solver.multiply(verts)


def from_differential(solver: DiffusionSolver, u: Float[Tensor, "vert 3"]) -> Float[Tensor, "vert 3"]:
    """Vertices `v` with `(I + lambda L) v = u`; differentiable in `u`, any number of times."""
    verts: Tensor = _Solve.apply(u, solver)
    return verts


class UniformAdam(torch.optim.Optimizer):
    """Adam that divides all coordinates of a tensor by one number, so that the gradient keeps its direction.

    `m <- b1 m + (1 - b1) g`, `s <- b2 s + (1 - b2) g^2`, `p <- p - lr m' / sqrt(max s')`, with the usual
    corrections for the start (`m'`, `s'`). The maximum runs over the whole tensor. A tensor whose gradient
    has always been zero stays where it is.

    Args:
        params: tensors, or groups of them.
        lr: the longest way a coordinate goes in a step, > 0, in the tensor's units.
        betas: decay of the first and second moment, in [0, 1).
    """

    def __init__(self, params: ParamsT, lr: float = 0.1, betas: tuple[float, float] = (0.9, 0.999)) -> None:
        if lr <= 0:
            raise ValueError(f"lr must be positive, not {lr}")
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must lie in [0, 1), not {betas}")
        super().__init__(params, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(  # type: ignore[override]
        self, closure: Callable[[], Tensor] | None = None
    ) -> Tensor | None:
        """Move every tensor that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    self._move(param, param.grad, group["lr"], *group["betas"])
        return loss

    def _move(self, param: Tensor, grad: Tensor, lr: float, beta1: float, beta2: float) -> None:
        state = self.state[param]
        if not state:
            state.update(step=0, first=torch.zeros_like(param), second=torch.zeros_like(param))
        state["step"] += 1
        first, second, step = state["first"], state["second"], state["step"]
        first.lerp_(grad, 1 - beta1)
        second.lerp_(grad.square(), 1 - beta2)
        scale = (second.max() / (1 - beta2**step)).sqrt()
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        param.sub_(first / scale, alpha=lr / (1 - beta1**step))
