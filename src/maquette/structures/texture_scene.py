"""Merging the texture maps of several meshes into one map."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .rectangles import PackedRectangle, Rectangle, pack_unique_rectangles


def merge_maps(
    maps: list[Tensor], verts_uvs: list[Tensor], border: int, padding_mode: str
) -> tuple[Tensor, list[Tensor]]:
    """Lay maps side by side in one map, and point every place to where its pixel went.

    A map may be laid down transposed. In rows from the top and columns from the left, place (u, v) of an
    S_r×S_c map has fractions r = 1 - v and c = u; with its pixels at offset (o_r, o_c) of a T_r×T_c map they
    become (r S_r + o_r + 1) / T_r without aligned corners and a border of one pixel, or
    (r (S_r - 1) + o_r) / (T_r - 1) with aligned corners and no border.

    Args:
        maps: N tensors (H_i, W_i, C); those that are the same tensor are laid down once.
        verts_uvs: N tensors (V_i, 2).
        border: 1 when corners are not aligned, else 0.
        padding_mode: with "zeros" borders are black, else they repeat the edge.

    Returns:
        The merged map (H, W, C), and N tensors (V_i, 2) of places in it.
    """
    if len(maps) == 1:
        return maps[0], list(verts_uvs)
    sizes = [Rectangle(m.shape[0] + 2 * border, m.shape[1] + 2 * border, id(m)) for m in maps]
    total, locations = pack_unique_rectangles(sizes)
    merged = maps[0].new_zeros((*total, maps[0].shape[-1]))
    places = []
    for image, place, uvs in zip(maps, locations, verts_uvs, strict=True):
        if place.flipped:
            image = image.transpose(0, 1)
        if place.is_first:
            block = _bordered(image, border, padding_mode)
            merged[place.x : place.x + block.shape[0], place.y : place.y + block.shape[1]] = block
        places.append(_moved(uvs, image.shape[:2], place, total, border))
    return merged, places


def _moved(
    uvs: Tensor, size: tuple[int, ...], place: PackedRectangle, total: tuple[int, int], border: int
) -> Tensor:
    fractions = [1 - uvs[:, 1], uvs[:, 0]]  # of rows from the top, of columns from the left
    if place.flipped:
        fractions.reverse()
    aligned = 1 - border
    row, column = (
        (fraction * (size[axis] - aligned) + offset + border) / max(total[axis] - aligned, 1)
        for axis, (fraction, offset) in enumerate(zip(fractions, (place.x, place.y), strict=True))
    )
    return torch.stack([column, 1 - row], dim=-1)


def _bordered(image: Tensor, border: int, padding_mode: str) -> Tensor:
    if border == 0:
        return image
    mode = "constant" if padding_mode == "zeros" else "replicate"
    return F.pad(image.permute(2, 0, 1)[None], (border,) * 4, mode=mode)[0].permute(1, 2, 0)
