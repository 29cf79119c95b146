"""What training and evaluation read: `Batch`, and `ViewSource`, the face of everything that gives batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Entry:
    """One object of a data set, without its shape.

    Attributes:
        id: unique within the data set.
        category: word or synset of its class; empty where there is none.
        split: "train", "val" or "test".
        family: objects of one family are variants of each other and stay in one split.
        source: where the shape came from; scores of different sources are shown apart.
    """

    id: str
    category: str
    split: str
    family: str = ""
    source: str = ""


@dataclass(frozen=True)
class Batch:
    """Pictures of some objects, the same number of each, and their solid voxels.

    Attributes:
        images: RGB in [0, 1].
        voxels: solid cells, indexed (x, y, z), of the cube around the object's bounding box whose edge is the
            box's longest: the grids of R2N2's binvox files.
        index: position of each object in the source's `entries`.
        cameras: azimuth and elevation in degrees and ratio of distances of every view, as in R2N2's
            `rendering_metadata.txt`.
    """

    images: Float[Tensor, "batch view 3 height width"]
    voxels: Bool[Tensor, "batch side side side"]
    index: Int[Tensor, " batch"]
    cameras: Float[Tensor, "batch view 3"]

    def to(self, device: str | torch.device) -> "Batch":
        """Batch on another device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


@runtime_checkable
class ViewSource(Protocol):
    """Anything that gives batches: shapes drawn on the fly, or pictures on disk."""

    @property
    def entries(self) -> Sequence[Entry]:
        """All objects, of all splits, in a fixed order."""
        ...

    def view_count(self, index: int) -> int | None:
        """How many pictures there are of an object; None where any number can be made."""
        ...

    def training_batch(
        self,
        step: int,
        count: int,
        views: int,
        part: tuple[int, int] = (0, 1),
        device: str | torch.device = "cpu",
    ) -> Batch:
        """Augmented pictures of objects of the training split: a pure function of (seed, step, place in the batch).

        Args:
            step: of training, from 0.
            count: objects of the whole batch.
            views: pictures of each.
            part: (i, n): only the i-th of n equal parts of the batch, for training in several processes.
            device: where the pictures are made.
        """
        ...

    def held_batch(self, indices: Sequence[int], views: int, device: str | torch.device = "cpu") -> Batch:
        """Pictures without augmentation of the given entries, the same at every call.

        The first k of n views are the pictures of k views.
        """
        ...
