"""Cells inside of parts of meshes, by the parity of rays along the three axes (`voxel_rays`).

Fields of bits that do not fit into memory together follow one another.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maquette.kernels import voxel_rays
from maquette.kernels.launch import even_pieces, launch

_WORDS_AT_ONCE = 1 << 22
_WORDS_OF_COPIES = 1 << 25
_LEAST = 1 << 13  # rays or rows for which a second thread is worth its waking


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
    """Rows of `voxel_rays.SolidPart` (base left 0), words of each part's field, and where each part's faces start.

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


def _copies(words: int, device: torch.device) -> int:
    """How many threads have copies of the fields: one on CUDA, or where more would not fit into memory."""
    copies = 1 if device.type == "cuda" else min(torch.get_num_threads(), _WORDS_OF_COPIES // max(words, 1))
    return max(copies, 1)


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
    total = int(length.sum())
    faces, copies = len(corners), _copies(3 * total, device)
    faces_each = -(-faces // copies)
    pieces = [(start, min(start + faces_each, faces)) for start in range(0, faces, faces_each)]
    fields = torch.zeros((3, copies, total), dtype=torch.int32, device=device)
    flips = [field.view(torch.uint32) for field in fields]
    inputs = [faces_each, n, corners.contiguous(), part_of_face.contiguous(), first, rows, *flips]
    launch(voxel_rays.cross, faces, inputs, device, pieces)
    for copy in range(1, copies):
        fields[:, 0] ^= fields[:, copy]
    flips = [field[0] for field in flips]
    part_of_item = there(np.repeat(np.arange(len(table)), lines))
    inputs = [part_of_item, there(np.cumsum(lines) - lines), rows, *flips[:2]]
    launch(voxel_rays.scan, len(part_of_item), inputs, device, even_pieces(len(part_of_item), _LEAST))
    inputs = [n, words, int(meshes[0]), there(ranges), rows, *flips, bits]
    launch(voxel_rays.fill, len(meshes) * n * n, inputs, device, even_pieces(len(meshes) * n * n, _LEAST))
