"""Similarity transforms that lay one point cloud on another: with known correspondences, and without."""

import warnings
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.once import differentiable_once
from maquette.ops.knn import knn_points
from maquette.ops.utils import convert_pointclouds_to_tensor, eyes, wmean
from maquette.structures import Pointclouds, list_to_padded

AMBIGUOUS_ROT_SINGULAR_THR = 1e-15


class SimilarityTransform(NamedTuple):
    """`s X R + T`: rotations (N, d, d) for row vectors, translations (N, d), scales (N,)."""

    R: Tensor
    T: Tensor
    s: Tensor


class ICPSolution(NamedTuple):
    """Whether ICP converged, its error (N,), the moved cloud, the transform, and that of each step."""

    converged: bool
    rmse: Tensor | None
    Xt: Tensor | Pointclouds
    RTs: SimilarityTransform
    t_history: list[SimilarityTransform]


def iterative_closest_point(
    X: Tensor | Pointclouds,
    Y: Tensor | Pointclouds,
    init_transform: SimilarityTransform | None = None,
    max_iterations: int = 100,
    relative_rmse_thr: float = 1e-6,
    estimate_scale: bool = False,
    allow_reflection: bool = False,
    verbose: bool = False,
) -> ICPSolution:
    """Iterative closest point (Besl and McKay, TPAMI 1992).

    Alternates between pairing each point of X with its nearest in Y and aligning the pairs; finds a local
    optimum.

    Args:
        X, Y: (N, P, d) tensors or `Pointclouds`; their sizes may differ.
        init_transform: where to start; the identity by default.
        max_iterations: most alternations.
        relative_rmse_thr: stops when the error of no batch element falls by more than this share.
        estimate_scale, allow_reflection: see `corresponding_points_alignment`.
        verbose: whether to print the error of each iteration.

    Raises:
        ValueError: when batches or dimensions differ, or the initial transform has the wrong shapes.
    """
    start, count_x = convert_pointclouds_to_tensor(X)
    target, count_y = convert_pointclouds_to_tensor(Y)
    if start.shape[0] != target.shape[0] or start.shape[2] != target.shape[2]:
        raise ValueError("Point sets X and Y have to have the same number of batches and data dimensions.")
    mask = (torch.arange(start.shape[1], device=start.device) < count_x[:, None]).to(start)
    transform = _initial_transform(init_transform, start)
    moved = start if init_transform is None else _apply_similarity_transform(start, *transform)
    rmse: Tensor | None = None
    converged, history = False, []
    for iteration in range(max_iterations):
        nearest = knn_points(moved, target, lengths1=count_x, lengths2=count_y, return_nn=True).knn
        assert nearest is not None
        pairs = nearest[:, :, 0]
        transform = corresponding_points_alignment(start, pairs, mask, estimate_scale, allow_reflection)
        moved = _apply_similarity_transform(start, *transform)
        history.append(transform)
        previous, rmse = rmse, _rmse(moved - pairs, mask)
        gain = torch.ones_like(rmse) if previous is None else (previous - rmse) / previous.clamp(min=1e-30)
        if verbose:
            _say(f"ICP iteration {iteration}: rmse mean {rmse.mean():1.2e}, max {rmse.max():1.2e}")
        if (gain <= relative_rmse_thr).all():
            converged = True
            break
    if verbose:
        _say(f"ICP {'converged' if converged else 'did not converge'} in {len(history)} iterations.")
    result = moved if isinstance(X, Tensor) else X.update_padded(moved)
    return ICPSolution(converged, rmse, result, transform, history)


def corresponding_points_alignment(
    X: Tensor | Pointclouds,
    Y: Tensor | Pointclouds,
    weights: Tensor | list[Tensor] | None = None,
    estimate_scale: bool = False,
    allow_reflection: bool = False,
    eps: float = 1e-9,
) -> SimilarityTransform:
    """The least-squares transform with `s X R + T = Y`, point by point (Umeyama, TPAMI 1991).

    Differentiable without NaN, also where singular values coincide: the rotation's derivative is that of the
    polar decomposition, which only divides by sums of singular values. Where the points leave the rotation
    open, the smallest of those that fit is taken.

    Args:
        X, Y: (N, P, d) tensors or `Pointclouds` of the same sizes.
        weights: (N, P), or a list of (P_i,). As in PyTorch3D they enter the centroids once and the covariance
        squared.
        estimate_scale: whether to look for a scale too; otherwise it is 1.
        allow_reflection: whether R may have determinant -1.
        eps: least number to divide by.

    Raises:
        ValueError: when shapes do not fit.

    Warns where a cloud has too few points, or too low a rank, for a unique rotation.
    """
    x, count = convert_pointclouds_to_tensor(X)
    y, count_y = convert_pointclouds_to_tensor(Y)
    if x.shape != y.shape or (count != count_y).any():
        raise ValueError("Point sets X and Y have to have the same number of batches, points and dimensions.")
    weights = _full_weights(weights, x, count)
    centre_x, centre_y = wmean(x, weights, eps=eps), wmean(y, weights, eps=eps)
    reach = x.detach().abs().amax(dim=(1, 2)) * y.detach().abs().amax(dim=(1, 2))
    x, y, total = x - centre_x, y - centre_y, count.clamp(min=1)
    if weights is not None:
        x, y = x * weights[..., None], y * weights[..., None]
        total = weights.sum(dim=1).clamp(min=eps)
    covariance = x.transpose(1, 2) @ y / total[:, None, None]
    rounding = torch.finfo(x.dtype).eps * reach
    _warn_if_ambiguous(covariance.detach(), count)

    R = _ClosestRotation.apply(covariance, rounding, allow_reflection)
    s = torch.ones_like(covariance[:, 0, 0])
    if estimate_scale:
        spread = x.square().sum(dim=(1, 2)) / total
        s = (R * covariance).sum(dim=(1, 2)) / spread.clamp(min=eps)
    T = centre_y[:, 0] - s[:, None] * (centre_x @ R)[:, 0]
    return SimilarityTransform(R, T, s)


class _ClosestRotation(torch.autograd.Function):
    """The orthogonal R that maximises trace(R^T M), with det R = 1 unless reflections are allowed.

    R^T M = P is symmetric, P = V diag(d) V^T. With dR = R A, A skew, the skew part of R^T dM = A P + dP says
    that A P + P A = R^T dM - dM^T R, so in the basis V each entry of A is that of the right side over d_i +
    d_j.
    """

    @staticmethod
    def forward(ctx: Any, M: Tensor, rounding: Tensor, allow_reflection: bool) -> Tensor:
        U, d, Vh = torch.linalg.svd(_without_noise(M.double(), rounding.double()))
        if not allow_reflection:
            sign = torch.ones_like(d)
            sign[:, -1] = torch.linalg.det(U @ Vh).sign()
            U, d = U * sign[:, None], d * sign
        R: Tensor = (U @ Vh).to(M)
        ctx.save_for_backward(R, d.to(M), Vh.to(M))
        return R

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        R, d, Vh = ctx.saved_tensors
        sums = d[:, :, None] + d[:, None, :]
        usable = sums.abs() > 1e-6 * d.abs().amax(dim=1)[:, None, None]
        in_basis = Vh @ R.transpose(1, 2) @ grad @ Vh.transpose(1, 2)
        share = torch.where(usable, in_basis / torch.where(usable, sums, 1.0), 0.0)
        skew = Vh.transpose(1, 2) @ share @ Vh
        turned: Tensor = R @ (skew - skew.transpose(1, 2))
        return turned, None, None


def _without_noise(M: Tensor, rounding: Tensor) -> Tensor:
    """Where M has singular values no larger than rounding errors, drop them and lean towards the identity."""
    U, d, Vh = torch.linalg.svd(M)
    noise = d <= rounding[:, None]
    lean = 1e-9 * torch.where(d[:, 0] > rounding, d[:, 0], 1.0)
    clean = U @ torch.diag_embed(d.masked_fill(noise, 0.0)) @ Vh
    identity = torch.eye(M.shape[1], dtype=M.dtype, device=M.device)
    return torch.where(noise.any(dim=1)[:, None, None], clean + lean[:, None, None] * identity, M)


def _full_weights(weights: Tensor | list[Tensor] | None, x: Tensor, count: Tensor) -> Tensor | None:
    """Weights as one tensor, zero on padding; None where all points count alike."""
    if isinstance(weights, list):
        if any(int(n) != len(w) for n, w in zip(count, weights, strict=True)):
            raise ValueError("number of weights should equal to the number of points in the point cloud.")
        weights = list_to_padded([w[:, None] for w in weights])[..., 0]
    if weights is not None and weights.shape != x.shape[:2]:
        raise ValueError("weights should have the same first two dimensions as X.")
    if (count == x.shape[1]).all():
        return weights
    mask = (torch.arange(x.shape[1], device=x.device) < count[:, None]).to(x)
    return mask if weights is None else mask * weights.to(x)


def _warn_if_ambiguous(covariance: Tensor, count: Tensor) -> None:
    if (count < covariance.shape[1] + 1).any():
        warnings.warn(
            "The size of one of the point clouds is <= dim+1. "
            "corresponding_points_alignment cannot return a unique rotation.",
            stacklevel=3,
        )
    elif (torch.linalg.svdvals(covariance) <= AMBIGUOUS_ROT_SINGULAR_THR).any():
        warnings.warn(
            "Excessively low rank of cross-correlation between aligned point clouds. "
            "corresponding_points_alignment cannot return a unique rotation.",
            stacklevel=3,
        )


def _initial_transform(given: SimilarityTransform | None, x: Tensor) -> SimilarityTransform:
    batch, _, dim = x.shape
    if given is None:
        identity = eyes(dim, batch, device=x.device, dtype=x.dtype)
        return SimilarityTransform(identity, x.new_zeros(batch, dim), x.new_ones(batch))
    shapes = [(batch, dim, dim), (batch, dim), (batch,)]
    if not isinstance(given, tuple) or [getattr(t, "shape", None) for t in given] != shapes:
        raise ValueError(
            "The initial transformation init_transform has to be a SimilarityTransform (R, T, s) "
            f"of tensors of shapes {shapes}."
        )
    return SimilarityTransform(*given)


def _apply_similarity_transform(
    X: Float[Tensor, "batch point dim"],
    R: Float[Tensor, "batch dim dim"],
    T: Float[Tensor, "batch dim"],
    s: Float[Tensor, " batch"],
) -> Float[Tensor, "batch point dim"]:
    return s[:, None, None] * (X @ R) + T[:, None]


def _rmse(difference: Tensor, mask: Tensor) -> Tensor:
    """Root of the mean squared length, with zero gradient where it is zero."""
    mean = wmean(difference.square().sum(dim=2, keepdim=True), mask)[:, 0, 0]
    return torch.where(mean > 0, mean.clamp(min=1e-38).sqrt(), 0.0)


def _say(line: str) -> None:
    print(line)  # noqa: T201 - asked for by `verbose`
