"""`Mirror`: the plane in which an object is its own mirror image, and what follows from it for the cells.

Chairs, cars and animals have one; what the picture shows of one half is true of the other. The plane is told as
w n n^T, where n is its normal and w how surely there is one, and as the way from the frustum's middle to it: neither
depends on the sign of n.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample

from .grid import Frustum, Pose

NUMBERS = 9  # six of the symmetric matrix, three of the way
_SYMMETRIC = 0.8  # IoU of a solid and its mirror image from which on it counts as symmetric
_FARTHER = 10.0  # the way is a few hundredths of a frustum's side
_ROWS, _COLUMNS = (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)


@dataclass(frozen=True)
class Mirror:
    """Planes of symmetry in the camera frame.

    Attributes:
        normal: unit vectors.
        point: of the planes.
        trust: from 0 to 1: whether there is one, and that it is this one.
    """

    normal: Float[Tensor, "batch 3"]
    point: Float[Tensor, "batch 3"]
    trust: Float[Tensor, " batch"]

    @classmethod
    def of_told(cls, told: Float[Tensor, "batch 9"], frustum: Frustum) -> "Mirror":
        """The planes that `NUMBERS` numbers of each picture tell."""
        told = told.float()
        matrix = told.new_zeros((len(told), 3, 3))
        matrix[:, _ROWS, _COLUMNS] = matrix[:, _COLUMNS, _ROWS] = told[:, :6]
        values, vectors = torch.linalg.eigh(matrix)
        return cls(vectors[:, :, 2], _middle(frustum) + told[:, 6:] / _FARTHER, values[:, 2].clamp(0, 1))

    def image(self, points: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        """Mirror images of points."""
        along = ((points - self.point[:, None]) * self.normal[:, None]).sum(-1, keepdim=True)
        return points - 2 * along * self.normal[:, None]

    def completed(
        self, field: Float[Tensor, "batch depth row column"], frustum: Frustum
    ) -> Float[Tensor, "batch depth row column"]:
        """Probabilities of cells together with those of their mirror images: their mean where the plane is sure."""
        middles = [(torch.arange(n, device=field.device) + 0.5) / n for n in field.shape[1:]]
        z, y, x = torch.meshgrid(*middles, indexing="ij")
        cells = torch.stack([x, y, z], dim=-1).view(1, -1, 3).expand(len(field), -1, -1)
        places = frustum.cells(self.image(frustum.points(cells)))
        other = grid_sample(field[:, None], 2 * places[:, :, None, None] - 1, align_corners=False)
        return field.lerp(other.view_as(field), self.trust[:, None, None, None] / 2)


def mirror_loss(
    told: Float[Tensor, "batch 9"], voxels: Bool[Tensor, "batch x y z"], frustum: Frustum, pose: Pose
) -> Float[Tensor, ""]:
    """Mean squared distance of what is told from the nearer of the object's planes x = 0 and z = 0.

    Args:
        told: of each picture.
        voxels: in the object frame; only planes count in which they are symmetric, and without one the truth is 0.
        frustum, pose: how the objects are seen.
    """
    told, middle = told.float(), _middle(frustum)
    # The object's middle, which its planes go through, lies on the optical axis.
    aside = torch.cat([-middle[:, :2], torch.zeros_like(middle[:, 2:])], dim=1)
    distances, symmetric = [], []
    for axis in (0, 2):
        normal = pose.axis(axis)
        way = (aside * normal).sum(1, keepdim=True) * normal
        true = torch.cat([normal[:, _ROWS] * normal[:, _COLUMNS], _FARTHER * way], dim=1)
        distances.append((told - true).square().sum(1))
        symmetric.append(_overlap(voxels, axis + 1) >= _SYMMETRIC)
    valid = torch.stack(symmetric)
    nearest = torch.stack(distances).masked_fill(~valid, torch.inf).amin(0)
    return torch.where(valid.any(0), nearest, told.square().sum(1)).mean()


def _middle(frustum: Frustum) -> Float[Tensor, "batch 3"]:
    return frustum.points(frustum.focal.new_full((len(frustum.focal), 1, 3), 0.5))[:, 0]


def _overlap(voxels: Bool[Tensor, "batch x y z"], axis: int) -> Float[Tensor, " batch"]:
    """IoU of solids and their mirror images along an axis."""
    other = voxels.flip(axis)
    both, either = (voxels & other).flatten(1).sum(1), (voxels | other).flatten(1).sum(1)
    return both / either.clamp_min(1)
