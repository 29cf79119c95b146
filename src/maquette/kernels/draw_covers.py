"""What stands before the objects of drawn pictures, and where a picture ends: as tensors, and within a kernel."""

from dataclasses import dataclass, fields

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.draw_inputs import filled


@dataclass(frozen=True, eq=False)
class Covers:
    """What hides a part of the object in each of P pictures, all on one device.

    Attributes:
        pictures: (K, S, S, 4) float32 RGBA in [0, 1], colours multiplied by alpha.
        which: (P,) int32 of these; -1 where nothing is hidden.
        places: (P, 2, 3) float32: where in the picture that stands before the object, from -1 to 1 to the right and
            down, a place (column, row, 1) of the drawn one is; beyond it there is nothing.
        erases: (P,) int32: 1 where it has no colours of its own, but takes the object away from its background.
        edge: (P, 3) float32: how many pixels a place (column, row, 1) lies within the line that the object ends at.
    """

    pictures: Tensor
    which: Tensor
    places: Tensor
    erases: Tensor
    edge: Tensor

    def __getitem__(self, index: slice) -> "Covers":
        own = (getattr(self, field.name)[index] for field in fields(self)[1:])
        return Covers(self.pictures, *own)

    def to(self, device: torch.device) -> "Covers":
        """The same on another device."""
        return Covers(*(getattr(self, field.name).to(device) for field in fields(self)))


@wp.struct
class CoverArrays:
    """`Covers` within a kernel; without a picture where nothing is hidden."""

    pictures: wp.array3d(dtype=wp.vec4)
    which: wp.array(dtype=wp.int32)
    places: wp.array2d(dtype=wp.vec3)
    erases: wp.array(dtype=wp.int32)
    edge: wp.array(dtype=wp.vec3)


def cover_arrays(covers: Covers | None, device: torch.device) -> object:
    """As the structure of arrays that kernels take."""
    if covers is None:
        none = torch.zeros(0, device=device)
        covers = Covers(none.view(0, 1, 1, 4), none.int(), none.view(0, 2, 3), none.int(), none.view(0, 3))
    return filled(CoverArrays, covers)


@wp.func
def _texel(pictures: wp.array3d(dtype=wp.vec4), k: int, x: int, y: int) -> wp.vec4:
    if x < 0 or y < 0 or x >= pictures.shape[2] or y >= pictures.shape[1]:
        return wp.vec4(0.0)
    return pictures[k, y, x]


@wp.func
def before(
    pictures: wp.array3d(dtype=wp.vec4), k: int, column: wp.vec3, row: wp.vec3, place: wp.vec3
) -> wp.vec4:
    """Colour, multiplied by alpha, and alpha of the k-th picture before a place (column, row, 1), linear in between.

    `column` and `row` are those of `Covers.places`.
    """
    u, v = wp.dot(column, place), wp.dot(row, place)
    side = float(pictures.shape[2])
    if wp.max(wp.abs(u), wp.abs(v)) * side > side + 1.0:
        return wp.vec4(0.0)
    x, y = 0.5 * ((u + 1.0) * side - 1.0), 0.5 * ((v + 1.0) * side - 1.0)
    x0, y0 = int(wp.floor(x)), int(wp.floor(y))
    s, t = x - float(x0), y - float(y0)
    top = _texel(pictures, k, x0, y0) * (1.0 - s) + _texel(pictures, k, x0 + 1, y0) * s
    low = _texel(pictures, k, x0, y0 + 1) * (1.0 - s) + _texel(pictures, k, x0 + 1, y0 + 1) * s
    return top * (1.0 - t) + low * t
