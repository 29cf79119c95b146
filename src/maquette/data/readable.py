"""Held pictures of those objects that can be read, and how many there are of each."""

from collections.abc import Iterator, Sequence

from ..io.errors import BadInput
from ..structures.device import Device
from .batch import Batch, Source
from .problems import Problem


def readable_batches(
    source: Source,
    indices: Sequence[int],
    views: int,
    at_once: int,
    device: Device,
    problems: list[Problem],
) -> Iterator[tuple[Batch, list[int]]]:
    """Batches of held pictures, with the indices of their objects; what cannot be read is left out.

    Args:
        source: gives the pictures.
        indices: of its entries.
        views: pictures of each.
        at_once: objects a batch.
        device: where the pictures are made.
        problems: gets those that cannot be read.
    """
    for start in range(0, len(indices), at_once):
        part = list(indices[start : start + at_once])
        try:
            yield source.held_batch(part, views, device), part
        except BadInput:
            yield from _one_by_one(source, part, views, device, problems)


def _one_by_one(
    source: Source, indices: list[int], views: int, device: Device, problems: list[Problem]
) -> Iterator[tuple[Batch, list[int]]]:
    for index in indices:
        try:
            yield source.held_batch([index], views, device), [index]
        except BadInput as error:
            problems.append(Problem.of(error))


def most_views(source: Source, indices: Sequence[int]) -> int | None:
    """The most pictures that one of the objects has; None where any number can be made."""
    counts = [source.view_count(index) for index in indices]
    known = [count for count in counts if count is not None]
    return max(known) if known and len(known) == len(counts) else None
