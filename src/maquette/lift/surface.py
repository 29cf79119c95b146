"""From a field of occupancy to a smooth surface in the object frame."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate, pad

from ..ops.marching_cubes import marching_cubes
from ..structures import Meshes
from ..structures.voxels import VoxelGrid

_PAD = 2  # empty cells around the grid, so that the surface is closed
_FINER = 2  # cells of the smoothed field along a cell
_SMOOTH = 0.5  # standard deviation of the smoothing, in cells
_LEVELS = (0.5, 1.25)  # lowest and highest level of the surface, as shares of the threshold
_BELOW_PEAK = 0.7  # highest level, as a share of the smoothed field's largest value
_OFF_VALUES = 3e-5  # keeps the level off the field's own values, where triangles would vanish
_SPECK = 0.01  # of the solid cells; smaller pieces are dropped
_FEWEST = 1 / 500  # share of the grid that a lowered threshold makes solid


@dataclass(frozen=True)
class Surface:
    """What a field became.

    Attributes:
        mesh: one closed mesh in the object frame: bounding-box centre 0, diagonal 1.
        voxels: the field, placed in the object frame.
        threshold: the one used; lower than the one asked for where nothing reached that.
        level: of the smoothed field at which the surface lies.
        dropped: number of small pieces left out.
    """

    mesh: Meshes
    voxels: VoxelGrid
    threshold: float
    level: float
    dropped: int


def find_surface(occupancy: Float[Tensor, "x y z"], threshold: float = 0.4) -> Surface:
    """Marching cubes on the smoothed field, at the level that keeps the volume.

    The field is made finer by linear interpolation and smoothed; a level near the threshold makes up for what
    smoothing takes from thin parts, so that as much space is solid as before. Pieces of fewer than 1 % of the
    solid cells are dropped. Where no cell reaches the threshold, the highest ones are
    taken, and all of them where all are 0.

    Args:
        occupancy: probabilities of a cubic grid, indexed (x, y, z).
        threshold: probability from which on a cell is solid.

    Raises:
        ValueError: a grid that is not cubic, or values that are not finite.
    """
    if len(set(occupancy.shape)) != 1 or not bool(torch.isfinite(occupancy).all()):
        raise ValueError(f"a cubic grid of finite values is needed, got {tuple(occupancy.shape)}")
    field = occupancy.detach().float().cpu()
    field = field if bool((field > 0).any()) else torch.ones_like(field)
    threshold = _reachable_threshold(field, threshold)
    field, dropped = without_specks(field, threshold)
    fine = _smoothed(field)
    level = _level_of_volume(fine, int((field >= threshold).sum()) * _FINER**3, threshold)
    verts, faces = marching_cubes(fine.permute(2, 1, 0)[None].contiguous(), level, return_local_coords=False)
    cells = (verts[0] + 0.5) / _FINER - _PAD  # in units of the grid's cells, from its lower corner
    low, high = cells.amin(dim=0), cells.amax(dim=0)
    scale = 1 / float((high - low).norm())
    middle = (low + high) / 2
    mesh = Meshes(
        [((cells - middle) * scale).to(occupancy.device)], [outwards(cells, faces[0]).to(occupancy.device)]
    )
    side = scale * len(field)
    x, y, z = ((len(field) / 2 - middle) * scale).tolist()
    voxels = VoxelGrid(occupancy.detach()[None], side=side, center=(x, y, z))
    return Surface(mesh, voxels, threshold, level, dropped)


def _reachable_threshold(field: Tensor, threshold: float) -> float:
    """The threshold, or a lower one that makes a small share of the grid solid where nothing reaches it."""
    if bool((field >= threshold).any()):
        return threshold
    count = max(1, min(int(field.numel() * _FEWEST), int((field > 0).sum())))
    return float(field.flatten().topk(count).values[-1])


def without_specks(field: Tensor, threshold: float) -> tuple[Tensor, int]:
    """The field with pieces of few solid cells set to 0, but for the largest piece, and the number of those set."""
    labels, count = ndimage.label((field >= threshold).numpy(), structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    small = sizes < _SPECK * sizes[1:].sum()
    small[[0, 1 + int(sizes[1:].argmax())]] = False
    kept = field.masked_fill(torch.from_numpy(small[labels]), 0.0)
    return kept, int(small.sum())


def _smoothed(field: Tensor) -> Float[Tensor, "x y z"]:
    fine = interpolate(
        pad(field, [_PAD] * 6)[None, None], scale_factor=_FINER, mode="trilinear", align_corners=False
    )
    return torch.from_numpy(ndimage.gaussian_filter(fine[0, 0].numpy(), _SMOOTH * _FINER, mode="constant"))


def _level_of_volume(fine: Tensor, cells: int, threshold: float) -> float:
    """The level above which `cells` fine cells lie, within bounds that the field crosses."""
    level = float(fine.flatten().kthvalue(max(1, fine.numel() - cells)).values) + _OFF_VALUES
    low, high = _LEVELS
    level = min(max(level, low * threshold), high * threshold)
    return min(level, _BELOW_PEAK * float(fine.max()))


def outwards(verts: Tensor, faces: Tensor) -> Tensor:
    """Faces turned so that their normals point out of the solid."""
    a, b, c = verts[faces].unbind(dim=1)
    volume = float((a * torch.linalg.cross(b, c)).sum())
    return faces.flip(1) if volume < 0 else faces
