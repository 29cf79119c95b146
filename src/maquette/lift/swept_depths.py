"""Depth maps of pictures whose cameras are known, where the pictures agree about them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from ..kernels.sweep import MOST_NEIGHBOURS, sweep
from ..ops.pixel_projections import pixel_projections
from ..renderer import MeshRasterizer, RasterizationSettings
from ..structures import Meshes
from ..structures.cameras import CamerasBase

_LAYERS = 8  # faces behind each other between which a ray's surface may lie
_NARROW, _WIDE = 3.0, 65.0  # degrees between neighbours' directions: depth must show, and the surface be seen
_CLOSE = 30.0  # degrees within which neighbours see nearly the same


@dataclass(frozen=True)
class SweepConfig:
    """How depths are looked for.

    Attributes:
        neighbours: views that a picture is compared with, at most `MOST_NEIGHBOURS`.
        spread: pixels between the 3 x 3 taps that are compared.
        slants: slopes of depth to the right and down that windows are tried with.
        like: least likeness, in [-1, 1], of a depth that is kept.
        agree: neighbours that must find the same place; only one where fewer of them look from within 30 degrees.
        steps: by how many of the sweep they may differ.

    Raises:
        ValueError: a number of neighbours that cannot be.
    """

    neighbours: int = 4
    spread: float = 1.5
    slants: tuple[tuple[float, float], ...] = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    like: float = 0.6
    agree: int = 2
    steps: float = 2.0

    def __post_init__(self) -> None:
        if not 1 <= self.neighbours <= MOST_NEIGHBOURS:
            raise ValueError(f"use 1 to {MOST_NEIGHBOURS} neighbours, not {self.neighbours}")


@torch.no_grad()
def swept_depths(
    images: Float[Tensor, "view 3 height width"],
    cameras: CamerasBase,
    outer: Meshes,
    step: float,
    config: SweepConfig | None = None,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Float[Tensor, "view height width"]:
    """Depth of what pictures show within a surface that surrounds it; NaN where they do not agree.

    Each pixel that shows the surface is looked up in the neighbours' pictures at all depths between the nearest and
    the farthest point of it on its ray. A depth is kept that looks alike, and that neighbours find too.

    Args:
        images: colours in [0, 1].
        cameras: one a picture.
        outer: one closed mesh, such as the visual hull.
        step: between the depths, in the world.
        config: what is compared and kept.
        watch: called with how many pictures are done, and how many there are.

    Raises:
        ValueError: a step that is not positive, or not one picture a camera.
    """
    config = config or SweepConfig()
    if len(images) != len(cameras) or not step > 0:
        raise ValueError(f"{len(images)} pictures of {len(cameras)} cameras, in steps of {step:g}")
    size = (images.shape[2], images.shape[3])
    matrices = pixel_projections(cameras, size)
    beside, close = _neighbours(cameras, outer, config.neighbours)
    pairs = matrices[beside.clamp(min=0)] @ _invertible(matrices).inverse()[:, None]
    pixels, ranges = _ranges(outer, cameras, size, step)
    perspective = cameras.is_perspective()
    colours = images.permute(0, 2, 3, 1).contiguous()
    common = (
        step,
        torch.full((len(images),), perspective, device=images.device),
        beside.int(),
        pairs.float().contiguous(),
        _widths(matrices),
        torch.tensor(config.slants, device=images.device).float(),
        config.spread,
    )
    view, row, column = pixels.long().unbind(1)
    counts, swept = view.bincount(minlength=len(images)).tolist(), []
    for done, (own, between) in enumerate(zip(pixels.split(counts), ranges.split(counts), strict=True), 1):
        swept.append(sweep(colours, own, between, *common))
        watch(done, len(images))
    depths, scores = (torch.cat(each) for each in zip(*swept, strict=True))
    found = torch.full((len(images), *size), torch.nan, device=images.device)
    found[view, row, column] = depths.where(scores >= config.like, torch.nan)
    agreed = _agreeing(found, pixels, beside, pairs, perspective, config.steps * step)
    enough = torch.where(close >= config.agree, config.agree, 1)[view]
    kept = found[view, row, column].where(agreed >= enough, torch.nan)
    found[view, row, column] = kept
    return found


def _invertible(matrices: Float[Tensor, "view 4 4"]) -> Float[Tensor, "view 4 4"]:
    """The same with 1 in the place of w, which depth tells already."""
    one = matrices.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(len(matrices), 1, 4)
    return torch.cat([matrices[:, :3], one], dim=1)


def _widths(matrices: Float[Tensor, "view 4 4"]) -> Float[Tensor, " view"]:
    """Width of a pixel in the world, over w."""
    along, axis = matrices[:, 0, :3], normalize(matrices[:, 2, :3], dim=1)
    across = along - (along * axis).sum(dim=1, keepdim=True) * axis
    return torch.reciprocal(across.norm(dim=1)).float()


def _neighbours(
    cameras: CamerasBase, outer: Meshes, count: int
) -> tuple[Int[Tensor, "view neighbour"], Int[Tensor, " view"]]:
    """The views that look from the nearest directions, -1 where there are fewer, and how many are close."""
    verts = outer.verts_packed()
    middle = (verts.amax(dim=0) + verts.amin(dim=0)) / 2
    if cameras.is_perspective():
        directions = normalize(cameras.get_camera_center() - middle, dim=1)
    else:
        directions = -cameras.R[:, :, 2]
    angles = torch.rad2deg((directions @ directions.T).clamp(-1, 1).acos())
    fit = (angles >= _NARROW) & (angles <= _WIDE)
    near = angles.where(fit, torch.inf).sort(dim=1, stable=True)
    close = (near.values[:, :count] <= _CLOSE).sum(dim=1)
    return near.indices.where(near.values.isfinite(), -1)[:, :count], close


def _ranges(
    outer: Meshes, cameras: CamerasBase, size: tuple[int, int], step: float
) -> tuple[Int[Tensor, "pixel 3"], Float[Tensor, "pixel 2"]]:
    """Pixels that show the surface, as view, row and column, and the depths between which it lies there."""
    rasterizer = MeshRasterizer(raster_settings=RasterizationSettings(size, faces_per_pixel=_LAYERS))
    pixels, ranges = [], []
    for view in range(len(cameras)):
        seen = rasterizer(outer, cameras=cameras[[view]])
        there = seen.pix_to_face[0] >= 0
        near, far = seen.zbuf[0, ..., 0], seen.zbuf[0].where(there, -torch.inf).amax(dim=-1)
        at = torch.nonzero(there[..., 0])
        pixels.append(torch.cat([torch.full_like(at[:, :1], view), at], dim=1))
        ranges.append(torch.stack([near, far], dim=-1)[at[:, 0], at[:, 1]])
    depths = torch.cat(ranges) + torch.tensor([-step, 0.0], device=cameras.R.device)
    return torch.cat(pixels).int(), depths.contiguous()


def _agreeing(
    found: Float[Tensor, "view height width"],
    pixels: Int[Tensor, "pixel 3"],
    beside: Int[Tensor, "view neighbour"],
    pairs: Float[Tensor, "view neighbour 4 4"],
    perspective: bool,
    within: float,
) -> Int[Tensor, " pixel"]:
    """How many neighbours of each pixel's view found the place that it found."""
    view, row, column = pixels.long().unbind(1)
    depth = found[view, row, column].double()
    w = depth if perspective else torch.ones_like(depth)
    place = torch.stack([(column + 0.5) * w, (row + 0.5) * w, depth, torch.ones_like(depth)], dim=1)
    height, width = found.shape[1:]
    count = torch.zeros_like(view)
    for j in range(beside.shape[1]):
        there = torch.einsum("pij,pj->pi", pairs[view, j], place)
        x, y = (there[:, k] / there[:, 3] for k in range(2))
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height) & (beside[view, j] >= 0)
        u, v = (torch.nan_to_num(a).clamp(0, most - 1).long() for a, most in ((x, width), (y, height)))
        theirs = found[beside[view, j], v, u]
        count += inside & ((theirs - there[:, 2]).abs() <= within)
    return count
