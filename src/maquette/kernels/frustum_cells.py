"""Which part of each cell of a camera's frustum is solid: an object's grid, read along rays.

Every cell is looked at in `SAMPLES` places along each axis; a ray's places lie on a line in the grid, of which only
the piece within is walked. An item owns a row of pixels of one picture.
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch, on_compute_device

wp.set_module_options({"enable_backward": False})

SAMPLES = 2


@wp.func
def _within(start: float, step: float, n: float, ends: wp.vec2) -> wp.vec2:
    """The part of `ends` in which start + k step lies in [0, n)."""
    if wp.abs(step) < 1.0e-12:
        if start < 0.0 or start >= n:
            return wp.vec2(1.0, 0.0)
        return ends
    low = -start / step
    high = (n - start) / step
    return wp.vec2(wp.max(ends[0], wp.min(low, high)), wp.min(ends[1], wp.max(low, high)))


@wp.kernel
def _gather(
    start: int,
    n: int,
    pixels: int,
    depths: int,
    samples: int,
    size: float,
    extent: float,
    voxels: wp.array4d(dtype=wp.uint8),
    sides: wp.array(dtype=wp.vec3),
    cameras: wp.array(dtype=wp.mat33),
    distances: wp.array(dtype=float),
    windows: wp.array(dtype=wp.vec4),
    cells: wp.array4d(dtype=float),
) -> None:
    item = start + wp.tid()
    picture = item // pixels
    row = item % pixels
    camera, distance, window = wp.transpose(cameras[picture]), distances[picture], windows[picture]
    scale = wp.cw_div(wp.vec3(float(n)), sides[picture])
    deep = extent * distance * size / window[0]  # of the frustum
    share = 1.0 / float(samples * samples * samples)
    first_depth = distance - 0.5 * deep
    step_depth = deep / float(depths * samples)
    for column in range(pixels):
        for i in range(samples):
            for j in range(samples):
                u = (float(column) + (float(j) + 0.5) / float(samples)) * size / float(pixels)
                v = (float(row) + (float(i) + 0.5) / float(samples)) * size / float(pixels)
                ray = camera * wp.vec3((u - window[2]) / window[0], (window[3] - v) / window[1], -1.0)
                eye = camera * wp.vec3(0.0, 0.0, distance)
                at = eye + ray * (first_depth + 0.5 * step_depth)
                at = wp.cw_mul(at, scale) + wp.vec3(0.5 * float(n))
                step = wp.cw_mul(ray * step_depth, scale)
                last = float(depths * samples)
                ends = wp.vec2(0.0, last)
                for axis in range(3):
                    ends = _within(at[axis], step[axis], float(n), ends)
                # Depths before the eye see nothing.
                ends[0] = wp.max(ends[0], -first_depth / step_depth)
                k0 = int(wp.ceil(wp.clamp(ends[0], 0.0, last)))
                k1 = int(wp.floor(wp.clamp(ends[1], -1.0, last - 1.0)))
                for k in range(k0, k1 + 1):
                    p = at + step * float(k)
                    x, y, z = int(p[0]), int(p[1]), int(p[2])
                    if x >= 0 and y >= 0 and z >= 0 and x < n and y < n and z < n:
                        if voxels[picture, x, y, z] != wp.uint8(0):
                            cells[picture, k // samples, row, column] += share


@on_compute_device
def frustum_cells(
    voxels: Tensor,
    sides: Tensor,
    cameras: Tensor,
    distances: Tensor,
    windows: Tensor,
    size: int,
    pixels: int,
    depths: int,
    extent: float,
) -> Tensor:
    """Solid part of the cells of P frustums.

    Args:
        voxels: (P, n, n, n) bool grids of boxes around the origin, indexed (x, y, z).
        sides: (P, 3) float32 edges of the boxes along x, y and z.
        cameras, distances, windows: of P pictures, as in `PictureSpecs`; windows that do not mirror.
        size: pixels a side that windows are stated for.
        pixels: cells along columns and rows of a picture.
        depths: cells along a ray.
        extent: depth of the frustum as a fraction of the window's side in the depth of the origin.

    Returns:
        (P, depths, pixels, pixels) float32 in [0, 1]; rows downwards, the nearest cells first.
    """
    cells = torch.zeros((len(voxels), depths, pixels, pixels), dtype=torch.float32, device=voxels.device)
    items = len(voxels) * pixels
    inputs = [voxels.shape[1], pixels, depths, SAMPLES, float(size), extent, voxels.view(torch.uint8)]
    inputs += [x.contiguous() for x in (sides, cameras, distances, windows)]
    launch(_gather, items, [*inputs, cells], voxels.device, even_pieces(items))
    return cells
