"""What is true of objects whose pictures are mirrored: the objects mirrored in the plane x = 0."""

from dataclasses import replace

import torch
from jaxtyping import Bool
from torch import Tensor

from ..structures import Meshes
from .batch import Batch


def mirror_shapes(batch: Batch, which: Bool[Tensor, " batch"]) -> Batch:
    """Voxels and meshes mirrored where `which` says; windows that mirror pictures no more do.

    Cameras are left as they are.
    """
    truth, flip = batch.truth, which.tolist()
    voxels, meshes, windows = truth.voxels, truth.meshes, truth.windows
    if voxels is not None:
        voxels = torch.where(which[:, None, None, None], voxels.flip(1), voxels)
    if meshes is not None:
        pairs = list(zip(meshes.verts_list(), meshes.faces_list(), flip, strict=True))
        meshes = Meshes(
            [verts * verts.new_tensor([-1.0, 1.0, 1.0]) if turned else verts for verts, _, turned in pairs],
            [faces.flip(1) if turned else faces for _, faces, turned in pairs],
        )
    if windows is not None:
        windows = torch.cat(
            [torch.where(which[:, None, None], windows[..., :1].abs(), windows[..., :1]), windows[..., 1:]],
            -1,
        )
    return replace(batch, truth=replace(truth, voxels=voxels, meshes=meshes, windows=windows))
