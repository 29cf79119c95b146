"""`ShapeMemory`: shapes that a network remembers, found again by features of pictures (Mem3D, CVPR 2021)."""

from contextlib import nullcontext
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor, nn
from torch.nn.functional import normalize

from ..kernels.shared_bits import ROW_BYTES, shared_bits
from ..structures.voxel_bits import pack_voxels, unpack_voxels

EMPTY = -1  # age of a slot that nothing was written into, and number of a shape that is not known
_LEVEL, _RIVALS = (
    1e-5,
    8,
)  # similarities that differ by less are equal; how many of the equal ones are looked at
Likeness = Literal["squares", "iou"]


class Recalled(NamedTuple):
    """What a memory knows of some features, the most similar first; where it knows less, rows end with `found` False.

    Attributes:
        similarity: cosines of features and keys.
        slot: where it lies.
        grids: 1 in solid cells; all 0 where nothing was found.
        found: whether there is one.
    """

    similarity: Float[Tensor, "batch k"]
    slot: Int[Tensor, "batch k"]
    grids: Float[Tensor, "batch k x y z"]
    found: Bool[Tensor, "batch k"]


class Written(NamedTuple):
    """What became of pairs that were written.

    Attributes:
        slot: where each went.
        matched: its slot held such a shape already, whose key alone moved.
        replaced: its slot held another shape, which is forgotten.
    """

    slot: Int[Tensor, " batch"]
    matched: Bool[Tensor, " batch"]
    replaced: Bool[Tensor, " batch"]


class ShapeMemory(nn.Module):
    """Pairs of a key and the voxels of a shape, each with its age; written in training, read at any time.

    All state is in buffers, which no gradient reaches. A slot's age is the number of pairs that were written since it
    last took one.

    Args:
        slots: how many shapes it can hold.
        features: numbers a key.
        side: cells along the edges of the shapes' grids.
        delta: least likeness of two shapes that count as one when a pair is written.
        beta: similarity that a key must exceed to be read.
        likeness: of shapes: "squares", one minus the mean squared difference of their cells, as published; "iou".

    Attributes:
        keys: of unit length.
        values: grids with eight cells a byte.
        ages: -1 where a slot is empty.
        shapes: number of the shape in each slot; -1 where that is not known.
        ids: names of the shapes by these numbers, where they are known; no part of the state.

    Raises:
        ValueError: a number out of its range.
    """

    keys: Float[Tensor, "slot feature"]
    values: UInt8[Tensor, "slot byte"]
    ages: Int[Tensor, " slot"]
    shapes: Int[Tensor, " slot"]

    def __init__(
        self,
        slots: int = 4000,
        features: int = 12544,
        side: int = 32,
        delta: float = 0.9,
        beta: float = 0.85,
        likeness: Likeness = "squares",
    ) -> None:
        super().__init__()
        if slots < 1 or features < 1:
            raise ValueError(f"slots and features must be positive, got {slots} and {features}")
        if side < 1 or side**3 % (8 * ROW_BYTES):
            raise ValueError(f"grids of {side}^3 cells cannot be packed: use a multiple of 16")
        if not 0 <= delta <= 1 or not -1 <= beta <= 1:
            raise ValueError(f"delta must lie in [0, 1] and beta in [-1, 1], got {delta} and {beta}")
        self.ids: tuple[str, ...] = ()
        self.side, self.delta, self.beta, self.likeness = side, delta, beta, likeness
        self.register_buffer("keys", torch.zeros(slots, features))
        self.register_buffer("values", torch.zeros(slots, side**3 // 8, dtype=torch.uint8))
        self.register_buffer("ages", torch.full((slots,), EMPTY))
        self.register_buffer("shapes", torch.full((slots,), EMPTY))

    def __len__(self) -> int:
        """Slots that hold a shape."""
        return int((self.ages >= 0).sum())

    def read(
        self,
        features: Float[Tensor, "batch feature"],
        k: int,
        without: Int[Tensor, " batch"] | None = None,
    ) -> Recalled:
        """The shapes whose keys are most similar, of those more similar than `beta`.

        Gradients reach the features by way of the similarities.

        Args:
            features: of any length.
            k: shapes to read for each at most.
            without: number of a shape of which each is told nothing; -1 for none.

        Returns:
            at most as many as there are slots.
        """
        similarity = self.similarities(features)
        known = (self.ages >= 0) & (similarity > self.beta)
        if without is not None:
            known &= (self.shapes != without[:, None]) | (self.shapes == EMPTY)
        ranked = similarity.detach().masked_fill(~known, -torch.inf)
        slot = ranked.topk(min(k, len(self.ages)), dim=1).indices
        found = known.gather(1, slot)
        values = self.values[slot.flatten()] * found.view(-1, 1)
        grids = unpack_voxels(values, self.side, similarity.dtype).unflatten(0, slot.shape)
        return Recalled(similarity.gather(1, slot), slot, grids, found)

    def similarities(self, features: Float[Tensor, "batch feature"]) -> Float[Tensor, "batch slot"]:
        """Cosines of features and the keys of all slots; 0 of empty ones."""
        kind = features.device.type
        lowered = kind != "meta" and torch.is_autocast_enabled(kind)
        with (
            torch.autocast(kind, enabled=False) if lowered else nullcontext()
        ):  # halves cannot tell keys apart
            return normalize(features.float()) @ self.keys.t()

    def likenesses(self, grids: Bool[Tensor, "batch x y z"]) -> Float[Tensor, "batch slot"]:
        """How like the shape in every slot some shapes are, 0 to 1; empty slots hold a shape without solid cells."""
        return self._alike(pack_voxels(grids), self.values)

    @torch.no_grad()
    def write(
        self,
        features: Float[Tensor, "batch feature"],
        grids: Bool[Tensor, "batch x y z"],
        shapes: Int[Tensor, " batch"] | None = None,
        merge: bool = True,
    ) -> Written:
        """Remember pairs, one after another: one call with many does the same as many with one.

        Where the shape under the nearest key is alike (`delta`), that key becomes the direction of its sum with the
        feature, and the shape is kept; of equally near keys the one is meant whose shape is most alike. Else the pair
        goes into the first empty slot, or the one that is oldest (the first of those). Its age is then 0, and all
        others' have grown by one (Eqs. 4 to 8).

        Args:
            features: of any length but 0.
            grids: solid cells.
            shapes: number of each shape, where it is known.
            merge: whether shapes that are alike become one; else every pair takes a slot of its own.
        """
        if shapes is None:
            shapes = torch.full((len(features),), EMPTY, device=self.ages.device)
        keys, values = normalize(features.float()), pack_voxels(grids)
        written = [self._write(*pair, merge) for pair in zip(keys, values, shapes, strict=True)]
        return Written(*(torch.stack(what) for what in zip(*written, strict=True)))

    def _write(self, key: Tensor, value: Tensor, shape: Tensor, merge: bool) -> tuple[Tensor, Tensor, Tensor]:
        """One pair; its slot, and whether that was matched or replaced. Never waits for a GPU."""
        nearest, alike = self._nearest(key, value)
        matched = (alike >= self.delta) & (self.ages[nearest] >= 0) & merge
        oldest = self.ages.masked_fill(self.ages < 0, torch.iinfo(torch.int64).max).argmax()[None]
        slot = torch.where(matched, nearest, oldest)
        replaced = ~matched & (self.ages[slot] >= 0)
        moved = normalize(key + self.keys[nearest])
        self.keys.index_copy_(0, slot, torch.where(matched[:, None], moved, key))
        self.values.index_copy_(0, slot, torch.where(matched[:, None], self.values[nearest], value))
        self.shapes.index_copy_(0, slot, torch.where(matched, self.shapes[nearest], shape))
        self.ages += self.ages >= 0
        self.ages.index_fill_(0, slot, 0)
        return slot[0], matched[0], replaced[0]

    def _nearest(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """The slot of the nearest key, of equally near ones that of the most alike shape, and how alike that is."""
        similar = (self.keys @ key).masked_fill(self.ages < 0, -torch.inf)
        level = similar >= similar.amax() - _LEVEL
        first = (
            torch.arange(len(level), 0, -1, device=level.device) * level
        )  # those on the level in their order, then others
        rivals = first.topk(min(_RIVALS, len(level))).indices
        alike = self._alike(value[None], self.values[rivals])[0].masked_fill(~level[rivals], -1)
        best = alike.argmax()[None]
        return rivals[best], alike[best]

    def _alike(self, a: UInt8[Tensor, "n byte"], b: UInt8[Tensor, "m byte"]) -> Float[Tensor, "n m"]:
        """Likeness of all pairs of packed shapes."""
        shared = shared_bits(a, b).double()
        either = solid_cells(a)[:, None] + solid_cells(b) - shared
        if self.likeness == "iou":
            return shared / either.clamp(min=1)
        return 1 - (either - shared) / self.side**3


def solid_cells(values: UInt8[Tensor, "n byte"]) -> Float[Tensor, " n"]:
    """Number of solid cells of packed shapes."""
    every = torch.full_like(values[:1], 255)
    return shared_bits(every, values)[0].double()
