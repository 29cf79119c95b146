"""Weights and data to numbers: a system on held-out samples, under a named protocol that knows what is measured."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .data.batch import Entry, Source, check_provided
from .data.problems import Problem
from .data.readable import readable_batches
from .io.errors import BadInput
from .metrics.protocols.face import Case, Clock, EvaluationProtocol, Row
from .structures.device import make_device

_PICTURES_AT_ONCE = 32


@dataclass(frozen=True)
class Evaluation:
    """Everything one evaluation measured.

    Attributes:
        protocol: what was fixed.
        split: "train", "val" or "test".
        views: numbers of pictures an object, rising; the first is what cases are made with.
        entries: the samples that were scored.
        rows: of the samples in that order, by number of views.
        beyond: what the protocol measures of all samples at once, as JSON can hold it.
        cases: worst, median and best samples.
        problems: samples that could not be read and count nowhere.
        seconds: all of it.
        system_seconds: of these, within the system.
    """

    protocol: EvaluationProtocol[Any]
    split: str
    views: tuple[int, ...]
    entries: tuple[Entry, ...]
    rows: Mapping[int, tuple[Row, ...]]
    beyond: Mapping[str, Any]
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    seconds: float
    system_seconds: float

    def values(self, views: int, measure: str) -> list[float]:
        """A measure of all samples, with a number of views."""
        return [row.values[measure] for row in self.rows[views]]


@torch.inference_mode()
def evaluate(
    system: Any,
    source: Source,
    protocol: EvaluationProtocol[Any],
    split: str = "test",
    views: Sequence[int] | None = None,
    device: str | torch.device = "auto",
    cases: int = 4,
    seed: int = 0,
    watch: Callable[[int, str], None] | None = None,
    problems: Sequence[Problem] = (),
) -> Evaluation:
    """Score a system on one split of a source.

    Args:
        system: what the protocol can score.
        source: gives held pictures, made as the system is used to, and knows what the protocol needs.
        protocol: what is measured.
        split: which entries are scored.
        views: numbers of pictures an object; the protocol's when not given. With n views a sample is given the
            first n of its pictures.
        device: where pictures are made and the measures computed; "auto" is CUDA where there is a GPU for it, else
            the CPU.
        cases: worst, median and best samples to keep of each kind.
        seed: of what the measures draw.
        watch: told the number of samples done, and the mean of their headline.
        problems: what had to be left out when the source was opened, to be named beside what cannot be read now.

    Raises:
        ValueError: no entries in the split, a number of views below 1, or data without what is needed.
        BadInput: not one of them could be read.
    """
    began = time.perf_counter()
    protocol = protocol.opened()
    counts = tuple(sorted(set(views or protocol.views)))
    places = [i for i, entry in enumerate(source.entries) if entry.split == split]
    if not places or counts[0] < 1:
        raise ValueError(f"nothing to evaluate: {len(places)} entries in split {split!r}, views {counts}")
    check_provided(protocol.needs, source)
    source = protocol.prepared(source)
    rows: dict[int, list[Row]] = {count: [] for count in counts}
    found: list[int] = []
    unreadable: list[Problem] = []
    device = make_device(device)
    clock = Clock(device)
    at_once = max(1, _PICTURES_AT_ONCE // counts[-1])
    for batch, here in readable_batches(source, places, counts[-1], at_once, device, unreadable):
        entries = [source.entries[i] for i in here]
        for row in protocol.rows(system, batch, entries, counts, seed, clock):
            rows[row.views].append(row)
        found += here
        if watch:
            watch(len(found) + len(unreadable), _running(protocol, rows[counts[0]]))
    if not found:
        raise BadInput(unreadable[0].path, unreadable[0].reason)
    whole = {count: tuple(protocol.together(some)) for count, some in rows.items()}
    first = whole[counts[0]]
    return Evaluation(
        protocol=protocol,
        split=split,
        views=counts,
        entries=tuple(source.entries[i] for i in found),
        rows=whole,
        beyond=protocol.beyond(first, source, split, seed),
        cases=tuple(_cases(system, source, protocol, found, first, cases, device)),
        problems=(*problems, *unreadable),
        seconds=time.perf_counter() - began,
        system_seconds=clock.seconds,
    )


def _running(protocol: EvaluationProtocol[Any], rows: Sequence[Row]) -> str:
    """The mean of the headline so far, where it is a mean of samples."""
    headline = protocol.headline
    values = [row.values[headline.name] for row in rows if headline.name in row.values]
    return f"{headline.label} {headline.text(sum(values) / len(values))}" if values else ""


def _cases(
    system: Any,
    source: Source,
    protocol: EvaluationProtocol[Any],
    places: Sequence[int],
    rows: Sequence[Row],
    count: int,
    device: str | torch.device,
) -> Iterator[Case]:
    """The samples at both ends and in the middle of the order of the protocol's ranking, predicted once more."""
    name = protocol.ranking.name
    values = [row.values.get(name, 0.0) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: values[i])
    if not protocol.ranking.higher:
        order.reverse()
    count = min(count, len(order) // 3 or 1)
    middle = max(0, len(order) // 2 - count // 2)
    chosen = {"worst": order[:count], "median": order[middle : middle + count], "best": order[::-1][:count]}
    for kind, samples in chosen.items():
        for sample in samples:
            batch = source.held_batch([places[sample]], rows[sample].views, device)
            made = protocol.predict_again(system, batch, rows[sample])
            yield Case(kind, rows[sample].entry, values[sample], batch.to("cpu"), made)
