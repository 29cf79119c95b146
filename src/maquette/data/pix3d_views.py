"""`Pix3DViews`: the photographs of Pix3D that methods are compared on, with voxels in the object frame."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..io.errors import BadInput
from ..io.images import load_image
from ..ops.voxelize import voxelize
from ..structures.device import Device
from .batch import Batch, Entry, Truth
from .framing import cut_square
from .pack_data import SIDE
from .pix3d import AXES, Pix3D
from .pix3d_voxels import read_voxel_points
from .views_config import ViewsConfig

CATEGORY = "chair"
PUBLISHED = (
    2894  # untruncated, unoccluded chairs, "slightly occluded images have also been excluded" (its README)
)


class Pix3DViews:
    """A `Source` for evaluation: chairs that are neither truncated nor occluded, not even slightly; all of them test.

    A picture is the square around the box of its object, without a margin; beyond the photograph its border repeats.
    Voxels are made of the meshes, as the data set's own are of another grid.

    Args:
        data: the data set.
        config: of which the pictures' `size` counts.

    Raises:
        BadInput: there is no such photograph.
    """

    provides = frozenset({"voxels"})

    def __init__(self, data: Pix3D, config: ViewsConfig) -> None:
        self.data, self.size = data, config.size
        self._places = [
            i for i, record in enumerate(data.records) if record.category == CATEGORY and record.is_clear
        ]
        if not self._places:
            raise BadInput(data.root, f"has no {CATEGORY} that is neither truncated nor occluded")
        self.entries: Sequence[Entry] = tuple(replace(data.entries[i], split="test") for i in self._places)
        self._solid: dict[int, Bool[Tensor, "side side side"]] = {}

    def view_count(self, index: int) -> int:
        """One."""
        return 1

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """None: all photographs are for testing.

        Raises:
            BadInput: always.
        """
        raise BadInput(self.data.root, "has nothing in the training split: its photographs are for testing")

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """The given photographs, cut out.

        Raises:
            BadInput: one of them or its mesh cannot be read, or more than one view is asked for.
        """
        if views != 1:
            name = self.entries[indices[0]].id
            raise BadInput(self.data.root / name, f"is the one picture of its object, not {views}")
        images = torch.stack([self._picture(index) for index in indices])[:, None]
        solid = torch.stack([self._voxels(self.data.model(self._places[index])) for index in indices])
        return Batch(images, torch.tensor(list(indices)), Truth(voxels=solid)).to(device)

    def own_voxels(self, index: int) -> Bool[Tensor, "side side side"] | None:
        """The data set's own voxels of an object, on the same grid; None where it has none."""
        record = self.data.records[self._places[index]]
        path = self.data.root / record.voxel
        if not record.voxel or not path.is_file():
            return None
        points = read_voxel_points(path) @ AXES.turn()
        low, high = points.min(0), points.max(0)
        cells = (points - (low + high) / 2) / max((high - low).max(), 1e-9) * (1 - 1 / SIDE) + 0.5
        place = torch.from_numpy(np.clip(cells * SIDE, 0, SIDE - 1).astype(int))
        solid = torch.zeros((SIDE,) * 3, dtype=torch.bool)
        solid[place[:, 0], place[:, 1], place[:, 2]] = True
        return solid

    def _picture(self, index: int) -> Float[Tensor, "3 size size"]:
        record = self.data.records[self._places[index]]
        left, top, right, bottom = record.box
        side = max(right - left, bottom - top)
        image = load_image(self.data.root / record.image, 3)
        return cut_square(image, (left + right - side) / 2, (top + bottom - side) / 2, side, self.size)

    def _voxels(self, model: int) -> Bool[Tensor, "side side side"]:
        if model not in self._solid:
            mesh = self.data.models.shape(model).mesh
            assert mesh is not None
            verts = mesh.verts_packed()
            side = float((verts.amax(0) - verts.amin(0)).max())
            self._solid[model] = voxelize(mesh, SIDE, side).solid()[0]
        return self._solid[model]
