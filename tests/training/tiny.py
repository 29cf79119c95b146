"""The smallest system that can be trained, and data for it that cost nothing."""

from dataclasses import dataclass

import torch
from torch import nn

from maquette.data.batch import Batch, Entry, Truth, known
from maquette.io.errors import BadInput
from maquette.metrics.measure import Measure
from maquette.training.config import TrainConfig
from maquette.training.module import TrainingModule

SIDE = 4


class TinySource:
    """Pictures whose mean says how full the grid is.

    Args:
        gone_at: step at which the data cannot be read any more.
        broken: objects of which no held pictures can be made.
    """

    provides = frozenset({"voxels", "cameras"})

    def __init__(self, gone_at: int | None = None, broken: tuple[int, ...] = ()) -> None:
        self.gone_at, self.broken = gone_at, broken
        self.entries = [
            Entry(str(i), "", split) for i, split in enumerate(("train", "train", "val", "val", "test"))
        ]

    def view_count(self, index) -> None:
        """Any number."""

    def training_batch(self, step, count, views, part=(0, 1), device="cpu") -> Batch:
        if step == self.gone_at:
            raise BadInput("shapes", "has gone")
        share = count // part[1]
        return self._batch([step * count + part[0] * share + i for i in range(share)], views).to(device)

    def held_batch(self, indices, views, device="cpu") -> Batch:
        for index in indices:
            if index in self.broken:
                raise BadInput(f"{index}.png", "is broken")
        return self._batch([-1 - i for i in indices], views).to(device)

    def _batch(self, seeds, views) -> Batch:
        chances = [torch.Generator().manual_seed(seed + 10_000) for seed in seeds]
        full = torch.stack([torch.rand((), generator=chance) for chance in chances])
        images = full.view(-1, 1, 1, 1, 1).expand(-1, views, 3, 2, 2)
        cells = torch.stack([torch.rand(SIDE, SIDE, SIDE, generator=chance) for chance in chances])
        truth = Truth(voxels=cells < full.view(-1, 1, 1, 1), cameras=torch.zeros(len(seeds), views, 3))
        return Batch(images, torch.tensor(seeds), truth)


class TinyTraining(TrainingModule):
    """Occupancy as a linear function of brightness."""

    needs = frozenset({"voxels"})
    goal = Measure("iou", "IoU")

    def __init__(self, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)
        super().__init__(nn.Linear(1, SIDE**3), config)

    def step(self, batch, update):
        numbers = self._score(self.network, batch)
        loss = numbers["loss"].mean()
        update("network", loss)
        return {"loss": loss, "iou": numbers["iou"].mean()}

    def judge(self, network, batch):
        return self._score(network, batch)

    def show(self, network, batch):
        return torch.full((3, 8, 8 * len(batch)), 0.5)

    def _score(self, network, batch):
        logits = network(batch.images.mean((1, 2, 3, 4))[:, None]).float()
        target = known(batch.truth.voxels).flatten(1)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, target.float(), reduction="none")
        return {"loss": loss.mean(1), "iou": ((logits.detach() > 0) == target).float().mean(1)}

    def save_weights(self, path, network, about) -> None:
        raise NotImplementedError


@dataclass
class Said:
    """What a run said."""

    lines: list[str]

    def __call__(self, line: str) -> None:
        self.lines.append(line)
