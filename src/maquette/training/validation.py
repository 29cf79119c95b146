"""Loss and IoU on held pictures of the validation split, and pictures of some of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..data.batch import Batch, ViewSource
from ..data.problems import Problem
from ..data.readable import readable_batches
from .config import TrainConfig
from .module import TrainingModule

Draw = Callable[..., tuple[Tensor, Tensor]]
_SHOWN = 4
_PICTURE = 96
_PICTURES_AT_ONCE = 64


@dataclass(frozen=True)
class Validation:
    """Sums over objects, so that those of several processes can be added.

    Attributes:
        sums: of the losses, of the IoUs, and number of objects.
        shown: a few objects' batch and the probabilities of their cells; None where there are none.
        problems: objects that could not be read and count nowhere.
    """

    sums: Float[Tensor, " 3"]
    shown: tuple[Batch, Float[Tensor, "batch x y z"]] | None
    problems: tuple[Problem, ...]


def validation_entries(source: ViewSource, config: TrainConfig) -> list[int]:
    """Positions of the objects that are looked at: spread evenly over the validation split."""
    there = [i for i, entry in enumerate(source.entries) if entry.split == "val"]
    count = min(len(there), config.val_samples)
    return [there[len(there) * i // count] for i in range(count)]


@torch.no_grad()
def validate(
    module: TrainingModule, network: nn.Module, source: ViewSource, indices: Sequence[int], views: int
) -> Validation:
    """Score a network on held pictures.

    Args:
        module: knows the loss.
        network: with the weights to be scored.
        source: gives the pictures.
        indices: of its entries.
        views: pictures of each.
    """
    was_training = network.training
    network.eval()
    sums = torch.zeros(3, dtype=torch.float64)
    shown = None
    problems: list[Problem] = []
    at_once = max(_SHOWN, _PICTURES_AT_ONCE // views)
    for made, _ in readable_batches(source, indices, views, at_once, module.device, problems):
        batch = made.to(module.device)
        count = len(batch.index)
        loss, iou, probability = module.score(network, batch)
        sums += torch.tensor([float(loss) * count, float(iou) * count, count], dtype=torch.float64)
        if shown is None:
            few = Batch(*(getattr(batch, name)[:_SHOWN] for name in Batch.__dataclass_fields__))
            shown = few.to("cpu"), probability[:_SHOWN].cpu()
    network.train(was_training)
    return Validation(sums, shown, tuple(problems))


def picture_of(
    batch: Batch, probability: Float[Tensor, "batch x y z"], threshold: float, draw: Draw
) -> Float[Tensor, "3 height width"]:
    """A sheet with a row for every object: its first picture, what was made of it, and the truth.

    Args:
        batch: objects, on the CPU.
        probability: of their cells, on the CPU.
        threshold: least probability of a solid cell.
        draw: gives pictures of two grids from given azimuths, an elevation and a size.
    """
    rows = []
    for i in range(len(probability)):
        image = interpolate(batch.images[i, :1].float(), (_PICTURE, _PICTURE), mode="area")[0]
        solid: Bool[Tensor, "x y z"] = probability[i] >= threshold
        azimuth, elevation = batch.cameras[i, 0, :1], float(batch.cameras[i, 0, 1])
        predicted, target = draw(solid, batch.voxels[i], azimuth, elevation, _PICTURE)
        rows.append(torch.cat([image, predicted[0], target[0]], dim=2))
    return torch.cat(rows, dim=1).clamp(0, 1)
