"""What people do with a memory: look at what is there, put shapes of their own into it, take some out."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...nn.memory import EMPTY, ShapeMemory, solid_cells
from ...structures.voxel_bits import unpack_voxels
from ..remembered import Placed, Recollection, Remembered


def held(memory: ShapeMemory, slots: Int[Tensor, " slot"] | None = None) -> list[Remembered]:
    """What is known of the shapes in some slots; in all that are not empty when not given."""
    if slots is None:
        slots = (memory.ages >= 0).nonzero()[:, 0]
    cells = solid_cells(memory.values[slots]).long() if len(slots) else slots
    rows = zip(*(x.tolist() for x in (slots, memory.shapes[slots], memory.ages[slots], cells)), strict=True)
    return [
        Remembered(slot, memory.ids[number] if 0 <= number < len(memory.ids) else None, age, solid)
        for slot, number, age, solid in rows
    ]


def recollect(
    memory: ShapeMemory,
    key: Float[Tensor, " feature"],
    count: int,
    pictures: Float[Tensor, "view 3 size size"],
) -> Recollection:
    """The shapes whose keys are most similar, at most `count`, of those that the network would read.

    Args:
        memory: is read.
        key: of any length.
        count: from 1.
        pictures: that the key is of.
    """
    read = memory.read(key[None], count)
    found = read.found[0]
    slots = read.slot[0, found]
    similar = read.similarity[0, found].tolist()
    shapes = [
        Remembered(one.slot, one.id, one.age, one.cells, round(cosine, 4))
        for one, cosine in zip(held(memory, slots), similar, strict=True)
    ]
    return Recollection(shapes, unpack_voxels(memory.values[slots], memory.side), pictures)


def place(
    memory: ShapeMemory,
    keys: Float[Tensor, "shape feature"],
    grids: Bool[Tensor, "shape x y z"],
    ids: Sequence[str],
) -> Placed:
    """Write shapes, each into a slot of its own: an empty one, or that of the oldest shape.

    `ShapeMemory.write`, but for one thing: a shape that is like the nearest one does not become part of it, because
    who adds a shape wants to find it again.

    Args:
        memory: is changed.
        keys: of any length but 0.
        grids: solid cells.
        ids: what the shapes are called; one that is known already counts as the same shape.

    Raises:
        ValueError: more shapes than slots.
    """
    if len(ids) > len(memory.ages):
        raise ValueError(f"{len(ids)} shapes do not fit into {len(memory.ages)} slots")
    before = {one.slot: one for one in held(memory)}
    memory.ids = tuple(dict.fromkeys((*memory.ids, *ids)))
    number = {id: i for i, id in enumerate(memory.ids)}
    numbers = torch.tensor([number[id] for id in ids], device=memory.ages.device)
    slots = memory.write(keys, grids, numbers, merge=False).slot
    replaced = [before[slot] for slot in slots.tolist() if slot in before]
    return Placed(held(memory, slots), replaced)


def forget(memory: ShapeMemory, slots: Sequence[int]) -> None:
    """Empty some slots."""
    index = torch.tensor(slots, dtype=torch.int64, device=memory.ages.device)
    for buffer, empty in (
        (memory.keys, 0), (memory.values, 0), (memory.ages, EMPTY), (memory.shapes, EMPTY)
    ):  # fmt: skip
        buffer.index_fill_(0, index, empty)
