"""`Witness`: what is told of one picture, and where its frustum stands in the world.

Lengths in a frustum are in sides of its square, and one picture cannot tell how large that is. Several can: the rays
through the middles of their squares meet where the object is, and what each has in its frustum must lie where the
others see the object, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, adaptive_avg_pool3d, grid_sample, normalize

from .grid import Frustum

_HINT = 1e-6  # weight of the cameras' own middle, where rays that run side by side do not tell a point
_SEARCH = 24  # cells along each side of a frustum that is moved back and forth
_HEARD = 0.05  # probability from which on such a cell counts
_SHIFTS = tuple(0.03 * k for k in range(-8, 9))  # ways along the axis that are tried, in sides of the square
_STAY = 0.5  # what a way costs, times its square, against the share that lies where others see the object


@dataclass(frozen=True)
class Witness:
    """One picture.

    Attributes:
        field: probabilities that the cells of its frustum are solid.
        outline: 1 on the object, in the same square of the picture.
        frustum: behind the square; a batch of one.
        R, T: its camera: points x of the world are x R + T in the camera frame (+X left, +Y up, +Z into the scene).
        depth: of the frustum's middle in the camera frame.
    """

    field: Float[Tensor, "depth row column"]
    outline: Float[Tensor, "1 fine fine"]
    frustum: Frustum
    R: Float[Tensor, "3 3"]
    T: Float[Tensor, " 3"]
    depth: float

    @property
    def side(self) -> float:
        """Of the square, at the depth of the frustum's middle, in units of the world."""
        return self.depth / float(self.frustum.focal)

    @cached_property
    def coverage(self) -> Float[Tensor, "1 row column"]:
        """The outline, a pixel for each ray: the share that is on the object."""
        return adaptive_avg_pool2d(self.outline, self.field.shape[-1])

    def points(self, cells: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """Points of the world at places in the frustum."""
        return (self.frustum.points(cells[None])[0] * self.side - self.T) @ self.R.T

    def cells(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """Places in the frustum of points of the world."""
        return self.frustum.cells(((points @ self.R + self.T) / self.side)[None])[0]


def middles(depths: int, rows: int, columns: int) -> Float[Tensor, "n 3"]:
    """Places of the middles of a frustum's cells: column, row and depth, from 0 to 1."""
    z, y, x = torch.meshgrid(*((torch.arange(n) + 0.5) / n for n in (depths, rows, columns)), indexing="ij")
    return torch.stack([x, y, z], dim=-1).view(-1, 3)


def told_at(field: Float[Tensor, "depth row column"], cells: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
    """A field at places in its frustum, linear between the middles of its cells, 0 outside."""
    return grid_sample(field[None, None], 2 * cells[None, :, None, None] - 1, align_corners=False).view(-1)


def seen_at(picture: Float[Tensor, "1 row column"], cells: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
    """A square picture at places in its frustum, linear between the middles of its pixels, 0 outside."""
    return grid_sample(picture[None], 2 * cells[None, :, None, :2] - 1, align_corners=False).view(-1)


def seen_by(witnesses: Sequence[Witness], points: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
    """The least share of the object that any of the pictures has at points of the world."""
    return torch.stack([seen_at(one.coverage, one.cells(points)) for one in witnesses]).amin(dim=0)


def meeting_point(
    frustums: Frustum, R: Float[Tensor, "view 3 3"], T: Float[Tensor, "view 3"]
) -> Float[Tensor, " 3"]:
    """The point of the world that is nearest to the rays through the middles of squares, by least squares.

    Args:
        frustums: behind the squares.
        R, T: of their cameras (`Witness`).
    """
    aside = (frustums.axis - 0.5) / frustums.focal[:, None]
    ahead = torch.cat([aside, torch.ones_like(aside[:, :1])], dim=1).double()
    ways = normalize((R.double() @ ahead[..., None])[..., 0], dim=1)
    eyes = -(R.double() @ T.double()[..., None])[..., 0]
    one, hint = torch.eye(3).double(), _HINT * len(eyes)
    across = one - ways[:, :, None] * ways[:, None]
    right = (across @ eyes[..., None])[..., 0].sum(dim=0) + hint * eyes.mean(dim=0)
    point: Tensor = torch.linalg.solve(across.sum(dim=0) + hint * one, right)
    return point.float()


def settled(witness: Witness, others: Sequence[Witness]) -> Witness:
    """A witness whose frustum is moved along its axis, to where most of what it holds is seen by others.

    The middle of an object's box is not quite where the middles of its squares meet, and the network may be wrong
    about how far before it the visible surface lies: both are ways along the axis.
    """
    field = adaptive_avg_pool3d(witness.field[None], _SEARCH)[0].flatten()
    heard = field > _HEARD
    weight = field[heard] / field[heard].sum().clamp_min(1e-6)
    cells = middles(_SEARCH, _SEARCH, _SEARCH)[heard]

    def worth(shift: float) -> float:
        seen = seen_by(others, _moved(witness, shift).points(cells))
        return float((weight * seen).sum()) - _STAY * shift**2

    return _moved(witness, max(_SHIFTS, key=worth))


def _moved(witness: Witness, shift: float) -> Witness:
    return replace(witness, depth=witness.depth + shift * witness.side)
