"""Joining the parts of one file into one mesh, colours included."""

from typing import Literal

import numpy as np

from .errors import say_left_out
from .mesh_data import MeshData

_MOST_TILES, _MOST_TILED_PIXELS = 16, 32_000_000
_TOLERANCE = 1e-3
Part = tuple[np.ndarray, np.ndarray, np.ndarray]  # a picture with its uvs and faces_uvs
Wrap = Literal["repeat", "clamp", "mirror"]
REPEAT: tuple[Wrap, Wrap] = ("repeat", "repeat")


def join_mesh_data(parts: list[MeshData]) -> MeshData:
    """One mesh of all parts, in their order.

    Parts with pictures share one merged picture, in which plain parts and face colours get a spot each. Where
    vertex colours meet pictures or face colours, all colours go to the corners of unwelded faces. A part
    without colours is white beside coloured ones.
    """
    if len(parts) == 1:
        return parts[0]
    by_vertex = any(p.verts_colors is not None for p in parts)
    by_face = any(p.faces_colors is not None for p in parts)
    by_picture = any(p.picture is not None for p in parts)
    if by_vertex and (by_face or by_picture):
        parts = [p.unwelded() for p in parts]
    offsets = np.cumsum([0] + [len(p.verts) for p in parts])
    verts = np.concatenate([p.verts for p in parts])
    faces = np.concatenate([p.faces + start for p, start in zip(parts, offsets, strict=False)])
    if by_vertex:
        colors = [np.ones_like(p.verts) if p.verts_colors is None else p.verts_colors for p in parts]
        return MeshData(verts, faces, verts_colors=np.concatenate(colors))
    if by_picture:
        picture, uvs, faces_uvs = merge_pictures([_as_picture(p) for p in parts])
        return MeshData(verts, faces, picture=picture, uvs=uvs, faces_uvs=faces_uvs)
    if by_face:
        return MeshData(verts, faces, faces_colors=np.concatenate([_faces_colors(p) for p in parts]))
    return MeshData(verts, faces)


def _as_picture(part: MeshData) -> Part:
    if part.picture is not None and part.uvs is not None and part.faces_uvs is not None:
        return part.picture, part.uvs, part.faces_uvs
    return palette(_faces_colors(part))


def _faces_colors(part: MeshData) -> np.ndarray:
    return np.ones((len(part.faces), 3), np.float32) if part.faces_colors is None else part.faces_colors


def palette(faces_colors: np.ndarray) -> Part:
    """A picture with a pixel for each different one of (F, 3) colours, and where each face finds its own."""
    colors, index = np.unique(faces_colors, axis=0, return_inverse=True)
    side = int(np.ceil(np.sqrt(len(colors)))) + 1  # at least two pixels a side, so that centres lie on 0..1
    picture = np.ones((side * side, 3), np.float32)
    picture[: len(colors)] = colors
    row, column = np.divmod(np.arange(len(colors)), side)
    uvs = np.stack([column / (side - 1), 1 - row / (side - 1)], axis=1).astype(np.float32)
    return picture.reshape(side, side, 3), uvs, np.repeat(index.reshape(-1, 1), 3, axis=1)


def merge_pictures(parts: list[Part]) -> Part:
    """Lay the parts' pictures side by side in one and move their texture coordinates along."""
    import torch

    from ..structures.texture_scene import merge_maps

    tensors: dict[int, torch.Tensor] = {}
    pictures, places, faces = [], [], []
    start = 0
    for picture, uvs, faces_uvs in parts:
        used, index = np.unique(faces_uvs, return_inverse=True)
        pictures.append(tensors.setdefault(id(picture), torch.from_numpy(np.ascontiguousarray(picture))))
        places.append(torch.from_numpy(np.clip(uvs[used], 0, 1)))
        faces.append(index.reshape(-1, 3) + start)
        start += len(used)
    merged, moved = merge_maps(pictures, places, border=0, padding_mode="border")
    return merged.numpy(), torch.cat(moved).numpy().astype(np.float32), np.concatenate(faces)


def repeat_picture(
    picture: np.ndarray,
    uvs: np.ndarray,
    faces_uvs: np.ndarray,
    wrap: tuple[Wrap, Wrap] = REPEAT,
    spent: int = 0,
) -> Part:
    """Bring texture coordinates that count beyond the edges of a picture into [0, 1].

    Each face is moved by whole numbers; where faces still reach across an edge, the picture itself goes on, and is
    made smaller where that is more than 32 megapixels, with a warning.

    Args:
        picture: (H, W, 3).
        uvs: (T, 2), v upward.
        faces_uvs: (F, 3) indices into them.
        wrap: how the picture goes on along u and v.
        spent: of the 32 megapixels.
    """
    corners = uvs[faces_uvs]
    if corners.size == 0 or (corners.min() >= -_TOLERANCE and corners.max() <= 1 + _TOLERANCE):
        return picture, np.clip(uvs, 0, 1), faces_uvs
    corners = np.stack([_moved(corners[..., axis], wrap[axis]) for axis in (0, 1)], axis=-1)
    low = np.minimum(np.floor(corners.min(axis=(0, 1)) + _TOLERANCE), 0).astype(np.float64)
    high = np.maximum(np.ceil(corners.max(axis=(0, 1)) - _TOLERANCE), 1).astype(np.float64)
    picture = _small_enough(picture, high - low, spent)
    flat = np.array([picture.shape[1] == 1, picture.shape[0] == 1])
    low, high = np.where(flat, 0, low), np.where(flat, 1, high)
    columns = _going_on(low[0], high[0], picture.shape[1], wrap[0])
    rows = picture.shape[0] - 1 - _going_on(low[1], high[1], picture.shape[0], wrap[1])[::-1]
    corners = np.clip((corners - low) / (high - low), 0, 1).astype(np.float32)
    return picture[rows][:, columns], corners.reshape(-1, 2), np.arange(3 * len(faces_uvs)).reshape(-1, 3)


def _moved(corners: np.ndarray, wrap: Wrap) -> np.ndarray:
    """Coordinates (F, 3) of faces along one axis, moved to where the picture looks the same."""
    low, high = corners.min(axis=1, keepdims=True), corners.max(axis=1, keepdims=True)
    if wrap == "clamp":
        return np.where((low >= 1) | (high <= 0), np.clip(corners, 0, 1), corners)
    period = 2 if wrap == "mirror" else 1
    moved: np.ndarray = corners - period * np.floor((low + _TOLERANCE) / period)
    return moved


def _going_on(low: float, high: float, size: int, wrap: Wrap) -> np.ndarray:
    """Which of `size` pixels are shown from coordinate `low` to `high`, both whole numbers."""
    at = np.arange(int(low) * size, int(high) * size)
    if wrap == "clamp":
        return np.clip(at, 0, size - 1)
    return (
        at % size
        if wrap == "repeat"
        else size - 1 - np.abs(at % (2 * size) - size + (at % (2 * size) < size))
    )


def _small_enough(picture: np.ndarray, tiles: np.ndarray, spent: int) -> np.ndarray:
    """A picture that may be repeated (columns, rows) times: averaged over areas where it is too large for that.

    One that is repeated more often than there may be pixels becomes its mean, which need not be repeated.
    """
    import cv2

    size = np.array([picture.shape[1], picture.shape[0]])
    most = max(min(_MOST_TILED_PIXELS - spent, _MOST_TILES**2 * size.prod()), 1)
    if tiles.prod() * size.prod() <= most:
        return picture
    small = np.maximum(size * np.sqrt(most / (tiles.prod() * size.prod())), 1).astype(int)
    if (small * tiles).prod() > most:
        small = np.ones(2, int)
    width, height = small.tolist()
    say_left_out(f"pixels: a texture of {size[0]} x {size[1]}, repeated often, becomes {width} x {height}")
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, -1)
