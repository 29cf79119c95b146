"""Items of a data set as one batch."""

from collections.abc import Sequence
from typing import Any

import torch

from ..renderer.mesh.textures import TexturesAtlas
from ..structures.meshes import Meshes

Item = dict[str, Any]


def collate_batched_meshes(batch: Sequence[Item]) -> Item | None:
    """Lists of what the items hold, and under "mesh" all of them as one `Meshes`.

    Args:
        batch: items with the same keys, where "textures" are atlases (F, R, R, 3).

    Returns:
        key -> list; "mesh" is None without "verts" and "faces". None for no items.
    """
    if not batch:
        return None
    collated: Item = {key: [item[key] for item in batch] for key in batch[0]}
    collated["mesh"] = None
    if {"verts", "faces"} <= collated.keys():
        atlases = collated.get("textures", [None])
        textures = None if any(atlas is None for atlas in atlases) else TexturesAtlas(atlas=atlases)
        collated["mesh"] = Meshes(collated["verts"], collated["faces"], textures=textures)
    return collated


def collate_batched_R2N2(batch: Sequence[Item]) -> Item | None:
    """`collate_batched_meshes`, with "images", "R", "T" and "K" stacked where all items have as many views."""
    collated = collate_batched_meshes(batch)
    if collated is None:
        return None
    for key in ("images", "R", "T", "K"):
        tensors = collated.get(key, [None])
        if all(torch.is_tensor(x) and x.shape == tensors[0].shape for x in tensors):
            collated[key] = torch.stack(tensors)
    return collated
