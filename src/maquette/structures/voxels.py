"""`VoxelGrid`: occupancy on a cubic grid, and the axis orders of other conventions."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class VoxelGrid:
    """A batch of cubic grids of n cells along every axis, indexed (batch, x, y, z).

    The centre of cell i lies at `center + ((i + .5) / n - .5) * side`, so that the grid fills a cube with
    edges of length `side` around `center`. A cell is solid when the surface touches it or it lies inside.

    Attributes:
        occupancy: (batch, n, n, n) booleans, or probabilities in [0, 1].
        side: length of an edge of the cube in units of the frame the grid lives in.
        center: middle of the cube.

    Raises:
        ValueError: occupancy of another shape or type, or a side that is not positive and finite.
    """

    occupancy: Tensor
    side: float = 1.0
    center: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        shape = tuple(self.occupancy.shape)
        if len(shape) != 4 or len(set(shape[1:])) != 1 or shape[1] == 0:
            raise ValueError(f"occupancy must have shape (batch, n, n, n), got {shape}")
        if self.occupancy.dtype != torch.bool and not self.occupancy.is_floating_point():
            raise ValueError(f"occupancy must hold booleans or floats, got {self.occupancy.dtype}")
        if not 0 < self.side < float("inf"):
            raise ValueError(f"side must be positive and finite, got {self.side}")

    def __len__(self) -> int:
        return self.occupancy.shape[0]

    def __getitem__(self, index: int | slice | list[int] | Tensor) -> "VoxelGrid":
        """Grids of part of the batch, in memory shared with this one where indexing shares it."""
        chosen = slice(index, index + 1 or None) if isinstance(index, int) else index
        return replace(self, occupancy=self.occupancy[chosen])

    @property
    def resolution(self) -> int:
        """Number n of cells along an axis."""
        return self.occupancy.shape[1]

    @property
    def cell_size(self) -> float:
        """Length of an edge of a cell."""
        return self.side / self.resolution

    @property
    def device(self) -> torch.device:
        """Where the occupancy is."""
        return self.occupancy.device

    def to(self, device: str | torch.device) -> "VoxelGrid":
        """Grid on another device."""
        return replace(self, occupancy=self.occupancy.to(device))

    def solid(self, threshold: float = 0.5) -> Bool[Tensor, "batch x y z"]:
        """Which cells are solid: the booleans themselves, or probabilities of at least `threshold`."""
        return self.occupancy if self.occupancy.dtype == torch.bool else self.occupancy >= threshold

    def points_from_index(self, index: Float[Tensor, "*any 3"]) -> Float[Tensor, "*any 3"]:
        """Points at fractional cell indices (x, y, z): i is the centre of cell i, i - .5 its lower face."""
        center = index.new_tensor(self.center)
        return center + ((index + 0.5) / self.resolution - 0.5) * self.side

    def index_from_points(self, points: Float[Tensor, "*any 3"]) -> Float[Tensor, "*any 3"]:
        """Fractional cell indices (x, y, z) of points; inverse of `points_from_index`."""
        center = points.new_tensor(self.center)
        return ((points - center) / self.side + 0.5) * self.resolution - 0.5

    def cell_centers(self, dtype: torch.dtype = torch.float32) -> Float[Tensor, "x y z 3"]:
        """Centres of all cells."""
        steps = torch.arange(self.resolution, device=self.device, dtype=dtype)
        index = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij"), dim=-1)
        return self.points_from_index(index)


def swap_binvox_axes(occupancy: Tensor) -> Tensor:
    """(batch, x, y, z) to binvox's order (batch, x, z, y), or back; a view."""
    return occupancy.transpose(-1, -2)


def swap_zyx_axes(occupancy: Tensor) -> Tensor:
    """(batch, x, y, z) to the order (batch, z, y, x) of `cubify` and `marching_cubes`, or back; a view."""
    return occupancy.transpose(-1, -3)


def coarser(
    solid: Bool[Tensor, "batch x y z"], resolution: int
) -> Bool[Tensor, "batch {resolution} {resolution} {resolution}"]:
    """The same solids on a grid of fewer cells: a cell is solid when any within it is.

    Args:
        solid: solid cells.
        resolution: cells along an edge, of which those of `solid` are a multiple.

    Raises:
        ValueError: they are not.
    """
    times, rest = divmod(solid.shape[1], resolution)
    if rest or not times:
        raise ValueError(f"a grid of {solid.shape[1]} cells an edge cannot be brought to {resolution}")
    if times == 1:
        return solid
    parts = solid.view(len(solid), resolution, times, resolution, times, resolution, times)
    return parts.any(6).any(4).any(2)
