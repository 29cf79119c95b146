"""Weights and data to numbers: a voxel system on held-out pictures, under a named protocol.

A system is known only through two things: `occupancies(images, counts)` and the `views_config` its pictures are
made with.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .data.batch import Batch, Entry, ViewSource
from .data.problems import Problem
from .data.readable import readable_batches
from .data.views_config import ViewsConfig
from .io.errors import BadInput
from .metrics.average_precision import average_precision
from .metrics.controls import MeanGrid, OtherTarget, mean_grid, mean_of, other_target
from .metrics.fscore import fscore
from .metrics.log_loss import log_loss
from .metrics.protocols import EvaluationProtocol
from .metrics.voxel_iou import voxel_iou

MEASURES = ("iou", "log_loss", "average_precision", "fscore")
_PICTURES_AT_ONCE = 32
_GRIDS_A_MEAN = 200


class VoxelSystem(Protocol):
    """What a system has to have to be scored on voxels."""

    @property
    def views_config(self) -> ViewsConfig:
        """How the pictures that it was trained on are taken."""
        ...

    def occupancies(
        self, images: Float[Tensor, "batch view 3 height width"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch side side side"]:
        """Probability that each cell is solid, indexed (x, y, z), given the first n pictures for every n."""
        ...


@dataclass(frozen=True)
class Scores:
    """One number a sample for each measure, and for each threshold of the protocol's sweep."""

    iou: Float[Tensor, " sample"]
    log_loss: Float[Tensor, " sample"]
    average_precision: Float[Tensor, " sample"]
    fscore: Float[Tensor, " sample"]
    sweep: Float[Tensor, "sample threshold"]


@dataclass(frozen=True)
class Case:
    """One sample to look at.

    Attributes:
        kind: "worst", "median" or "best".
        entry: the object.
        iou: of this prediction.
        images: the pictures that the system was given.
        cameras: azimuth and elevation in degrees and ratio of distances of each.
        probability: what it made of them.
        target: true solid cells.
    """

    kind: str
    entry: Entry
    iou: float
    images: Float[Tensor, "view 3 height width"]
    cameras: Float[Tensor, "view 3"]
    probability: Float[Tensor, "side side side"]
    target: Bool[Tensor, "side side side"]


@dataclass(frozen=True)
class Evaluation:
    """Everything one evaluation measured.

    Attributes:
        protocol: what was fixed.
        split: "train", "val" or "test".
        views: numbers of pictures an object, rising; the first is what cases and controls are made with.
        entries: the samples that were scored.
        scores: of the samples in that order, by number of views.
        other: overlap with the own target against another of the category.
        mean: predictions against the mean training grid; None without training shapes of these categories.
        cases: worst, median and best samples.
        problems: samples that could not be read and count nowhere.
        seconds: all of it.
        network_seconds: of these, within the system.
    """

    protocol: EvaluationProtocol
    split: str
    views: tuple[int, ...]
    entries: tuple[Entry, ...]
    scores: dict[int, Scores]
    other: OtherTarget
    mean: MeanGrid | None
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    seconds: float
    network_seconds: float


@dataclass
class _Kept:
    """What is kept of every batch on the way."""

    places: list[int] = field(default_factory=list)
    solid: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    scores: dict[int, list[Scores]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    network_seconds: float = 0.0


@torch.inference_mode()
def evaluate(
    system: VoxelSystem,
    source: ViewSource,
    protocol: EvaluationProtocol,
    split: str = "test",
    views: Sequence[int] | None = None,
    device: str | torch.device = "cpu",
    cases: int = 4,
    seed: int = 0,
    watch: Callable[[int, str], None] | None = None,
    problems: Sequence[Problem] = (),
) -> Evaluation:
    """Score a system on one split of a source.

    Args:
        system: gives occupancies; lives on `device`.
        source: gives held pictures, made for the system's `views_config`.
        protocol: threshold, views and averaging.
        split: which entries are scored.
        views: numbers of pictures an object; the protocol's when not given. With n views a sample is given the
            first n of its pictures.
        device: where pictures are made and the measures computed.
        cases: worst, median and best samples to keep of each kind.
        seed: of the points of the F-score and of the draw of other targets.
        watch: told the number of samples done, and their mean IoU.
        problems: what had to be left out when the source was opened, to be named beside what cannot be read now.

    Raises:
        ValueError: no entries in the split, or a number of views below 1.
        BadInput: not one of them could be read.
    """
    began = time.perf_counter()
    counts = tuple(sorted(set(views or protocol.views)))
    places = [i for i, entry in enumerate(source.entries) if entry.split == split]
    if not places or counts[0] < 1:
        raise ValueError(f"nothing to evaluate: {len(places)} entries in split {split!r}, views {counts}")
    kept = _Kept(scores={n: [] for n in counts})
    at_once = max(1, _PICTURES_AT_ONCE // counts[-1])
    for batch, found in readable_batches(source, places, counts[-1], at_once, device, kept.problems):
        _score_batch(system, batch, protocol, counts, seed, kept)
        kept.places += found
        if watch:
            watch(len(kept.places) + len(kept.problems), f"IoU {_running_iou(kept, counts[0]):.3f}")
    if not kept.places:
        raise BadInput(kept.problems[0].path, kept.problems[0].reason)
    entries = tuple(source.entries[i] for i in kept.places)
    categories = [entry.category for entry in entries]
    scores = {n: _joined(kept.scores[n]) for n in counts}
    solid, targets = torch.cat(kept.solid), torch.cat(kept.targets)
    means = _training_means(source, set(categories), split)
    return Evaluation(
        protocol=protocol,
        split=split,
        views=counts,
        entries=entries,
        scores=scores,
        other=other_target(solid, targets, categories, seed),
        mean=mean_grid(solid, targets, categories, means, protocol.threshold),
        cases=_cases(system, source, kept.places, scores[counts[0]].iou, counts[0], cases, device),
        problems=(*problems, *kept.problems),
        seconds=time.perf_counter() - began,
        network_seconds=kept.network_seconds,
    )


def _score_batch(
    system: VoxelSystem,
    batch: Batch,
    protocol: EvaluationProtocol,
    counts: tuple[int, ...],
    seed: int,
    kept: _Kept,
) -> None:
    kept.targets.append(batch.voxels.cpu())
    probabilities, seconds = _timed(system, batch.images, counts)
    kept.network_seconds += seconds
    for count, probability in zip(counts, probabilities, strict=True):
        kept.scores[count].append(_score(probability, batch.voxels, protocol, seed))
        if count == counts[0]:
            kept.solid.append((probability >= protocol.threshold).cpu())


def _timed(system: VoxelSystem, images: Tensor, counts: tuple[int, ...]) -> tuple[Tensor, float]:
    began = time.perf_counter()
    probabilities = system.occupancies(images, counts).float()
    if probabilities.is_cuda:
        torch.cuda.synchronize(probabilities.device)
    return probabilities, time.perf_counter() - began


def _score(probability: Tensor, target: Tensor, protocol: EvaluationProtocol, seed: int) -> Scores:
    if not probability.is_cuda:  # other devices lack float64
        probability, target = probability.cpu(), target.cpu()
    sweep = [voxel_iou(probability, target, threshold) for threshold in protocol.sweep]
    solid = probability >= protocol.threshold
    values = [
        voxel_iou(solid, target),
        log_loss(probability, target),
        average_precision(probability, target),
        fscore(solid, target, seed=seed),
        torch.stack(sweep, dim=1) if sweep else probability.new_zeros(len(target), 0),
    ]
    return Scores(*(value.cpu() for value in values))


def _joined(parts: list[Scores]) -> Scores:
    return Scores(*(torch.cat([getattr(part, name) for part in parts]) for name in (*MEASURES, "sweep")))


def _running_iou(kept: _Kept, count: int) -> float:
    return float(torch.cat([part.iou for part in kept.scores[count]]).mean()) if kept.places else 0.0


def _training_means(source: ViewSource, categories: set[str], split: str) -> dict[str, Tensor]:
    """Mean grid of the training shapes of each category, of at most 200 that are spread over its list.

    There are none for the training split itself, whose samples would be among them.
    """
    members: dict[str, list[int]] = {}
    for i, entry in enumerate(source.entries):
        if entry.split == "train" and entry.category in categories and split != "train":
            members.setdefault(entry.category, []).append(i)
    means = {}
    for category, places in members.items():
        step = max(1, -(-len(places) // _GRIDS_A_MEAN))
        batches = readable_batches(source, places[::step], 1, _PICTURES_AT_ONCE, "cpu", [])
        grids = [batch.voxels for batch, _ in batches]
        if grids:
            means[category] = mean_of(torch.cat(grids))
    return means


def _cases(
    system: VoxelSystem,
    source: ViewSource,
    places: Sequence[int],
    iou: Tensor,
    views: int,
    count: int,
    device: str | torch.device,
) -> tuple[Case, ...]:
    """The samples at both ends and in the middle of the order of IoU, predicted once more."""
    order = iou.argsort(stable=True).tolist()
    count = min(count, len(order) // 3 or 1)
    middle = max(0, len(order) // 2 - count // 2)
    chosen = {"worst": order[:count], "median": order[middle : middle + count], "best": order[::-1][:count]}
    found = []
    for kind, samples in chosen.items():
        for sample in samples:
            batch = source.held_batch([places[sample]], views, device)
            probability = system.occupancies(batch.images, (views,)).float()[0, 0].cpu()
            entry = source.entries[places[sample]]
            here = batch.to("cpu")
            pictures, cameras, target = here.images[0], here.cameras[0], here.voxels[0]
            found.append(Case(kind, entry, float(iou[sample]), pictures, cameras, probability, target))
    return tuple(found)
