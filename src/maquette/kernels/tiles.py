"""Which faces a patch of a picture has to look at.

A rasterization item is one tile of one picture. On a CPU a tile is a whole picture, or a band of it when
there are fewer pictures than threads, and an item walks over all faces of its mesh: nothing has to be
sorted. On CUDA tiles are small, so that there are enough items, and the faces that may touch each tile are
listed beforehand.
"""

from dataclasses import dataclass

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import Piece

_CUDA_TILE = 8
_BANDS_PER_THREAD = 4


@dataclass(frozen=True)
class Tiles:
    """A grid of `down` x `across` tiles of `height` x `width` pixels on each of `pictures` pictures.

    `faces` lists face numbers tile by tile and tile i owns `faces[first[i]:first[i + 1]]`; both are empty
    where every tile looks at all faces of its mesh.
    """

    pictures: int
    height: int
    width: int
    down: int
    across: int
    faces: Int[Tensor, " listed"]
    first: Int[Tensor, " tiles_plus_1"]

    @property
    def count(self) -> int:
        return self.pictures * self.down * self.across

    @property
    def pieces(self) -> list[Piece] | None:
        """What may run side by side on a CPU: single bands, or pictures shared out evenly."""
        if self.down > 1:
            return [(i, i + 1) for i in range(self.count)]
        return None


@wp.struct
class Patch:
    """What an item draws: the pixels of a tile, first (row, column), of a picture.

    It looks at faces `begin` to `end`, or at as many entries of the list of faces where tiles have one.
    """

    picture: int
    row: int
    column: int
    begin: int
    end: int
    listed: bool


@wp.func
def patch(
    item: int,
    tile_height: int,
    tile_width: int,
    down: int,
    across: int,
    tile_first: wp.array(dtype=wp.int32),
    mesh_first: wp.array(dtype=wp.int64),
    mesh_count: wp.array(dtype=wp.int64),
) -> Patch:
    """The patch of an item."""
    out = Patch()
    out.picture = item // (down * across)
    out.row = (item // across) % down * tile_height
    out.column = item % across * tile_width
    out.listed = tile_first.shape[0] > 0
    if out.listed:
        out.begin = tile_first[item]
        out.end = tile_first[item + 1]
    else:
        out.begin = int(mesh_first[out.picture])
        out.end = out.begin + int(mesh_count[out.picture])
    return out


def tiles_for(
    verts: Float[Tensor, "vert 3"],
    faces: Int[Tensor, "face 3"],
    face_to_picture: Int[Tensor, " face"],
    pictures: int,
    image_size: tuple[int, int],
    blur_radius: float,
) -> Tiles:
    """Tiles that suit the device; faces reach a squared NDC distance of `blur_radius` beyond their outline."""
    if verts.device.type == "cuda":
        return binned_tiles(verts, faces, face_to_picture, pictures, image_size, blur_radius**0.5)
    return whole_tiles(pictures, image_size, verts.device)


def whole_tiles(pictures: int, image_size: tuple[int, int], device: torch.device) -> Tiles:
    """Tiles for a CPU: pictures, or bands of pictures."""
    height, width = image_size
    threads = torch.get_num_threads()
    bands = 1 if pictures >= threads or threads == 1 else min(height, threads * _BANDS_PER_THREAD)
    band = -(-height // bands)
    none = torch.empty(0, dtype=torch.int32, device=device)
    return Tiles(pictures, band, width, -(-height // band), 1, none, none)


def binned_tiles(
    verts: Float[Tensor, "vert 3"],
    faces: Int[Tensor, "face 3"],
    face_to_picture: Int[Tensor, " face"],
    pictures: int,
    image_size: tuple[int, int],
    margin: float,
    tile: int = _CUDA_TILE,
) -> Tiles:
    """Small tiles with a list of the faces whose bounding box, grown by `margin` (NDC), touches each.

    Within a tile the faces keep their order, so the result does not depend on how the lists were made.
    """
    height, width = image_size
    down, across = -(-height // tile), -(-width // tile)
    corners = verts[faces][..., :2]
    low, high = corners.amin(dim=1) - margin, corners.amax(dim=1) + margin
    x0, x1 = _tile_range(low[:, 0], high[:, 0], width, height, tile, across)
    y0, y1 = _tile_range(low[:, 1], high[:, 1], height, width, tile, down)
    wide, tall = (x1 - x0).clamp(min=0), (y1 - y0).clamp(min=0)
    each = wide * tall
    face = torch.repeat_interleave(torch.arange(len(faces), device=verts.device), each)
    start = torch.cumsum(each, 0) - each
    within = torch.arange(len(face), device=verts.device) - start[face]
    row, column = y0[face] + within // wide[face], x0[face] + within % wide[face]
    owner = (face_to_picture[face] * down + row) * across + column
    order = torch.argsort(owner, stable=True)
    counts = torch.bincount(owner, minlength=pictures * down * across)
    first = torch.nn.functional.pad(torch.cumsum(counts, 0), (1, 0))
    return Tiles(pictures, tile, tile, down, across, face[order].int(), first.int())


def _tile_range(
    low: Float[Tensor, " face"], high: Float[Tensor, " face"], size: int, other: int, tile: int, tiles: int
) -> tuple[Tensor, Tensor]:
    """Tiles [first, stop) along one axis; NDC falls as pixel indices rise."""
    half = max(size / other, 1.0)
    first = torch.nan_to_num((1 - high / half) * size / 2 - 1).clamp(-1, size)
    stop = torch.nan_to_num((1 - low / half) * size / 2 + 1).clamp(-1, size)
    return (first.floor().long() // tile).clamp(0, tiles), (stop.ceil().long() // tile + 1).clamp(0, tiles)
