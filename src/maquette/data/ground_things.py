"""Things that stand about in drawn grounds: shapes of the families, and faces."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from . import families
from .batch import known
from .faces.views import FaceViews
from .occluders import piece_pictures
from .pack import pack_shapes
from .pack_scene import scene_of
from .views_config import ViewsConfig

_FAMILIES, _VOXELS, _ROUNDS = 65, 8, 3
_FACES = 32

Array = np.ndarray


@cache
def things_of(side: int) -> Array:
    """(n, side, side, 4) pictures from all around, RGBA in [0, 1], colours multiplied by alpha."""
    return torch.cat([*_shapes(side), _faces(side)]).numpy()


def _shapes(side: int) -> list[Tensor]:
    pack = pack_shapes(families.shapes(_FAMILIES), side=_VOXELS)
    config = ViewsConfig(elevation=(5.0, 50.0), colours="mixed", texture=0.5, lights=True)
    rng = np.random.Generator(np.random.Philox(key=1))
    scene = scene_of(pack)
    return [piece_pictures(scene, range(len(pack)), config, rng, side).cpu() for _ in range(_ROUNDS)]


def _faces(side: int) -> Tensor:
    batch = FaceViews(_FACES, side).held_batch(range(_FACES), 1)
    images, masks = batch.images[:, 0], known(batch.truth.masks)[:, 0]
    return torch.cat([images * masks, masks], dim=1).permute(0, 2, 3, 1)
