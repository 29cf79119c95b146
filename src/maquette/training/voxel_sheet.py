"""`voxel_sheet`: what was made of a few objects, for the log of a run."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate

from ..data.batch import Batch
from ..renderer.voxel_pictures import SOMEWHERE, draw_pair
from ..structures.voxels import coarser

_PICTURE = 96  # pixels a side of each


def voxel_sheet(batch: Batch, solid: Bool[Tensor, "sample x y z"]) -> Float[Tensor, "3 height width"]:
    """A sheet with a row for every object: its first picture, what was made of it, and the truth.

    Args:
        batch: objects, on the CPU.
        solid: cells of what was made of them, on the CPU.
    """
    rows = []
    for i in range(len(solid)):
        image = interpolate(batch.images[i, :1].float(), (_PICTURE, _PICTURE), mode="area")[0]
        camera = torch.tensor(SOMEWHERE) if batch.truth.cameras is None else batch.truth.cameras[i, 0]
        truth = coarser(batch.voxels[i : i + 1], solid.shape[-1])[0]
        predicted, target = draw_pair(solid[i], truth, camera[:1], float(camera[1]), _PICTURE)
        rows.append(torch.cat([image, predicted[0], target[0]], dim=2))
    return torch.cat(rows, dim=1).clamp(0, 1)
