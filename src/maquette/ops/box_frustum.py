"""The frustums behind boxes in a picture, and the cubes [-1, 1]^3 that Mesh R-CNN maps them to."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_LEAST = 1e-6


@dataclass(frozen=True)
class BoxFrustums:
    """What lies behind boxes between two depths, in the camera frame (+X left, +Y up, +Z into the scene).

    Straight lines stay straight: (X, Z) and (Y, Z) go to the squares of the cube by the projective maps that bring
    corners to corners. They have a closed form, as the sides of a frustum meet at the camera:
    x = (m - X / Z) / h for the middle m and half width h of the box at depth 1, y likewise, and
    z = (near + far - 2 near far / Z) / (far - near). In the cube x grows to the right and y downwards.

    Attributes:
        middle: X / Z and Y / Z of each frustum's axis.
        half: half of its extent there.
        depths: near and far end, both positive.
    """

    middle: Float[Tensor, "box 2"]
    half: Float[Tensor, "box 2"]
    depths: Float[Tensor, "box 2"]

    @classmethod
    def behind(
        cls, boxes: Float[Tensor, "box 4"], cameras: Float[Tensor, "box 4"], depths: Float[Tensor, "box 2"]
    ) -> "BoxFrustums":
        """Frustums of boxes, as Mesh R-CNN takes them: pixels are counted by their middles, from 0.

        Args:
            boxes: left, top, right, bottom in pixels.
            cameras: focal lengths along columns and rows, and column and row of the optical axis, in pixels.
            depths: near and far end.
        """
        focal, axis = cameras[:, :2], cameras[:, 2:]
        low, high = ((axis - 1 - corner) / focal for corner in (boxes[:, 2:], boxes[:, :2]))
        return cls((low + high) / 2, ((high - low) / 2).clamp_min(_LEAST), depths)

    def __getitem__(self, index: Tensor) -> "BoxFrustums":
        """Those of some boxes, in any order and any number of times."""
        return BoxFrustums(self.middle[index], self.half[index], self.depths[index])

    def split(self) -> list["BoxFrustums"]:
        """Each alone."""
        return [
            BoxFrustums(*ends)
            for ends in zip(*(x.split(1) for x in (self.middle, self.half, self.depths)), strict=True)
        ]

    def into_cubes(self, points: Float[Tensor, "box point 3"]) -> Float[Tensor, "box point 3"]:
        """Points of the camera frame in the cubes; one in the camera's own plane is taken to lie just before it."""
        z = points[..., 2:]
        z = torch.where(z.abs() < _LEAST, _LEAST, z)
        near, far = self.depths[:, None].split(1, dim=2)
        across = (self.middle[:, None] - points[..., :2] / z) / self.half[:, None]
        deep = (near + far - 2 * near * far / z) / (far - near).clamp_min(_LEAST)
        return torch.cat([across, deep], dim=2)

    def out_of_cubes(self, points: Float[Tensor, "box point 3"]) -> Float[Tensor, "box point 3"]:
        """The way back; what lies beyond all depths is put very far away."""
        near, far = self.depths[:, None].split(1, dim=2)
        z = 2 * near * far / (near + far - (far - near) * points[..., 2:]).clamp_min(_LEAST)
        across = self.middle[:, None] - self.half[:, None] * points[..., :2]
        return torch.cat([across * z, z], dim=2)


def depth_range(points: Float[Tensor, "point 3"]) -> Float[Tensor, " 2"]:
    """Least and largest depth of an object."""
    return torch.stack([points[:, 2].min(), points[:, 2].max()])


def frustum_voxels(
    points: Sequence[Float[Tensor, "_point 3"]],
    boxes: Float[Tensor, "box 4"],
    cameras: Float[Tensor, "box 4"],
    side: int,
) -> Bool[Tensor, "box side side side"]:
    """Cells of each frustum's grid that hold a point, indexed (depth, row, column).

    As in the released code a place between -1 and 1 is cut off, not rounded, to a cell, and towards 0: so what lies
    less than a cell before the first one counts for it, and only the far end itself for the last.

    Args:
        points: solid points of each box's object, in the camera frame.
        boxes: left, top, right, bottom in pixels.
        cameras: as `BoxFrustums.behind` takes them.
        side: cells along each edge.
    """
    depths = torch.stack([depth_range(own) for own in points])
    frustums = BoxFrustums.behind(boxes, cameras, depths)
    each = frustums.split()
    return torch.stack(
        [filled(one.into_cubes(own[None])[0], side) for one, own in zip(each, points, strict=True)]
    )


def filled(places: Float[Tensor, "point 3"], side: int) -> Bool[Tensor, "side side side"]:
    """Cells, indexed (depth, row, column), that places in the cube [-1, 1]^3 fall into.

    Columns and rows are cut off on axes that grow to the left and upwards, and turned around behind that.
    """
    flipped = places * places.new_tensor([-1.0, -1.0, 1.0])
    cells = ((flipped + 1) * (side - 1) / 2).long()
    x, y, z = cells[((cells >= 0) & (cells < side)).all(1)].unbind(1)
    grid = torch.zeros(side, side, side, dtype=torch.bool, device=places.device)
    grid[z, side - 1 - y, side - 1 - x] = True
    return grid
