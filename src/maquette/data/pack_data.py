"""`ShapePack`: many shapes as a few flat tensors."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int32, UInt8
from torch import Tensor

from ..structures import Meshes
from ..structures.shape import Shape
from ..structures.textures_atlas import TexturesAtlas
from ..structures.voxels import VoxelGrid, coarser
from .batch import Entry

SIDE = 32  # cells along the edges of the grids of R2N2's binvox files
_BIT_ORDER = tuple(range(7, -1, -1))


@dataclass(frozen=True, eq=False)
class ShapePack:
    """Shapes in the object frame, one behind the other.

    Attributes:
        entries: one a shape; their ids differ.
        licences: words on what may be done with each shape; empty where nothing is known.
        verts: of all shapes; each shape's bounding box has its centre at 0 and a diagonal of 1.
        faces: vertices of every face, counted from the first vertex of its shape.
        parts: part of every face, counted from 0 in each shape: connected pieces of one colour, or of any
            colour where a shape has more than 64.
        colours: of every face, as a row of its shape's part of `palette`.
        palette: sRGB, 0 to 255.
        voxels: solid cells of the cube around the box whose edge is the box's longest, indexed (x, y, z), eight
            a byte, the first in the highest bit.
        vert_starts: first row of `verts` of every shape, and their number at the end.
        face_starts: the same of `faces`.
        palette_starts: the same of `palette`.
    """

    entries: tuple[Entry, ...]
    licences: tuple[str, ...]
    verts: Float[Tensor, "verts 3"]
    faces: Int32[Tensor, "faces 3"]
    parts: Int32[Tensor, " faces"]
    colours: UInt8[Tensor, " faces"]
    palette: UInt8[Tensor, "colours 3"]
    voxels: UInt8[Tensor, "shapes bytes"]
    vert_starts: Int[Tensor, " starts"]
    face_starts: Int[Tensor, " starts"]
    palette_starts: Int[Tensor, " starts"]

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def side(self) -> int:
        """Cells of the voxels along each axis."""
        return round(math.cbrt(self.voxels.shape[1] * 8))

    @cached_property
    def sides(self) -> Float[Tensor, " shapes"]:
        """Edge of the voxels' cube of every shape: the longest of its box."""
        ends = [
            (verts.amin(0), verts.amax(0)) for verts in self.verts.split(self.vert_starts.diff().tolist())
        ]
        return torch.stack([(high - low).amax() for low, high in ends]) if ends else torch.zeros(0)

    def solid(
        self, index: Int[Tensor, " batch"], side: int | None = None
    ) -> Bool[Tensor, "batch side side side"]:
        """Solid cells of the shapes at `index`, indexed (x, y, z), on the device of `index`.

        Args:
            index: of shapes.
            side: cells along an edge, of which the pack's are a multiple; all of these when not given.

        Raises:
            ValueError: they are no multiple.
        """
        packed = self.voxels[index.to(self.voxels.device)].to(index.device)
        bits = torch.tensor(_BIT_ORDER, dtype=torch.uint8, device=index.device)
        cells = (packed[..., None] >> bits) & 1
        return coarser(cells.view(torch.bool).reshape(-1, *(self.side,) * 3), side or self.side)

    def meshes(self, index: Sequence[int]) -> Meshes:
        """Shapes at `index`, without colours."""
        slices = [self._slices(i) for i in index]
        verts, faces = ([part[k] for part in slices] for k in (0, 1))
        return Meshes([self.verts[some] for some in verts], [self.faces[some].long() for some in faces])

    def shape(self, index: int) -> Shape:
        """One shape with its mesh, coloured by face, and its voxels."""
        verts, faces, colours = self._slices(index)
        rgb = self.palette[colours][self.colours[faces].long()].float() / 255
        points = self.verts[verts]
        mesh = Meshes([points], [self.faces[faces].long()], TexturesAtlas([rgb[:, None, None]]))
        side = float((points.amax(0) - points.amin(0)).max())
        grid = VoxelGrid(self.solid(torch.tensor([index])), side=side)
        entry = self.entries[index]
        return Shape(entry.id, entry.category, mesh, grid, split=entry.split)

    def select(
        self,
        sources: Collection[str] | None = None,
        categories: Collection[str] | None = None,
        keep: Callable[[Entry], bool] | None = None,
    ) -> "ShapePack":
        """The shapes of the given sources and categories (None: of all) that `keep` agrees to, in their order."""
        chosen = [
            i
            for i, entry in enumerate(self.entries)
            if (sources is None or entry.source in sources)
            and (categories is None or entry.category in categories)
            and (keep is None or keep(entry))
        ]
        return self.take(chosen)

    def take(self, indices: Sequence[int]) -> "ShapePack":
        """The shapes at `indices`, in that order."""
        slices = [self._slices(i) for i in indices]
        verts, faces, colours = zip(*slices, strict=True) if slices else ((), (), ())
        return ShapePack(
            entries=tuple(self.entries[i] for i in indices),
            licences=tuple(self.licences[i] for i in indices),
            verts=_joined(self.verts, verts),
            faces=_joined(self.faces, faces),
            parts=_joined(self.parts, faces),
            colours=_joined(self.colours, faces),
            palette=_joined(self.palette, colours),
            voxels=self.voxels[torch.tensor(indices, dtype=torch.long)],
            vert_starts=_starts(verts),
            face_starts=_starts(faces),
            palette_starts=_starts(colours),
        )

    def _slices(self, index: int) -> tuple[slice, slice, slice]:
        starts = (self.vert_starts, self.face_starts, self.palette_starts)
        verts, faces, colours = (slice(int(s[index]), int(s[index + 1])) for s in starts)
        return verts, faces, colours


def join_packs(packs: Sequence[ShapePack]) -> ShapePack:
    """One pack of the shapes of several, in their order.

    Raises:
        ValueError: no packs, an id that two of them share, or grids of different sizes.
    """
    entries = tuple(entry for pack in packs for entry in pack.entries)
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise ValueError(f"two packs have a shape {entry.id!r}")
        seen.add(entry.id)
    if len({pack.side for pack in packs}) != 1:
        raise ValueError(f"packs with voxels of one size are needed, got {[pack.side for pack in packs]}")
    tensors = ("verts", "faces", "parts", "colours", "palette", "voxels")
    starts = ("vert_starts", "face_starts", "palette_starts")
    return ShapePack(
        entries=entries,
        licences=tuple(words for pack in packs for words in pack.licences),
        **{name: torch.cat([getattr(pack, name) for pack in packs]) for name in tensors},
        **{name: starts_of(np.concatenate([_counts(pack, name) for pack in packs])) for name in starts},
    )


def starts_of(counts: np.ndarray) -> Int[Tensor, " starts"]:
    """First rows of consecutive pieces of the given lengths, and the end of the last."""
    return torch.from_numpy(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _counts(pack: ShapePack, name: str) -> np.ndarray:
    return np.diff(getattr(pack, name).numpy())


def _joined(rows: Tensor, slices: Sequence[slice]) -> Tensor:
    return torch.cat([rows[s] for s in slices]) if slices else rows[:0]


def _starts(slices: Sequence[slice]) -> Tensor:
    return starts_of(np.array([s.stop - s.start for s in slices], np.int64))
