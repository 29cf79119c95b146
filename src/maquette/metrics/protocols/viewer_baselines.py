"""What guesses would score under protocol `viewer`: a box, an extruded outline, the mean of a category."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...ops.marching_cubes import marching_cubes
from ...structures import Meshes
from ...structures.cameras import PerspectiveCameras
from ...structures.voxels import swap_zyx_axes
from .face import Section

BASELINES = {
    "box": "the true bounding box",
    "hull": "the mask, extruded as deep as it is large",
    "mean": "the mean grid of the category's training shapes, at its best threshold",
}
_CELLS = 48  # along an edge of the hull's grid
_MEAN_LEVELS = (0.3, 0.4, 0.5)
_SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


def box_of(mesh: Meshes) -> Meshes:
    """The bounding box of a mesh."""
    verts = mesh.verts_packed()
    ends = torch.stack([verts.amin(0), verts.amax(0)])
    corners = torch.cartesian_prod(*ends.unbind(1))
    quads = torch.tensor(_SIDES, device=verts.device)
    return Meshes([corners], [torch.cat([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])])


def hull_of(mask: Bool[Tensor, "height width"], camera: PerspectiveCameras) -> Meshes | None:
    """What lies behind a mask, before and behind the origin by half of the mask's larger extent; None for nothing.

    Args:
        mask: of the object.
        camera: that took the picture, for the object frame, in the picture's pixels.
    """
    R, T = camera.R[0], camera.T[0]
    focal, axis = (torch.as_tensor(x).view(-1, 2)[0] for x in (camera.focal_length, camera.principal_point))
    middles = (torch.arange(_CELLS) + 0.5) / _CELLS - 0.5
    points = torch.stack(torch.meshgrid(middles, middles, middles, indexing="ij"), -1).view(-1, 3)
    seen = points @ R + T
    place = (axis - focal * seen[:, :2] / seen[:, 2:].clamp_min(1e-6)).floor().long()
    height, width = mask.shape
    inside = (place >= 0).all(1) & (place[:, 0] < width) & (place[:, 1] < height)
    on = mask[place[:, 1].clamp(0, height - 1), place[:, 0].clamp(0, width - 1)] & inside
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    if not len(rows):
        return None
    extent = max(int(rows[-1] - rows[0]), int(columns[-1] - columns[0])) + 1
    near = (seen[:, 2] - T[2]).abs() <= 0.5 * extent / float(focal[0]) * float(T[2])
    return mesh_of_grid((on & near).view(_CELLS, _CELLS, _CELLS).float(), 1.0, 0.5)


def means_of(mean: Float[Tensor, "x y z"], side: float) -> Iterator[Meshes]:
    """Surfaces of a mean grid in a cube of `side`, at several levels."""
    for level in _MEAN_LEVELS:
        mesh = mesh_of_grid(mean, side, level)
        if mesh is not None:
            yield mesh


def mesh_of_grid(grid: Float[Tensor, "x y z"], side: float, level: float) -> Meshes | None:
    """Surface of a grid in a cube of `side` around the origin; None where nothing reaches the level."""
    if not bool((grid > level).any()):
        return None
    padded = torch.nn.functional.pad(grid, (1,) * 6)
    found, faces = marching_cubes(swap_zyx_axes(padded[None]), level + 1e-5, return_local_coords=False)
    return Meshes([((found[0] - 0.5) / len(grid) - 0.5) * side], [faces[0]])


def baseline_sections(baselines: Mapping[str, Mapping[str, float]]) -> list[Section]:
    """A table for the page."""
    if not baselines:
        return []
    names = list(next(iter(baselines.values())))
    rows = [
        [BASELINES[name], *(f"{values[column]:.3f}" for column in names)]
        for name, values in baselines.items()
    ]
    words = "Scores of guesses on the same samples, in the place of the true shape."
    return [Section("What guesses would score", words, head=["guess", *names], rows=rows)]


def mean_values(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each number over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: sum(row[name] for row in rows if name in row) / sum(name in row for row in rows)
        for name in names
    }


def baselines_as_json(values: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """Means of each baseline that could be made."""
    return {name: mean_values(rows) for name, rows in values.items() if rows}
