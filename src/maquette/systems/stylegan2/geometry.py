"""Geometric changes of pictures: one matrix for all of them, and one careful resampling (NeurIPS 2020, B.2)."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn.functional import affine_grid, grid_sample, pad

from .changes import Changes
from .filters import upfirdn

SYM6 = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
_XINT, _SCALE, _ANISO, _XFRAC = 0.125, 0.2, 0.2, 0.125
_BORDER = len(SYM6) // 4  # pixels of the picture that the filter needs on each side
Matrix = Float[Tensor, "batch 3 3"]


def pixel_matrix(changes: Changes, count: int, height: int, width: int, device: torch.device) -> Matrix:
    """Where in the picture each pixel of the changed one is taken from.

    Args:
        changes: of a batch.
        count: pictures.
        height: in pixels.
        width: in pixels.
        device: of the result.

    Returns:
        matrices for columns (x, y, 1) in pixels, y down, from the middle of the picture.
    """
    made = torch.eye(3, device=device).expand(count, 3, 3)
    one = torch.ones(count, device=device)
    for name, (value, on) in changes.items():
        first = value[:, 0]
        if name == "xflip":
            step = _scaling(1 - 2 * (2 * first).floor(), one)
        elif name == "rotate90":
            step = _rotation(math.pi / 2 * (4 * first).floor())
        elif name == "xint":
            moved = (2 * value - 1) * _XINT
            step = _shift((moved[:, 0] * width).round(), (moved[:, 1] * height).round())
        elif name == "scale":
            factor = torch.exp2(first * _SCALE)
            step = _scaling(factor, factor)
        elif name in ("rotate_pre", "rotate_post"):
            step = _rotation((2 * first - 1) * math.pi)
        elif name == "aniso":
            factor = torch.exp2(first * _ANISO)
            step = _scaling(factor, 1 / factor)
        elif name == "xfrac":
            moved = value * _XFRAC
            step = _shift(moved[:, 0] * width, moved[:, 1] * height)
        else:
            continue
        made = made @ torch.where(on[:, None, None], step, torch.eye(3, device=device))
    return made


def margins(matrix: Matrix, height: int, width: int) -> tuple[int, int, int, int]:
    """Pixels beyond the left, top, right and bottom edges that any of the changed pictures shows.

    Args:
        matrix: of `pixel_matrix`.
        height: of the picture.
        width: of the picture.
    """
    x, y = (width - 1) / 2, (height - 1) / 2
    corners = matrix.new_tensor([[-x, -y, 1], [x, -y, 1], [x, y, 1], [-x, y, 1]])
    seen = (matrix @ corners.T)[:, :2]
    beyond = torch.cat([-seen.amin((0, 2)), seen.amax((0, 2))]) - matrix.new_tensor([x, y, x, y])
    most = [width - 1, height - 1] * 2
    needed = [math.ceil(v) for v in (beyond + 2 * _BORDER).tolist()]
    left, top, right, bottom = (min(max(v, 0), m) for v, m in zip(needed, most, strict=True))
    return left, top, right, bottom


def resampled(
    images: Float[Tensor, "batch channel height width"], matrix: Matrix
) -> Float[Tensor, "batch channel height width"]:
    """Pictures changed by matrices: mirrored at their edges, at twice the size, filtered by a wavelet (sym6).

    Args:
        images: in [-1, 1].
        matrix: of `pixel_matrix`.
    """
    height, width = images.shape[2:]
    matrix = matrix.to(images.dtype)
    left, top, right, bottom = margins(matrix, height, width)
    taps = images.new_tensor(SYM6) / sum(SYM6)
    n = len(SYM6)
    wide = pad(images, (left, right, top, bottom), mode="reflect")
    before, behind = (n + 1) // 2, (n - 2) // 2
    fine = upfirdn(wide, taps, up=2, padding=(before, behind, before, behind), gain=4.0)
    rows, columns = 2 * (height + 2 * _BORDER), 2 * (width + 2 * _BORDER)
    unit = _in_fine_pixels(matrix, (left - right) / 2, (top - bottom) / 2, fine, rows, columns)
    grid = affine_grid(unit[:, :2], [len(images), images.shape[1], rows, columns], align_corners=False)
    taken = bilinear(fine, grid)
    cut = -2 * _BORDER
    sides = (cut + (n - 1) // 2, cut + (n - 2) // 2)
    return upfirdn(taken, taps, down=2, padding=(*sides, *sides), flip=True)


def _in_fine_pixels(matrix: Matrix, x: float, y: float, fine: Tensor, rows: int, columns: int) -> Matrix:
    """The matrix for coordinates in [-1, 1] of a result of rows x columns and of the padded, doubled picture.

    The middle of the picture lies x, y from that of the padded one. In doubled pixels everything is twice as far,
    and the wavelet moves samples by half of one.
    """
    padded = _translation(matrix, x, y) @ matrix
    doubled = _diagonal(matrix, 2.0, 2.0) @ padded @ _diagonal(matrix, 0.5, 0.5)
    moved = _translation(matrix, -0.5, -0.5) @ doubled @ _translation(matrix, 0.5, 0.5)
    to_unit = _diagonal(matrix, 2 / fine.shape[3], 2 / fine.shape[2])
    return to_unit @ moved @ _diagonal(matrix, columns / 2, rows / 2)


def _translation(like: Matrix, x: float, y: float) -> Matrix:
    return like.new_tensor([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]]).expand(len(like), 3, 3)


def _diagonal(like: Matrix, x: float, y: float) -> Matrix:
    return torch.diag(like.new_tensor([x, y, 1.0])).expand(len(like), 3, 3)


def _scaling(x: Float[Tensor, " batch"], y: Float[Tensor, " batch"]) -> Matrix:
    """The picture grows by x and y: pixels come from as much nearer to the middle."""
    return torch.diag_embed(torch.stack([1 / x, 1 / y, torch.ones_like(x)], 1))


def _rotation(angle: Float[Tensor, " batch"]) -> Matrix:
    """Pixels come from an angle further, in radians, from +x to +y."""
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], 1).view(-1, 3, 3)


def _shift(x: Float[Tensor, " batch"], y: Float[Tensor, " batch"]) -> Matrix:
    """The picture moves by x and y pixels."""
    made = torch.eye(3, dtype=x.dtype, device=x.device).repeat(len(x), 1, 1)
    made[:, 0, 2], made[:, 1, 2] = -x, -y
    return made


class _Bilinear(torch.autograd.Function):
    """Bilinear look-up, whose gradient has a gradient: it is linear in the picture, and so is its transpose."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = images.shape
        return grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (grid,) = ctx.saved_tensors
        return _Scattered.apply(gradient, grid, ctx.shape), None


class _Scattered(torch.autograd.Function):
    """The transpose of the look-up."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        images = values.new_empty(1).expand(shape)  # only its shape counts
        found: tuple[Tensor, Tensor] = torch.ops.aten.grid_sampler_2d_backward(
            values.contiguous(), images.contiguous(), grid, 0, 0, False, [True, False]
        )
        return found[0]

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return bilinear(gradient, grid), None, None


def bilinear(
    images: Float[Tensor, "batch channel height width"], grid: Float[Tensor, "batch rows columns 2"]
) -> Float[Tensor, "batch channel rows columns"]:
    """`grid_sample` with zeros around the picture, which may be differentiated twice by the picture."""
    made: Tensor = _Bilinear.apply(images, grid)
    return made
