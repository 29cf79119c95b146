"""From face corners back to vertices: the adjoint of looking up the three vertices of each face."""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import Piece, launch


@wp.kernel(enable_backward=False)
def _add_corners(
    start: int,
    faces: wp.array2d(dtype=wp.int64),
    layers: int,
    corners: wp.array4d(dtype=float),
    out: wp.array2d(dtype=float),
) -> None:
    f = start + wp.tid()
    for k in range(3):
        v = int(faces[f, k])
        for c in range(corners.shape[3]):
            total = float(0.0)
            for i in range(layers):
                total += corners[i, f, k, c]
            wp.atomic_add(out, v, c, total)


def picture_pieces(first: Int[Tensor, " mesh"], count: Int[Tensor, " mesh"]) -> list[Piece] | None:
    """Face ranges of whole meshes, one a thread of torch: no two of them share a vertex.

    None on CUDA, where nothing is cut into pieces and reading the ranges would wait for the device.
    """
    if first.device.type == "cuda":
        return None
    threads = max(1, min(torch.get_num_threads(), len(first)))
    stops = (first + count).tolist()
    cuts = [len(stops) * i // threads for i in range(1, threads + 1)]
    ends = [stops[i - 1] if i else 0 for i in cuts]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def add_corners(
    corners: Float[Tensor, "layer face 3 channel"],
    faces: Int[Tensor, "face 3"],
    verts: int,
    pieces: list[Piece] | None,
) -> Float[Tensor, "vert channel"]:
    """Sum per-corner values, over all layers, into their vertices.

    Args:
        corners: values of the three corners of each face, in one or more layers that are added up.
        faces: vertex index of each corner.
        verts: number of vertices of the result.
        pieces: on a CPU, face ranges that share no vertex, as `picture_pieces` gives them.
    """
    out = corners.new_zeros(verts, corners.shape[3])
    launch(_add_corners, len(faces), [faces, corners.shape[0], corners, out], corners.device, pieces)
    return out
