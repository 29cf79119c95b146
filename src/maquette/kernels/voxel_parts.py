"""Cells inside of parts of meshes, by the parity of rays along the three axes (`voxel_rays`).

Fields of bits that do not fit into memory together follow one another.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maquette.kernels import voxel_rays
from maquette.kernels.launch import Piece, even_pieces, launch

_WORDS_AT_ONCE = 1 << 22


class Parts(NamedTuple):
    """What encloses cells: closed surfaces, or open ones.

    Attributes:
        corners: (F, 3, 3) float32, finite, in cells; in order of their parts.
        part_of_face: (F,) int64; every part has a face.
        mesh_of_part: (P,) int64, ascending.
        axes_needed: (P,) int64: 2 or 3 of the axes must find a cell inside.
    """

    corners: Tensor
    part_of_face: Tensor
    mesh_of_part: Tensor
    axes_needed: Tensor


def shares(faces: int, device: torch.device) -> tuple[int, int, list[Piece] | None]:
    """Owners of layers (none on CUDA), items, and how these are spread over threads."""
    if device.type == "cuda":
        return 0, faces, None
    owners = torch.get_num_threads()
    return owners, owners, even_pieces(owners)


def fill_parts(parts: Parts, n: int, words: int, bits: Tensor) -> None:
    """Set the bits of cells that parts enclose.

    Args:
        parts: at least one.
        n: cells along each axis.
        words: of a row of cells along z.
        bits: (meshes * n * n * words,) uint32, changed in place.
    """
    table, sizes, faces = _boxes(parts, n)
    for first, last in _chunks(sizes):
        begin, end = int(faces[first]), int(faces[last])
        _fill_chunk(
            parts.corners[begin:end], parts.part_of_face[begin:end], first, table[first:last], n, words, bits
        )


def _boxes(parts: Parts, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of `voxel_rays.Part` (base left 0), words of each part's field, and where each part's faces start.

    A part without a cell centre in its bounding box gets a box without cells.
    """
    part, count = parts.part_of_face.cpu().numpy(), len(parts.mesh_of_part)
    starts = np.searchsorted(part, np.arange(count + 1))
    corners = np.ascontiguousarray(parts.corners.reshape(-1, 3).cpu().numpy().T)
    low = np.minimum.reduceat(corners, 3 * starts[:-1], axis=1).T
    high = np.maximum.reduceat(corners, 3 * starts[:-1], axis=1).T
    low = np.ceil(np.clip(low - 0.5, 0, n)).astype(np.int64)
    high = np.floor(np.clip(high - 0.5, -1, n - 1)).astype(np.int64) + 1
    size = np.maximum(high - low, 0)
    word = low[:, 2] >> 5
    length = (np.maximum(high[:, 2], low[:, 2]) >> 5) - word + 1
    mesh, needed = parts.mesh_of_part.cpu().numpy(), parts.axes_needed.cpu().numpy()
    table = np.column_stack([mesh, low[:, :2], size[:, :2], word, length, needed, np.zeros(count, np.int64)])
    return table, (size[:, 0] + 1) * (size[:, 1] + 1) * length, starts


def _chunks(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of parts whose fields fit into memory together."""
    first, total = 0, 0
    for i, size in enumerate(sizes.tolist()):
        if total and total + size > _WORDS_AT_ONCE:
            yield first, i
            first, total = i, 0
        total += size
    yield first, len(sizes)


def _fill_chunk(
    corners: Tensor, part_of_face: Tensor, first: int, table: np.ndarray, n: int, words: int, bits: Tensor
) -> None:
    device = corners.device
    length = (table[:, 3] + 1) * (table[:, 4] + 1) * table[:, 6]
    table[:, 8] = np.cumsum(length) - length
    lines = np.maximum(table[:, 3], table[:, 4]) * table[:, 6]
    meshes = np.arange(table[0, 0], table[-1, 0] + 1)
    ranges = np.column_stack([np.searchsorted(table[:, 0], meshes + k) for k in (0, 1)])

    def there(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array.astype(np.int32)).to(device)

    rows = there(table)
    flips = torch.zeros((3, int(length.sum())), dtype=torch.uint32, device=device).unbind(0)
    owners, items, pieces = shares(len(corners), device)
    inputs = [owners, n, corners.contiguous(), part_of_face.contiguous(), first, rows, *flips]
    launch(voxel_rays.cross, items, inputs, device, pieces)
    part_of_item = there(np.repeat(np.arange(len(table)), lines))
    inputs = [part_of_item, there(np.cumsum(lines) - lines), rows, *flips[:2]]
    launch(voxel_rays.scan, len(part_of_item), inputs, device)
    inputs = [n, words, int(meshes[0]), there(ranges), rows, *flips, bits]
    launch(voxel_rays.fill, len(meshes) * n * n, inputs, device)
