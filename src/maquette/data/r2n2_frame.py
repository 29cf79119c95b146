"""The frame of ShapeNet R2N2's files and the object frame: the same but for a quarter turn about Y.

In the files an object's front is +X: backs of chairs lie at -X, and the picture of azimuth 0, taken from +X,
shows the front. In the object frame the front is +Z. Turning +X to +Z maps (x, y, z) to (-z, y, x), so that a
camera at azimuth a (from +X towards +Z) has azimuth a + 90 afterwards. On a grid the turn is exact.
"""

import torch
from torch import Tensor

_QUARTER = 90.0


def voxels_from_layout(occupancy: Tensor) -> Tensor:
    """Grids (..., x, y, z) of R2N2's files, turned into the object frame."""
    return torch.rot90(occupancy, 1, (-3, -1))


def voxels_to_layout(occupancy: Tensor) -> Tensor:
    """Grids (..., x, y, z) of the object frame, turned into that of R2N2's files."""
    return torch.rot90(occupancy, -1, (-3, -1))


def azimuth_from_layout(azimuth: Tensor) -> Tensor:
    """Azimuths of `rendering_metadata.txt` in the object frame; degrees in [0, 360)."""
    return (azimuth + _QUARTER) % 360


def azimuth_to_layout(azimuth: Tensor) -> Tensor:
    """Azimuths of the object frame as `rendering_metadata.txt` has them; degrees in [0, 360)."""
    return (azimuth - _QUARTER) % 360
