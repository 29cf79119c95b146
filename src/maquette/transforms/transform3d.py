"""Batches of affine and projective maps of space, as 4 x 4 matrices for row vectors."""

import math
import os
import warnings
from typing import Any

import torch
from torch import Tensor

from ..structures.device import Device, get_device, make_device
from .arguments import parse_angle, parse_xyz
from .broadcast import apply_homogeneous, batched_product
from .euler_angles import axis_rotation
from .se3 import se3_log_map

_DETERMINANT_TOLERANCE = 1e-5


class Transform3d:
    """N maps of points: [x', w] = [x, 1] M, then x' / w, with M a matrix (4, 4) of each.

    Points are rows, so a translation stands in the last row, and `a.compose(b)` does a first. A batch of one
    works with any other batch. Gradients flow to whatever the matrices were made of:

        turn = Transform3d().scale(0.5).rotate_axis_angle(90, "Y").translate(1, 2, 3)
        moved = turn.transform_points(points)

    Same interface as PyTorch3D's class of this name. Differs in that tensors of different precision may be
    mixed, and that autocast does not lower the precision of coordinates.

    Args:
        dtype: of the identity, where no matrix is given.
        device: of the identity, where no matrix is given.
        matrix: (4, 4) or (N, 4, 4).

    Raises:
        ValueError: a matrix of another shape.
    """

    def __init__(
        self,
        dtype: torch.dtype = torch.float32,
        device: Device = "cpu",
        matrix: Tensor | None = None,
    ) -> None:
        if matrix is None:
            matrix = torch.eye(4, dtype=dtype, device=device)
        elif matrix.ndim not in (2, 3):
            raise ValueError('"matrix" has to be a 2- or a 3-dimensional tensor.')
        elif matrix.shape[-2:] != (4, 4):
            raise ValueError('"matrix" has to be a tensor of shape (minibatch, 4, 4) or (4, 4).')
        self._matrix = matrix.reshape(-1, 4, 4)
        self._transforms: list[Transform3d] = []
        self.device = make_device(matrix.device)
        self.dtype = matrix.dtype

    def __len__(self) -> int:
        return max([len(self._matrix), *(len(other) for other in self._transforms)])

    def __getitem__(self, index: Any) -> "Transform3d":
        """The transforms at a position, slice, list of positions, or mask (N,)."""
        return type(self)(matrix=self.get_matrix()[_keep_batch(index)])

    def compose(self, *others: "Transform3d") -> "Transform3d":
        """This map followed by others.

        Args:
            others: maps to do after this one, in this order; batch sizes 1 and N.

        Raises:
            ValueError: something else than a transform.
        """
        for other in others:
            if not isinstance(other, Transform3d):
                raise ValueError(f"Only possible to compose Transform3d objects; got {type(other)}")
        out = Transform3d(matrix=self._matrix.clone())
        out._transforms = [*self._transforms, *others]
        return out

    def get_matrix(self) -> Tensor:
        """Matrices (N, 4, 4) of the whole map, for row vectors."""
        matrix = self._matrix.clone()
        for other in self._transforms:
            matrix = batched_product(matrix, other.get_matrix())
        return matrix

    def get_se3_log(self, eps: float = 1e-4, cos_bound: float = 1e-4) -> Tensor:
        """Logarithms (N, 6) of rigid motions; see `se3_log_map`.

        Raises:
            ValueError: a last column other than that of an affine map.
        """
        return se3_log_map(self.get_matrix(), eps, cos_bound)

    def _get_matrix_inverse(self) -> Tensor:
        """Inverse of this map's own matrix, without those composed with it."""
        return torch.inverse(self._matrix)

    def inverse(self, invert_composed: bool = False) -> "Transform3d":
        """The inverse map.

        Args:
            invert_composed: invert the product of all composed matrices at once, instead of each by itself,
                which for rotations, translations and scales is exact and fast.
        """
        if invert_composed:
            return Transform3d(matrix=torch.inverse(self.get_matrix()))
        own = Transform3d(matrix=self._get_matrix_inverse())
        if not self._transforms:
            return own
        out = Transform3d(dtype=self.dtype, device=self.device)
        out._transforms = [*(other.inverse() for other in reversed(self._transforms)), own]
        return out

    def stack(self, *others: "Transform3d") -> "Transform3d":
        """One batch of this batch and others, one after the other."""
        return Transform3d(matrix=torch.cat([each.get_matrix() for each in (self, *others)]))

    def transform_points(self, points: Tensor, eps: float | None = None) -> Tensor:
        """Map points.

        Args:
            points: (P, 3), or (M, P, 3) where M = N or one of them is 1.
            eps: least size of the divisor w, which keeps its sign; 0 counts as positive.

        Returns:
            (max(N, M), P, 3), or (P, 3) for points (P, 3) and one map.

        Raises:
            ValueError: points of another shape.
        """
        if points.dim() not in (2, 3):
            raise ValueError(f"Expected points to have dim = 2 or dim = 3: got shape {points.shape!r}")
        batch = points[None] if points.dim() == 2 else points
        mapped = apply_homogeneous(batch, self.get_matrix())
        w = mapped[..., 3:]
        if eps is not None:
            least = torch.where(w < 0, -eps, eps).to(w.dtype)
            w = torch.where(w.abs() < eps, least, w)
        return _drop_batch(mapped[..., :3] / w, points)

    def transform_normals(self, normals: Tensor) -> Tensor:
        """Map normals of surfaces: times the transposed inverse of the upper left 3 x 3 block.

        Args:
            normals: (P, 3), or (M, P, 3) where M = N or one of them is 1. Results are not made unit vectors.

        Returns:
            (max(N, M), P, 3), or (P, 3) for normals (P, 3) and one map.

        Raises:
            ValueError: normals of another shape.
        """
        if normals.dim() not in (2, 3):
            raise ValueError(f"Expected normals to have dim = 2 or dim = 3: got shape {normals.shape!r}")
        batch = normals[None] if normals.dim() == 2 else normals
        inverse = torch.inverse(self.get_matrix()[:, :3, :3])
        return _drop_batch(batched_product(batch, inverse.transpose(1, 2)), normals)

    def translate(self, *args: Any, **kwargs: Any) -> "Transform3d":
        """This map followed by `Translate(...)`."""
        return self.compose(Translate(*args, **self._like(kwargs)))

    def scale(self, *args: Any, **kwargs: Any) -> "Transform3d":
        """This map followed by `Scale(...)`."""
        return self.compose(Scale(*args, **self._like(kwargs)))

    def rotate(self, *args: Any, **kwargs: Any) -> "Transform3d":
        """This map followed by `Rotate(...)`."""
        return self.compose(Rotate(*args, **self._like(kwargs)))

    def rotate_axis_angle(self, *args: Any, **kwargs: Any) -> "Transform3d":
        """This map followed by `RotateAxisAngle(...)`."""
        return self.compose(RotateAxisAngle(*args, **self._like(kwargs)))

    def _like(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options of a map on the device and in the type of this one."""
        return {"device": self.device, "dtype": self.dtype, **options}

    def clone(self) -> "Transform3d":
        """A copy that shares no memory with this one; gradients flow through."""
        other = Transform3d(matrix=self._matrix.clone())
        other._transforms = [each.clone() for each in self._transforms]
        return other

    def to(self, device: Device, copy: bool = False, dtype: torch.dtype | None = None) -> "Transform3d":
        """This map on a device and in a type, as `Tensor.to`.

        Args:
            device: where it should live.
            copy: whether to copy also when nothing changes.
            dtype: type of the matrices; the present one when None.
        """
        place, dtype = make_device(device), dtype or self.dtype
        if not copy and self.device == place and self.dtype == dtype:
            return self
        other = Transform3d(matrix=self._matrix.to(device=place, dtype=dtype, copy=True))
        other._transforms = [each.to(place, copy=copy, dtype=dtype) for each in self._transforms]
        return other

    def cpu(self) -> "Transform3d":
        """This map on the CPU."""
        return self.to("cpu")

    def cuda(self) -> "Transform3d":
        """This map on the current CUDA device."""
        return self.to("cuda")


class Translate(Transform3d):
    """Translations.

    Args:
        x: (N, 3) translations, with `y` and `z` None; or the first coordinate, a number or (N,).
        y: second coordinate, a number or (N,).
        z: third coordinate, a number or (N,).
        dtype: of the matrices.
        device: by default where `x` lives.

    Raises:
        ValueError: shapes that do not fit.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        z: Any = None,
        dtype: torch.dtype = torch.float32,
        device: Device | None = None,
    ) -> None:
        xyz = parse_xyz(x, y, z, dtype, device, "Translate")
        matrix = _identities(len(xyz), xyz)
        matrix[:, 3, :3] = xyz
        super().__init__(matrix=matrix)

    def _get_matrix_inverse(self) -> Tensor:
        return 2 * torch.eye(4, dtype=self.dtype, device=self.device) - self._matrix

    def __getitem__(self, index: Any) -> "Transform3d":
        return type(self)(self.get_matrix()[_keep_batch(index), 3, :3], dtype=self.dtype)


class Scale(Transform3d):
    """Scalings of the three coordinates.

    Args:
        x: (N, 3) factors, with `y` and `z` None; or one factor for all, a number or (N,), with `y` and `z`
            None; or the first factor.
        y: second factor, a number or (N,).
        z: third factor, a number or (N,).
        dtype: of the matrices.
        device: by default where `x` lives.

    Raises:
        ValueError: shapes that do not fit.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        z: Any = None,
        dtype: torch.dtype = torch.float32,
        device: Device | None = None,
    ) -> None:
        xyz = parse_xyz(x, y, z, dtype, device, "scale", repeat_single=True)
        super().__init__(matrix=torch.diag_embed(torch.cat((xyz, torch.ones_like(xyz[:, :1])), dim=1)))

    def _get_matrix_inverse(self) -> Tensor:
        return torch.diag_embed(self._matrix.diagonal(dim1=1, dim2=2).reciprocal())

    def __getitem__(self, index: Any) -> "Transform3d":
        factors = self.get_matrix().diagonal(dim1=1, dim2=2)[:, :3]
        return type(self)(factors[_keep_batch(index)], dtype=self.dtype)


class Rotate(Transform3d):
    """Rotations: x' = x R.

    Args:
        R: (3, 3) or (N, 3, 3), for row vectors.
        dtype: of the matrices.
        device: by default where `R` lives.
        orthogonal_tol: how far R R^T may be from the identity, if that is checked.

    With the environment variable PYTORCH3D_CHECK_ROTATION_MATRICES=1, matrices that are no rotations are
    warned about.

    Raises:
        ValueError: another shape.
    """

    def __init__(
        self,
        R: Tensor,
        dtype: torch.dtype = torch.float32,
        device: Device | None = None,
        orthogonal_tol: float = 1e-5,
    ) -> None:
        R = R[None] if R.dim() == 2 else R
        if R.shape[-2:] != (3, 3):
            raise ValueError(f"R must have shape (3, 3) or (N, 3, 3); got {R.shape!r}")
        R = R.to(device=get_device(R, device), dtype=dtype)
        if os.environ.get("PYTORCH3D_CHECK_ROTATION_MATRICES", "0") == "1":
            _warn_unless_rotation(R, orthogonal_tol)
        matrix = _identities(len(R), R)
        matrix[:, :3, :3] = R
        super().__init__(matrix=matrix)

    def _get_matrix_inverse(self) -> Tensor:
        return self._matrix.transpose(1, 2).contiguous()

    def __getitem__(self, index: Any) -> "Transform3d":
        return Rotate(self.get_matrix()[_keep_batch(index), :3, :3], dtype=self.dtype)


class RotateAxisAngle(Rotate):
    """Rotations about a coordinate axis, counterclockwise when looking against it.

    Args:
        angle: a number or (N,).
        axis: "X", "Y" or "Z".
        degrees: whether angles are in degrees; in radians otherwise.
        dtype: of the matrices.
        device: by default where `angle` lives.

    Raises:
        ValueError: another axis, or angles of another shape.
    """

    def __init__(
        self,
        angle: Any,
        axis: str = "X",
        degrees: bool = True,
        dtype: torch.dtype = torch.float32,
        device: Device | None = None,
    ) -> None:
        axis = axis.upper()
        if axis not in ("X", "Y", "Z"):
            raise ValueError(f"Expected axis to be one of ['X', 'Y', 'Z']; got {axis}")
        angle = parse_angle(angle, dtype, device, "RotateAxisAngle")
        radians = angle * (math.pi / 180.0) if degrees else angle
        super().__init__(axis_rotation("XYZ".index(axis), radians).transpose(1, 2), dtype=dtype)


def _identities(count: int, like: Tensor) -> Tensor:
    return torch.eye(4, dtype=like.dtype, device=like.device).repeat(count, 1, 1)


def _keep_batch(index: Any) -> Any:
    """An index that leaves the batch dimension."""
    return [index] if isinstance(index, int) else index


def _drop_batch(results: Tensor, given: Tensor) -> Tensor:
    """Results (1, P, 3) as (P, 3) where points came without a batch."""
    return results[0] if len(results) == 1 and given.dim() == 2 else results


@torch.no_grad()
def _warn_unless_rotation(R: Tensor, tolerance: float) -> None:
    identity = torch.eye(3, dtype=R.dtype, device=R.device).expand_as(R)
    orthogonal = torch.allclose(R @ R.transpose(1, 2), identity, atol=tolerance)
    determinant = (torch.linalg.cross(R[:, 0], R[:, 1]) * R[:, 2]).sum(dim=1)
    if not orthogonal or ((determinant - 1).abs() > _DETERMINANT_TOLERANCE).any():
        warnings.warn("R is not a valid rotation matrix", stacklevel=3)
