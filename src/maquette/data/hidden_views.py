"""`HiddenViews`: held pictures of a source, each once for every share of the object that something hides."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, Self, runtime_checkable

import torch

from ..structures.device import Device
from .batch import Batch, Entry, Source
from .views_config import OccluderKind

_OF_VIEWS = frozenset({"cameras", "windows", "masks", "depth", "occlusion"})


@runtime_checkable
class Hides(Source, Protocol):
    """A source that can hide a share of the object in held pictures, as `DrawnViews.hiding` does."""

    def hiding(self, share: float, kind: OccluderKind) -> Self:
        """The same with this share hidden by something of that kind."""
        ...


class HiddenViews:
    """A `Source` whose held batches have all pictures of the first share, then all of the second, and so on.

    Args:
        source: gives the pictures.
        shares: hidden of the object's visible pixels.
        kind: what hides them.
    """

    def __init__(self, source: Hides, shares: Sequence[float], kind: OccluderKind) -> None:
        self._source = source
        self._hiding = [source.hiding(share, kind) for share in shares]

    @property
    def entries(self) -> Sequence[Entry]:
        """Those of the source."""
        return self._source.entries

    @property
    def provides(self) -> frozenset[str]:
        """What the source's batches know."""
        return self._source.provides

    def view_count(self, index: int) -> int | None:
        """Of an object with one share."""
        return self._source.view_count(index)

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """The source's."""
        return self._source.training_batch(step, count, views, part, device)

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """`views` pictures for each share."""
        batches = [source.held_batch(indices, views, device) for source in self._hiding]
        first = batches[0]
        truth = {
            name: torch.cat([getattr(batch.truth, name) for batch in batches], dim=1)
            for name in _OF_VIEWS & first.truth.known
        }
        images = torch.cat([batch.images for batch in batches], dim=1)
        return replace(first, images=images, truth=replace(first.truth, **truth))


def views_of(batch: Batch, views: slice) -> Batch:
    """Some of the pictures of each object of a batch."""
    truth = {name: getattr(batch.truth, name)[:, views] for name in _OF_VIEWS & batch.truth.known}
    return replace(batch, images=batch.images[:, views], truth=replace(batch.truth, **truth))
