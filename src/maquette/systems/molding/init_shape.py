"""Where an object is, and roughly what it looks like, from its masks and cameras: its visual hull.

Each mask says that the object lies in a cone; the hull is what lies in all cones. It is carved out of a
coarse grid that starts around the place where the cones meet and tightens around what is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...structures.cameras import CamerasBase

_GROWTHS = 2  # how often the first box may grow where the hull reaches its wall
_GROWTH = 1.6


@dataclass(frozen=True)
class Hull:
    """A visual hull on a grid.

    Attributes:
        occupied: (x, y, z) cells that every mask covers.
        lower, upper: (3,) corners of the grid in the world.
        views: of how many views the occupied cells had to be covered; fewer than all where masks and cameras
            do not agree.
    """

    occupied: Bool[Tensor, "x y z"]
    lower: Float[Tensor, " 3"]
    upper: Float[Tensor, " 3"]
    views: int

    @property
    def cell(self) -> Float[Tensor, " 3"]:
        """Size of a cell along each axis."""
        return (self.upper - self.lower) / torch.tensor(self.occupied.shape).to(self.lower)

    @property
    def bounds(self) -> tuple[Float[Tensor, " 3"], Float[Tensor, " 3"]]:
        """Corners of the box around the occupied cells."""
        index = torch.nonzero(self.occupied)
        low, high = index.amin(dim=0), index.amax(dim=0) + 1
        return self.lower + low * self.cell, self.lower + high * self.cell

    @property
    def centre(self) -> Float[Tensor, " 3"]:
        """Middle of the box around the occupied cells."""
        return torch.stack(self.bounds).mean(dim=0)

    @property
    def radius(self) -> float:
        """Of the smallest ball about `centre` that holds the occupied cells' centres."""
        points = self.lower + (torch.nonzero(self.occupied) + 0.5) * self.cell
        return float((points - self.centre).norm(dim=1).max())


@dataclass(frozen=True)
class _View:
    """One camera and its mask; pixels (x right, y down) with the first one's centre at 0.5."""

    camera: CamerasBase
    mask: Bool[Tensor, "height width"]

    @property
    def size(self) -> tuple[int, int]:
        return self.mask.shape[0], self.mask.shape[1]

    def box(self) -> tuple[Tensor, Tensor]:
        """Centre and half diagonal, in pixels, of the box around the mask."""
        rows, cols = torch.nonzero(self.mask.any(dim=1))[:, 0], torch.nonzero(self.mask.any(dim=0))[:, 0]
        low = torch.stack([cols[0], rows[0]]).float()
        high = torch.stack([cols[-1], rows[-1]]).float() + 1
        return (low + high) / 2, (high - low) / 2

    def depth(self, points: Float[Tensor, "point 3"]) -> Float[Tensor, " point"]:
        """Distance of points in front of the camera along its axis."""
        return self.camera.get_world_to_view_transform().transform_points(points[None])[0, :, 2]

    def project(self, points: Float[Tensor, "point 3"]) -> Float[Tensor, "point 2"]:
        """Pixel coordinates of points of the world."""
        screen = self.camera.transform_points_screen(points[None], image_size=(self.size,))
        return screen[0, :, :2]

    def unproject(self, pixels: Float[Tensor, "point 2"], depth: Float[Tensor, " point"]) -> Tensor:
        """Points of the world (point, 3) seen at pixels, at a depth."""
        height, width = self.size
        middle = torch.tensor([width / 2, height / 2]).to(pixels)
        ndc = (middle - pixels) * 2 / min(height, width)
        xyz = torch.cat([ndc, depth[:, None]], dim=1)
        return self.camera.unproject_points(xyz[None], from_ndc=True, image_size=(self.size,))[0]

    def shows(self, points: Float[Tensor, "point 3"]) -> Bool[Tensor, " point"]:
        """Whether points are in the picture, before the camera."""
        (height, width), (x, y) = self.size, self.project(points).nan_to_num(-1.0).unbind(1)
        return (x >= 0) & (y >= 0) & (x < width) & (y < height) & (self.depth(points) > 0)

    def covers(self, points: Float[Tensor, "point 3"], margin: float) -> Bool[Tensor, " point"]:
        """Whether points in front of the camera fall on the mask, grown by `margin` pixels.

        What lies beside the picture is judged by the nearest pixel in it: background, unless the object is
        cut off there.
        """
        xy = self.project(points).nan_to_num(0.0)
        height, width = self.size
        col = xy[:, 0].floor().clamp(0, width - 1).long()
        row = xy[:, 1].floor().clamp(0, height - 1).long()
        reach = min(round(margin), max(height, width))
        mask = _grown(self.mask, reach)
        return mask[row, col] & (self.depth(points) > 0)


def _grown(mask: Bool[Tensor, "height width"], reach: int) -> Bool[Tensor, "height width"]:
    """The mask and all pixels up to `reach` away along rows and columns, in a time that does not depend on it."""
    for axis in (0, 1):
        before = torch.nn.functional.pad(mask.int().cumsum(axis), (1, 0) if axis else (0, 0, 1, 0))
        place = torch.arange(mask.shape[axis], device=mask.device)
        last, first = (place + reach + 1).clamp(max=mask.shape[axis]), (place - reach).clamp(min=0)
        mask = before.index_select(axis, last) > before.index_select(axis, first)
    return mask


def _views(cameras: CamerasBase, masks: Sequence[Tensor]) -> list[_View]:
    if len(masks) == 0 or len(masks) != len(cameras):
        raise ValueError(f"expected a mask for each of {len(cameras)} cameras, not {len(masks)}")
    views = []
    for i, mask in enumerate(masks):
        flat = mask.reshape(mask.shape[-2:]) > 0.5
        if not flat.any():
            raise ValueError(f"mask {i} is empty")
        views.append(_View(cameras[[i]], flat))
    return views


def _meeting_point(views: Sequence[_View]) -> Float[Tensor, " 3"]:
    """The point nearest to the rays through the masks' middles; a hint of the origin settles the rest."""
    normal, right = torch.zeros(3, 3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    for view in views:
        centre = view.box()[0].to(view.mask.device)
        near, far = view.unproject(centre.expand(2, 2), torch.tensor([1.0, 2.0], device=centre.device))
        near, way = near.double().cpu(), torch.nn.functional.normalize((far - near).double().cpu(), dim=0)
        across = torch.eye(3, dtype=torch.float64) - torch.outer(way, way)
        normal += across
        right += across @ near
    normal += 1e-6 * torch.eye(3, dtype=torch.float64)
    point: Tensor = torch.linalg.solve(normal, right)
    return point.float().to(views[0].mask.device)


def _size_at(view: _View, point: Float[Tensor, " 3"]) -> tuple[float, float]:
    """Half diagonal of the mask's box at the depth of a point: in the world, and in pixels."""
    centre, half = view.box()
    depth = view.depth(point[None]).clamp(min=1e-6).expand(2)
    ends = view.unproject(torch.stack([centre - half, centre + half]).to(point), depth)
    return (ends[0] - ends[1]).norm().item() / 2, half.norm().item()


def _carve(views: Sequence[_View], scales: Sequence[float], lower: Tensor, upper: Tensor, n: int) -> Hull:
    """Cells of a box that the masks cover; `scales` are pixels a unit of length, one a view."""
    points, cell = _middles(lower, upper, n), (upper - lower) / n
    votes = torch.zeros(len(points), dtype=torch.long, device=lower.device)
    for view, scale in zip(views, scales, strict=True):
        votes += view.covers(points, 0.5 * cell.max().item() * scale)
    # Where no cell has all votes the masks contradict one another: the most that any cell has must do.
    needed = int(votes.max())
    return Hull((votes >= max(needed, 1)).reshape(n, n, n), lower, upper, needed)


def _middles(lower: Tensor, upper: Tensor, n: int) -> Float[Tensor, "cell 3"]:
    """Middles of the cells of a box, n along each side."""
    steps = (torch.arange(n, device=lower.device) + 0.5) / n
    axes = [lower[k] + steps * (upper[k] - lower[k]) for k in range(3)]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3)


def _touches_wall(hull: Hull, views: Sequence[_View]) -> bool:
    """Whether the hull reaches the wall of its box where half of the pictures show it.

    Beyond the border of pictures in which the object is cut off the hull has no end.
    """
    n = len(hull.occupied)
    points = _middles(hull.lower, hull.upper, n)
    seen = torch.stack([view.shows(points) for view in views]).sum(dim=0) * 2 >= len(views)
    shown = hull.occupied & seen.reshape(n, n, n)
    return any(bool(shown.select(axis, side).any()) for axis in range(3) for side in (0, n - 1))


@torch.no_grad()
def rough_hull(
    cameras: CamerasBase, masks: Sequence[Tensor], resolution: int = 48, refinements: int = 2
) -> Hull:
    """Carve the hull of an object from its masks.

    Args:
        cameras: a batch of cameras with PyTorch3D's interface, one a mask.
        masks: each (height, width) or (1, height, width), > 0.5 on the object; sizes may differ.
        resolution: cells along each side of the grid.
        refinements: how often the grid is drawn tight around what is left and carved again.

    Returns:
        The hull; it contains the object up to errors of masks and cameras. Where few views leave it open, it
        ends at a box somewhat larger than the object looks.

    Raises:
        ValueError: where a mask is empty or their number is not that of the cameras, or where fewer than half
            of the masks cover any common place.
    """
    views = _views(cameras, masks)
    centre = _meeting_point(views)
    sizes = [_size_at(view, centre) for view in views]
    scales = [pixels / max(world, 1e-12) for world, pixels in sizes]
    half = 1.3 * float(np.median([world for world, _ in sizes]))
    hull = _carve(views, scales, centre - half, centre + half, resolution)
    for _ in range(_GROWTHS):
        if len(views) < 3 or not _touches_wall(hull, views):
            break
        half *= _GROWTH
        hull = _carve(views, scales, centre - half, centre + half, resolution)
    if hull.views * 2 < len(views):
        raise ValueError("the masks do not meet: no place is covered by half of them; are the cameras right?")
    for _ in range(refinements):
        lower, upper = hull.bounds
        finer = _carve(views, scales, lower - hull.cell, upper + hull.cell, resolution)
        if not finer.occupied.any():  # thinner than a cell
            break
        hull = finer
    return hull
