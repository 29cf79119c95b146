"""Numbers of held pictures of the validation split, and a sheet of some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor

from ..data.batch import Source
from ..data.problems import Problem
from ..data.readable import readable_batches
from .config import TrainConfig
from .fabric import all_objects
from .module import TrainingModule

_SHOWN = 4
_PICTURES_AT_ONCE = 64


@dataclass(frozen=True)
class Validation:
    """What one validation found.

    Attributes:
        means: over all objects that could be read, by name; empty where none could.
        sheet: a picture of a few of this process's objects, where the module makes one.
        problems: this process's objects that could not be read.
    """

    means: Mapping[str, float]
    sheet: Float[Tensor, "3 height width"] | None
    problems: tuple[Problem, ...]


def validation_entries(source: Source, config: TrainConfig) -> list[int]:
    """Positions of the objects that are looked at: spread evenly over the validation split."""
    there = [i for i, entry in enumerate(source.entries) if entry.split == "val"]
    count = min(len(there), config.val_samples)
    return [there[len(there) * i // count] for i in range(count)]


@torch.no_grad()
def validate(fabric: Fabric, module: TrainingModule, source: Source, indices: Sequence[int]) -> Validation:
    """Judge a module's best network on held pictures, of which each process takes its share.

    Args:
        fabric: device, precision and processes.
        module: knows what is measured.
        source: gives the pictures.
        indices: of its entries.
    """
    network, views = module.best_network, module.training_config.val_views
    was_training = network.training
    network.eval()
    sums: dict[str, float] = {}
    count, sheet = 0, None
    problems: list[Problem] = []
    own = indices[fabric.global_rank :: fabric.world_size]
    at_once = max(_SHOWN, _PICTURES_AT_ONCE // views)
    with fabric.autocast():
        for made, _ in readable_batches(source, own, views, at_once, fabric.device, problems):
            batch = made.to(fabric.device)
            for name, values in module.judge(network, batch).items():
                sums[name] = sums.get(name, 0.0) + float(values.double().sum())
            if count == 0:
                sheet = module.show(network, batch.first(_SHOWN))
            count += len(batch)
    network.train(was_training)
    return Validation(_means(fabric, sums, count), sheet, tuple(problems))


def _means(fabric: Fabric, sums: dict[str, float], count: int) -> dict[str, float]:
    """Means over the objects of all processes, added in their order."""
    parts = all_objects(fabric, (sums, count))
    total = sum(part for _, part in parts)
    names = dict.fromkeys(name for part, _ in parts for name in part)
    return {name: sum(part.get(name, 0.0) for part, _ in parts) / total for name in names}
