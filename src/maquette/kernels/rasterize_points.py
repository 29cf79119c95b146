"""The nearest discs of every pixel: each point of a cloud is a disc that faces the camera.

The points of each cloud are sorted by y, so that a row of the picture looks at those alone that may reach it.
"""

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch, on_compute_device
from maquette.kernels.once import differentiable_once
from maquette.kernels.triangles import MAX_COORDINATE, first_pixel, last_pixel, pixel_to_ndc


@wp.func
def _first_at_or_above(
    y: float, begin: int, end: int, points: wp.array(dtype=wp.vec3), order: wp.array(dtype=wp.int64)
) -> int:
    """First of the sorted places [begin, end) whose point is not below `y`; `end` where all are."""
    low = int(begin)
    high = int(end)
    while low < high:
        middle = (low + high) // 2
        if points[int(order[middle])][1] < y:
            low = middle + 1
        else:
            high = middle
    return low


@wp.func
def _keep(
    row: int,
    slots: int,
    p: int,
    z: float,
    dist2: float,
    idx: wp.array2d(dtype=int),
    zbuf: wp.array2d(dtype=float),
    dists: wp.array2d(dtype=float),
) -> None:
    """Put a point among the nearest of a pixel: ordered by depth, then by number; the last one falls out."""
    k = int(slots)
    while k > 0 and (
        idx[row, k - 1] < 0 or z < zbuf[row, k - 1] or (z == zbuf[row, k - 1] and p < idx[row, k - 1])
    ):
        k -= 1
        if k + 1 < slots:
            idx[row, k + 1] = idx[row, k]
            zbuf[row, k + 1] = zbuf[row, k]
            dists[row, k + 1] = dists[row, k]
    if k < slots:
        idx[row, k] = p
        zbuf[row, k] = z
        dists[row, k] = dist2


@wp.kernel(enable_backward=False)
def _draw(
    start: int,
    points: wp.array(dtype=wp.vec3),
    radii: wp.array(dtype=float),
    order: wp.array(dtype=wp.int64),
    first: wp.array(dtype=wp.int64),
    count: wp.array(dtype=wp.int64),
    largest: wp.array(dtype=float),
    height: int,
    width: int,
    columns: int,
    idx: wp.array2d(dtype=int),
    zbuf: wp.array2d(dtype=float),
    dists: wp.array2d(dtype=float),
) -> None:
    """`columns` pixels of one row of a picture."""
    item = start + wp.tid()
    blocks = (width + columns - 1) / columns
    line = item / blocks
    left = (item - line * blocks) * columns
    right = wp.min(left + columns, width)
    cloud = line / height
    y = pixel_to_ndc(line - cloud * height, height, width)
    reach = largest[cloud] * 1.0001  # what rounding may add to a distance
    begin = int(first[cloud])
    end = begin + int(count[cloud])
    for place in range(_first_at_or_above(y - reach, begin, end, points, order), end):
        p = int(order[place])
        at = points[p]
        if at[1] > y + reach:
            break
        r = radii[p]
        if at[2] >= 0.0 and wp.abs(at[0]) < MAX_COORDINATE:
            dy = at[1] - y
            # x runs to the left in NDC and to the right in the picture
            for column in range(
                wp.max(left, first_pixel(at[0] + r, width, height)),
                wp.min(right, last_pixel(at[0] - r, width, height)),
            ):
                dx = at[0] - pixel_to_ndc(column, width, height)
                dist2 = dx * dx + dy * dy
                if dist2 < r * r:
                    _keep(line * width + column, idx.shape[1], p, at[2], dist2, idx, zbuf, dists)


@wp.kernel(enable_backward=False)
def _draw_backward(
    start: int,
    points: wp.array(dtype=wp.vec3),
    height: int,
    width: int,
    idx: wp.array2d(dtype=int),
    grad_zbuf: wp.array2d(dtype=float),
    grad_dists: wp.array2d(dtype=float),
    grad_points: wp.array(dtype=wp.vec3),
) -> None:
    """One pixel: depth is the point's, and the squared distance that of its x and y."""
    pixel = start + wp.tid()
    line = pixel / width
    x = pixel_to_ndc(pixel - line * width, width, height)
    y = pixel_to_ndc(line - line / height * height, height, width)
    for k in range(idx.shape[1]):
        p = idx[pixel, k]
        if p < 0:
            break
        g = 2.0 * grad_dists[pixel, k]
        at = points[p]
        wp.atomic_add(grad_points, p, wp.vec3(g * (at[0] - x), g * (at[1] - y), grad_zbuf[pixel, k]))


class _RasterizePoints(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        points: Tensor,
        radii: Tensor,
        first: Tensor,
        count: Tensor,
        image_size: tuple[int, int],
        slots: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        (height, width), device = image_size, points.device
        shape = (len(first), height, width, slots)
        idx = torch.full(shape, -1, dtype=torch.int32, device=device)
        zbuf, dists = (torch.full(shape, -1.0, device=device) for _ in range(2))
        if idx.numel() > 0 and len(points) > 0:
            columns = 1 if device.type == "cuda" else width
            inputs = [
                points, radii, *_sorted(points, radii, first, count), height, width, columns,
                *(x.view(-1, slots) for x in (idx, zbuf, dists)),
            ]  # fmt: skip
            launch(_draw, len(first) * height * (width // columns), inputs, device)
        ctx.save_for_backward(points, idx)
        ctx.mark_non_differentiable(idx)
        return idx, zbuf, dists

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, _: Tensor, grad_zbuf: Tensor, grad_dists: Tensor) -> tuple[Tensor | None, ...]:
        points, idx = ctx.saved_tensors
        pictures, height, width, slots = idx.shape
        grad_points = torch.zeros_like(points)
        if idx.numel() > 0:
            rows = [x.contiguous().view(-1, slots) for x in (idx, grad_zbuf, grad_dists)]
            pixels = height * width
            # on a CPU one thread takes whole pictures: no two of them share a point
            pieces = [(begin * pixels, end * pixels) for begin, end in even_pieces(pictures)]
            inputs = [points, height, width, *rows, grad_points]
            launch(_draw_backward, pictures * pixels, inputs, points.device, pieces)
        return grad_points, None, None, None, None, None


def _sorted(points: Tensor, radii: Tensor, first: Tensor, count: Tensor) -> tuple[Tensor, ...]:
    """Points of each cloud in the order of y; where clouds begin; how many they have; their largest radii."""
    cloud = torch.repeat_interleave(torch.arange(len(first), device=points.device), count)
    order = points[:, 1].argsort(stable=True)
    order = order[cloud[order].argsort(stable=True)]
    largest = torch.segment_reduce(radii, "max", lengths=count, initial=0.0)
    return order, first, count, largest


@on_compute_device
def rasterize_discs(
    points: Float[Tensor, "point 3"],
    radii: Float[Tensor, " point"],
    first: Int[Tensor, " cloud"],
    count: Int[Tensor, " cloud"],
    image_size: tuple[int, int],
    points_per_pixel: int,
) -> tuple[
    Int[Tensor, "cloud height width slot"],
    Float[Tensor, "cloud height width slot"],
    Float[Tensor, "cloud height width slot"],
]:
    """The `points_per_pixel` nearest points whose discs hold a pixel's centre, for one picture a cloud.

    Args:
        points: packed: NDC x and y, view depth z; points of negative depth are left out.
        radii: of the discs, in NDC.
        first, count: where each cloud begins among the packed points, and how many it has; clouds follow one another.
        image_size: (height, width) in pixels.
        points_per_pixel: how many points a pixel keeps.

    Returns:
        Packed index (int32), depth, and squared NDC distance from the pixel's centre, by depth and then index; -1
        where a pixel has fewer. Depths and distances are differentiable, once, with respect to the points.
    """
    points, radii = points.float().contiguous(), radii.detach().float().contiguous()
    groups = [x.to(points.device, torch.int64).contiguous() for x in (first, count)]
    return _RasterizePoints.apply(points, radii, *groups, image_size, points_per_pixel)
