"""Shapes of a pack as drawing takes them."""

import torch
from torch import Tensor

from ..kernels.draw import Scene
from .pack_data import ShapePack


def scene_of(pack: ShapePack, photos: Tensor | None = None) -> Scene:
    """What drawing needs of a pack, and photographs (K, H, W, 3) uint8 to put behind its shapes."""
    if photos is None:
        photos = torch.zeros((0, 1, 1, 3), dtype=torch.uint8)
    return Scene(
        verts=pack.verts,
        faces=pack.faces,
        parts=pack.parts,
        colours=pack.colours,
        palette=pack.palette,
        vert_starts=pack.vert_starts.int(),
        face_starts=pack.face_starts.int(),
        palette_starts=pack.palette_starts.int(),
        photos=photos,
    )
